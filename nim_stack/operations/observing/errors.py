"""Why a cluster or a file could not be read."""


class UnreadableError(Exception):
    """Nothing can be said, because there is nothing to judge."""


class ClusterUnreachableError(UnreadableError):
    """The cluster cannot be asked at all: no kubeconfig, no connection, or credentials that it does not know."""


class SnapshotError(UnreadableError):
    """The file is not a snapshot that this version can read."""


class CannotReadError(Exception):
    """One request was refused or failed; others may go through."""
