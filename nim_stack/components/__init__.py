"""Pulumi components, one a file. They register resources and hold no knowledge of their own about manifests.

They may use every room below them. `stack_config` is the only reader of `pulumi.Config`.
"""
