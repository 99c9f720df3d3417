"""Rows on `nim-stack impact`: what it says of a change, against what the cluster did."""
