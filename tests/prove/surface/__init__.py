"""Rows on storage, secrets, scale and rollout as a user sets them."""
