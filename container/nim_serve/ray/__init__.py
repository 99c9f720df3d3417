"""One Ray node: how it is started, and who else is in its cluster.

It may use `contract`, `system` and `decide`.
"""
