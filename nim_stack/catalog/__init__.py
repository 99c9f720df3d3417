"""What is known of models, GPU types, fabrics and images: typed data, read from `config/`, each figure with its source.

It may use `base` and `values`. It computes nothing: what follows from a figure is in `deployment`.
"""
