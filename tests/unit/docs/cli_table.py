"""Commands of other programs as data, and command lines read by it.

A table lists what the pages use: a new command or flag on a page needs its entry there, and
tests/cluster/test_cli_tables.py compares every entry with the real program.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


class UsageError(ValueError):
    """The program would refuse this command line."""


@dataclass(frozen=True)
class Flags:
    """Flags that take a value, and those that do not."""

    values: frozenset[str]
    switches: frozenset[str]

    @staticmethod
    def of(entry: dict[str, Any]) -> "Flags":
        return Flags(frozenset(entry.get("values", ())), frozenset(entry.get("switches", ())))

    def __or__(self, other: "Flags") -> "Flags":
        return Flags(self.values | other.values, self.switches | other.switches)

    @property
    def names(self) -> frozenset[str]:
        return self.values | self.switches


class CliTable:
    """One program."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.data: dict[str, Any] = yaml.safe_load((HERE / f"{program}.yaml").read_text(encoding="utf-8"))
        self.everywhere = Flags.of(self.data["everywhere"])
        self.commands = {name: Flags.of(entry or {}) for name, entry in self.data["commands"].items()}

    def positional(self, words: Sequence[str]) -> tuple[str, list[str]]:
        """The command that the words behind the program's name are, and its words without the flags.

        Raises:
            UsageError: the table has no such command or flag, or another number of words belongs there.
        """
        name, rest, before = self._command(list(words))
        found = self._without_flags(self.everywhere, before) + self._without_flags(
            self.commands[name] | self.everywhere, rest
        )
        least, _, most = str((self.data["commands"][name] or {}).get("words", 0)).partition("-")
        if not int(least) <= len(found) <= int(most or least):
            raise UsageError(f"{self.program} {name} takes {least}{most and f' to {most}'} words, not {found}")
        return name, found

    def mention(self, words: Sequence[str]) -> None:
        """A command line that leaves out what it is about.

        Raises:
            UsageError: the table has no such command or flag.
        """
        name, rest, _ = self._command(list(words))
        known = self.commands[name] | self.everywhere
        if unknown := {word.partition("=")[0] for word in _own(rest) if word.startswith("-")} - known.names:
            raise UsageError(f"{self.program} {name}: the table has no {', '.join(sorted(unknown))}")

    def _command(self, words: list[str]) -> tuple[str, list[str], list[str]]:
        """Its name, what stands behind it, and in front of it."""
        count = 0
        while count < len(words) and words[count].startswith("-"):
            count += 2 if words[count] in self.everywhere.values else 1
        rest = words[count:]
        for length in (3, 2, 1):
            if (name := " ".join(rest[:length])) in self.commands:
                return name, rest[length:], words[:count]
        raise UsageError(f"{self.program} {' '.join(rest[:2])}: the table has only {', '.join(sorted(self.commands))}")

    def _without_flags(self, flags: Flags, words: list[str]) -> list[str]:
        found, rest = [], iter(_own(words))
        for word in rest:
            flag, _, value = word.partition("=")
            if not word.startswith("-") or word == "-":
                found.append(word)
            elif flag not in flags.names:
                raise UsageError(f"{self.program}: the table has no {flag} in {' '.join(words)}")
            elif flag in flags.values and not value and next(rest, None) is None:
                raise UsageError(f"{self.program}: {flag} needs a value")
        return found


def _own(words: list[str]) -> list[str]:
    """Without the command that `exec` runs elsewhere."""
    return words[: words.index("--")] if "--" in words else words
