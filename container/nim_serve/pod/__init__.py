"""The first process of a pod: the loop that does what `decide` decides, for a leader and for a worker.

It may use every other room.
"""
