"""The embedded cluster: a real Kubernetes with two nodes on one machine, built from package registries only."""
