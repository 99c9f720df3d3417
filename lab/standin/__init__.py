"""The lab's stand-in for the Kubernetes resource plugin: what it does, and does not, is in README.md."""
