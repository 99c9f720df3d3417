"""Rows on `nim-stack recover`: the engine is killed at any moment, and the next run converges."""
