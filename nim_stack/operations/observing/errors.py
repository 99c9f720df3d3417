"""Why a cluster or a file could not be read."""

from nim_stack.base.errors import InputError, UnreadableError


class ClusterUnreachableError(UnreadableError):
    """The cluster cannot be asked at all: no kubeconfig, no connection, or credentials that it does not know."""


class SnapshotError(InputError):
    """The file is not a snapshot that this version can read."""


class CannotReadError(UnreadableError):
    """One request was refused or failed; others may go through."""
