"""What follows from settings and catalogue: split, memory, traffic, deadlines, and the reasons for what was not given.

It may use `base`, `values`, `catalog` and `settings`. It makes no Kubernetes object and refuses nothing: that is the
work of `manifests` and `rules`.
"""
