"""Why a deployment does not serve: known failures as functions of a snapshot.

It may use `observing`, and asks no cluster itself.
"""
