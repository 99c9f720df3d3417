"""Pure builders of Kubernetes objects: typed values in, dicts out, no Pulumi."""
