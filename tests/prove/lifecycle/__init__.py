"""Rows on the life of a deployment after its first `up`, while clients ask."""
