"""Why a snapshot could not be read."""

from nim_stack.base.errors import InputError


class SnapshotError(InputError):
    """The file is not a snapshot that this version can read."""
