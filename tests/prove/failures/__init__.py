"""Rows on `nim-stack diagnose`: a failure is provoked for real, and named."""
