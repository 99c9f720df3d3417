"""What a pod is told: variables, arguments and paths of NIM 2.x, read into one value, or refused.

It may use nothing of this package but `system`.
"""
