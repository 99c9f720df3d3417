"""Rows on `nim-stack doctor`: a defect is planted in a real cluster, and its check finds it."""
