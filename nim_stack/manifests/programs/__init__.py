"""What runs inside helper pods.

Each file is put into a container as it is, so it imports the standard library alone.
"""
