"""Pulumi components, one a file. They register resources and hold no knowledge of their own about manifests."""
