"""Known lines of logs: patterns as data, and where in a snapshot they match."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field

from nim_stack.operations.diagnosis.view import Pod, seconds_between
from nim_stack.operations.observing.snapshot import Log, Snapshot
from nim_stack.values.types import Settings

_FILE = Path(__file__).with_name("log_patterns.yaml")
_OWN = re.compile(r"(INFO|WARNING|ERROR|DEBUG) (leader|worker|download|server): ")
"""A line of the open image's launcher, which says what it waits for again and again."""
FRESH_SECONDS = 180.0
_WAITED = re.compile(r"\bwaited=([0-9]+)s")


class Pattern(Settings):
    """A regular expression for one kind of line in a log, and what such a line means."""

    failure: str = Field(description="Code of the failure that it is a sign of, or `progress`.")
    pattern: str = Field(description="Regular expression; a group named `what` is shown.")
    still: Annotated[float, Field(ge=0)] | None = Field(
        None, description="It is a state: it counts as the launcher's newest line only, after this many seconds."
    )
    phase: str | None = Field(None, description="For `progress`: what goes on.")
    source: str = Field(description="Where the line is written.")
    example: str | None = Field(None, description="Such a line, where somebody else's program writes it.")
    sentence: str | None = Field(
        None, description="Where a program of this project writes it: the name of what the tests run to get such lines."
    )

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern, compiled. It is searched for anywhere in a line."""
        return re.compile(self.pattern)


@dataclass(frozen=True)
class Hit:
    """One line that a pattern matches; the newest of its container."""

    pattern: Pattern
    pod: str
    role: str
    line: str
    where: str
    """Where the line stands, in words: the log of a container, its log before it restarted, or its last words."""
    match: re.Match[str]
    when: str = ""

    @property
    def evidence(self) -> str:
        """The line and where it stands, as a report cites it; the line has at most 300 characters."""
        text = self.line.strip()
        return f"{self.where} of {self.pod}: {text if len(text) < 300 else text[:299] + '…'}"


def fresh(hit: Hit, taken: str) -> bool:
    """Whether a line of a running container is of now: what failed and was mended stays in its log. The lines of a
    container that has ended stay true."""
    return hit.where != "log" or (seconds_between(hit.when, taken) or 0.0) < FRESH_SECONDS


@cache
def patterns() -> tuple[Pattern, ...]:
    """All patterns of log_patterns.yaml, in the order of the file."""
    return tuple(Pattern.model_validate(entry) for entry in yaml.safe_load(_FILE.read_text()))


def hits(snapshot: Snapshot, pods: Sequence[Pod]) -> Iterator[Hit]:
    """What matches in the logs that count for the present state."""
    there = {pod.name: pod for pod in pods}
    heard: set[tuple[str, str]] = set()
    for log in snapshot.logs:
        if log.gone or _counts(log, there.get(log.pod), snapshot.taken):
            for hit in _in_log(log):
                heard.add((hit.pod, hit.line))
                yield hit
    for pod in pods:
        for container in pod.containers:
            for ended in container.ends:
                if message := ended.get("message"):
                    lines = [("", line) for line in message.split("\n")]
                    last_words = _in_lines(pod.name, pod.role, "last words", lines)
                    yield from (hit for hit in last_words if (hit.pod, hit.line) not in heard)


def _counts(log: Log, pod: Pod | None, taken: str) -> bool:
    """Whether what a log says can still hold: the one before a restart does until the present run outlived it."""
    if not log.previous or pod is None:
        return True
    container = next((c for c in pod.containers if c.name == log.container), None)
    if container is None or container.running_since is None:
        return True
    before = (container.raw.get("lastState") or {}).get("terminated") or {}
    lasted = seconds_between(before.get("startedAt"), before.get("finishedAt", taken)) or 0.0
    return (seconds_between(container.running_since, taken) or 0.0) <= lasted


def _in_log(log: Log) -> Iterator[Hit]:
    where = "log of a pod that has gone" if log.gone else "log before the restart" if log.previous else "log"
    yield from _in_lines(log.pod, log.role, where, log.lines)


def _in_lines(pod: str, role: str, where: str, lines: Sequence[tuple[str, str]]) -> Iterator[Hit]:
    newest_own = next((text for _, text in reversed(lines) if _OWN.search(text)), None)
    for pattern in patterns():
        for when, text in reversed(lines):
            if (match := pattern.regex.search(text)) and _holds(pattern, text, newest_own):
                yield Hit(pattern, pod, role, text, where, match, when)
                break


def _holds(pattern: Pattern, line: str, newest_own: str | None) -> bool:
    if pattern.still is None:
        return True
    waited = _WAITED.search(line)
    return line == newest_own and waited is not None and float(waited[1]) >= pattern.still
