"""The model on disk: where it is, who downloads it, and the process that downloads.

It may use `contract` and `system`.
"""
