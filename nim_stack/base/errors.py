"""The tree of errors: whoever catches `NimStackError` catches everything that this package raises on purpose.

The kinds are here, each with the exit code of the command that ends by it. An error that one room alone raises stands
in that room, below its kind.
"""

from typing import ClassVar


class NimStackError(Exception):
    """Something that the package cannot do; the message says what and why, for the person who asked for it."""

    exit_code: ClassVar[int] = 2
    """Of a command that ends by it. 1: what was given is refused; 2: something could not be read or asked."""


class UnreadableError(NimStackError):
    """There is nothing to judge, since what should be read cannot be."""


class InputError(UnreadableError, ValueError):
    """A file, or an option of the command line, is not there or is not of the form that it must have."""


class CatalogError(InputError):
    """An entry of the catalogue cannot be read; the message names the file and the field."""


class ReleaseError(InputError):
    """The manifest of a release of LeaderWorkerSet cannot be fetched or is not what the settings pin."""


class ClusterUnreachableError(UnreadableError):
    """The cluster cannot be asked at all: no kubeconfig, no connection, or credentials that it does not know."""


class EngineError(UnreadableError):
    """The command `pulumi` is not there, or refuses."""


class CannotReadError(UnreadableError):
    """One request was refused or failed; others may succeed."""


class RegistryError(NimStackError):
    """The judges of a package are not what its registry may hold: a code is given twice, or a code has no judge."""
