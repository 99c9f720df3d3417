"""Pure builders of Kubernetes objects: typed values in, mappings out.

They may use `base`, `values`, `catalog`, `settings` and `deployment`, and neither Pulumi nor a cluster.
"""
