"""The release of LeaderWorkerSet: fetched, pinned by its digest, and read into single objects.

It may use `base`, `values`, `catalog`, `settings` and `manifests`. It touches no cluster.
"""
