"""The error of everything that is read from a project, and of options that say which project and stack."""

from nim_stack.base.errors import InputError
from nim_stack.base.problems import Place


class StackFileError(InputError):
    """A file of a Pulumi project is not there or cannot be read, or options do not go together."""

    def __init__(self, what: str, place: Place | None = None) -> None:
        """
        Args:
            what: what is wrong, for the person who asked.
            place: where it stands in the file; None where it is about no line.
        """
        super().__init__(f"{place}: {what}" if place else what)
        self.place = place
