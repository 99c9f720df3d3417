"""Waiting until an object is as wanted: the loop, and the conditions that `pulumi.com/waitFor` states."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lab.console import LabError
from lab.standin.api import Api, ApiError, NoMatchError
from lab.standin.objects import annotation
from lab.standin.values import Obj

INFO, WARNING = 1, 2


class NotReadyError(Exception):
    """The object is there but not as wanted; `reasons` are what is known beyond the text."""

    def __init__(self, text: str, live: Obj, reasons: list[str]) -> None:
        super().__init__(text)
        self.live, self.reasons = live, reasons


@dataclass
class Wait:
    """One resource's wait: whom it asks, whom it tells, and when it must stop (a timeout of 0: look once)."""

    api: Api
    tell: Callable[[str, int], None]
    cancelled: threading.Event
    timeout: float
    problems: list[str] = field(default_factory=list)
    told: str = ""
    seen: tuple[str, float] = ("", 0.0)
    started: float = field(default_factory=time.monotonic)

    def say(self, text: str, severity: int = INFO) -> None:
        """Show a passing message beside the resource, once in a row."""
        if text != self.told:
            self.told = text
            self.tell(text, severity)

    def until(self, done: Callable[[Obj], bool], obj: Obj, late: str) -> Obj:
        """Look at the live object again and again until it is as wanted; `done` gets nothing when it is absent.

        Raises:
            NotReadyError: the time is over (the text is `late`), or the engine has cancelled.
        """
        live, pause, events = obj, 0.05, 0.0
        while True:
            try:
                found = self.api.get(obj)
            except (ApiError, NoMatchError) as failure:
                if isinstance(failure, ApiError) and failure.code != 404:
                    raise
                found = {}
            live = found or live
            if done(found):
                return live
            if time.monotonic() - self.started >= self.timeout:
                raise NotReadyError(late, live, self.problems)
            if time.monotonic() - events > 2:
                self._tell_events(live["metadata"])
                events = time.monotonic()
            if self.cancelled.wait(pause):
                name = live["metadata"]["name"]
                raise NotReadyError(f'Resource operation was cancelled for "{name}"', live, self.problems)
            pause = min(pause * 1.5, 0.5)

    def _tell_events(self, meta: Obj) -> None:
        path, about = (
            f"/api/v1/namespaces/{meta.get('namespace', 'default')}/events",
            f"involvedObject.uid={meta['uid']}",
        )
        for event in self.api.call("GET", path, fieldSelector=f"{about},type=Warning")["items"][-1:]:
            self.say(f"{event['reason']}: {event['message']}", WARNING)


def stated(obj: Obj, wait: Wait) -> Callable[[Obj], bool] | None:
    """Read `pulumi.com/waitFor`: one condition, or a JSON array of them that must all hold.

    Raises:
        LabError: an expression that cannot be read.
    """
    if not (text := annotation(obj, "waitFor")):
        return None
    checks = [_read(str(each), wait) for each in (json.loads(text) if text.startswith("[") else [text])]
    return lambda live: [check(live) for check in checks].count(False) == 0  # each one says what it waits for


def _read(expression: str, wait: Wait) -> Callable[[Obj], bool]:
    how, _, rest = expression.partition("=")
    if how == "condition":
        name, _, status = rest.partition("=")
        return lambda live: _condition(live, name, status or "True", wait)
    match = re.fullmatch(rf"\{{\s*\$?((?:{_STEP.pattern})+)\s*\}}(?:=([^=]+))?", rest)
    if how != "jsonpath" or not match:
        raise LabError(
            f"pulumi.com/waitFor: {expression!r} cannot be read; the stand-in knows condition=Type[=Status] and "
            "jsonpath={path}[=value], where a path is of .name, ['name'], [0] and [*]"
        )
    path = [index or name or quoted for index, name, quoted in _STEP.findall(match[1])]
    return lambda live: _json_path(live, path, rest, match[match.re.groups], wait)


_STEP = re.compile(r"\[(\d+|\*)\]|\.([\w-]+)|\['([^']+)'\]")


def _condition(live: Obj, name: str, wanted: str, wait: Wait) -> bool:
    if live and "conditions" not in live.get("status", {}):
        wait.say("Has no .status.conditions", WARNING)
    for found in live.get("status", {}).get("conditions", []):
        if found["type"].lower() == name.lower():
            generation = live["metadata"].get("generation", 0)
            observed = found.get("observedGeneration", live["status"].get("observedGeneration", generation))
            if observed < generation:
                wait.say(f"Generation {observed} is less than expected {generation}")
            elif found["status"].lower() != wanted.lower():
                wait.say(f"Resource has condition {name}={found['status']} (want {wanted})")
            else:
                return True
    return False


def _json_path(live: Obj, path: list[str], text: str, wanted: str | None, wait: Wait) -> bool:
    found: list[Any] = [live]
    for step in path:
        found = [item for value in found for item in _children(value, step)]
    generation = live.get("metadata", {}).get("generation", 0)
    if not found or live.get("status", {}).get("observedGeneration", generation) < generation:
        wait.say(f"Waiting for {text}")
        return False
    first = json.dumps(found[0]) if isinstance(found[0], bool) else str(found[0])
    done = wanted in (None, first)
    wait.say(f"Found {text}" if done else f'Waiting for {text} (found "{first}")')
    return done


def _children(value: Any, step: str) -> list[Any]:
    if isinstance(value, list):
        return value if step == "*" else value[int(step) :][:1] if step.isdecimal() else []
    if isinstance(value, dict):
        return list(value.values()) if step == "*" else [value[step]] if step in value else []
    return []
