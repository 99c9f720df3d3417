"""Whether a cluster can take a deployment, before anything is created: read-only, against the plan, but for the
all-reduce that it can be asked to run.

It may use `observing` and `diagnosis`. A module with a check in it is found by the registry, without being named
anywhere; its place in the order of reporting is in `check`.
"""
