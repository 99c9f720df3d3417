"""The lab's stand-in for the Kubernetes resource plugin: what it does, and does not, is in README.md."""

VERSION = "4.34.2"  # of the official plugin whose answers were recorded; the engine compares it with the SDK's
