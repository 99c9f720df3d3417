"""Why a snapshot could not be read."""

from nim_stack.operations.cluster.errors import UnreadableError


class SnapshotError(UnreadableError):
    """The file is not a snapshot that this version can read."""
