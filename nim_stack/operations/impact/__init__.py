"""What a preview would do: GPUs, groups that roll, what is lost, and whether a person should agree first.

Reads `pulumi preview --json` and knows nothing else: no cluster, no state, no Pulumi.
"""
