"""Shell text of a page as the commands that a shell would run, in their order."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.unit.docs.pages import Piece

_ENDS = frozenset({"|", "||", "&&", "&", ";"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_HERE = re.compile(r"<<-?\s*'?(\w+)'?")
_SUBSTITUTION = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)")


class ShellError(ValueError):
    """The text is none that can be pasted into a shell."""


@dataclass(frozen=True)
class Command:
    """One simple command."""

    words: tuple[str, ...]
    where: Piece
    comment: str = ""
    """What stands behind it on its line."""
    piped: "Command | None" = None
    """The command whose output it reads."""
    input: str = ""
    """A document that stands below it."""

    @property
    def program(self) -> str:
        return self.words[0]

    def __str__(self) -> str:
        return f"{self.where} {shlex.join(self.words)}"


def commands(piece: Piece) -> Iterator[Command]:
    """Every command, those of `$(…)` before the one around it.

    Raises:
        ShellError: with the place.
    """
    lines = iter(enumerate(piece.text.splitlines(), piece.line))
    for number, line in lines:
        while line.rstrip().endswith("\\") or _unquoted(line) is None:
            following = next(lines, None)
            if following is None:
                raise ShellError(f"{piece.page}:{number}: it does not end: {line}")
            line = f"{line.rstrip().removesuffix(chr(92))} {following[1].strip()}"
        document = []
        if here := _HERE.search(line):
            for _, text in lines:
                if text.strip() == here[1]:
                    break
                document.append(text)
            line = line.replace(here[0], "")
        where = Piece(piece.page, number, line)
        yield from _of_line(line, where, "\n".join(document))


def _unquoted(line: str) -> list[str] | None:
    """Words and operators; none where a quotation does not end."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return None


def _of_line(line: str, where: Piece, document: str) -> Iterator[Command]:
    if placeholder := re.search(r"(?<!\S)<[\w -]+>", line):
        raise ShellError(f"{where}: a shell takes {placeholder[0]} for files; write a placeholder in capitals")
    tokens = _unquoted(line) or []
    comment = next(iter(re.findall(r"(?:^|\s)#\s+(.*)$", line)), "")
    piped: Command | None = None
    words: list[str] = []
    for token in [*tokens, ";"]:
        if token in _ENDS:
            if words:
                found = Command(tuple(words), where, comment, piped, document)
                yield found
                piped = found if token == "|" else None
            words = []
        elif set(token) <= set("();"):
            raise ShellError(f"{where}: put quotes around $(…), and leave out other uses of {token}")
        elif set(token) <= set("<>&"):
            words.append(token)
        elif words and set(words[-1]) <= set("<>&"):
            words.pop()  # the file of a redirection
        elif words or not _ASSIGNMENT.match(token):
            for inner in _SUBSTITUTION.findall(token):
                yield from _of_line(inner, where, "")
            words.append(token)
