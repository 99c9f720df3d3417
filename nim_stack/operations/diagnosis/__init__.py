"""Why a deployment does not serve: known failures as functions of a snapshot.

It may use `observing`, and asks no cluster itself. A module with a failure in it is found by the registry, without
being named anywhere; its place in the order of reporting is in `failure`.
"""
