"""What a preview would do: GPUs, groups that roll, what is lost, and whether a person should agree first.

It may use the rooms below `operations` alone: it reads `pulumi preview --json`, and knows no cluster and no state.
"""
