"""Waiting until an object is as wanted: the loop, and the conditions that `pulumi.com/waitFor` states."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lab.console import LabError
from lab.standin import TEXTS
from lab.standin.api import Api, ApiError
from lab.standin.objects import annotation
from lab.standin.values import Obj

INFO, WARNING = 1, 2
_STEP = re.compile(r"\[(\d+|\*)\]|\.([\w-]+)|\['([^']+)'\]")


class NotReadyError(LabError):
    """The object is there but not as wanted: its last known state, and what is known beyond the text."""

    def __init__(self, text: str, live: Obj, reasons: list[str]) -> None:
        super().__init__(text)
        self.live, self.reasons = live, reasons


@dataclass
class Wait:
    """One resource's wait: whom it asks, whom it tells, and when it must stop."""

    api: Api
    tell: Callable[[str, int], None]
    cancelled: threading.Event
    timeout: float
    problems: list[str] = field(default_factory=list)
    told: str = ""

    def say(self, text: str, severity: int = INFO) -> None:
        """Show a passing message beside the resource, once in a row."""
        if text != self.told:
            self.told = text
            self.tell(text, severity)

    def until(self, done: Callable[[Obj], bool], obj: Obj, late: str) -> Obj:
        """Look at the live object until it is as wanted; `done` gets nothing when it is absent.

        Raises NotReadyError when the time is over (the text is `late`), or when the engine has cancelled.
        """
        live, pause, started = obj, 0.05, time.monotonic()
        while True:
            try:
                found = self.api.get(obj)
            except ApiError as failure:
                if failure.code != 404:
                    raise
                found = {}
            live = found or live
            if done(found):
                return live
            if time.monotonic() - started >= self.timeout:
                raise NotReadyError(late, live, self.problems)
            if pause > 0.4:
                self._tell_events(live["metadata"])
            if self.cancelled.wait(pause):
                raise NotReadyError(TEXTS["cancelled"].format(**live["metadata"]), live, self.problems)
            pause = min(pause * 1.5, 0.5)

    def _tell_events(self, meta: Obj) -> None:
        path, query = (
            f"/api/v1/namespaces/{meta.get('namespace', 'default')}/events",
            f"involvedObject.uid={meta['uid']}",
        )
        for event in self.api.call("GET", path, fieldSelector=f"{query},type=Warning")["items"][-1:]:
            self.say(f"{event['reason']}: {event['message']}", WARNING)


def stated(obj: Obj, wait: Wait) -> Callable[[Obj], bool] | None:
    """Read `pulumi.com/waitFor`: one condition, or a JSON array of them that must all hold."""
    text = annotation(obj, "waitFor")
    checks = [_read(str(each), wait) for each in (json.loads(text) if text.startswith("[") else [text])] if text else []
    # All are looked at, so that each says what it waits for.
    return (lambda live: [check(live) for check in checks].count(False) == 0) if checks else None


def _read(expression: str, wait: Wait) -> Callable[[Obj], bool]:
    how, _, rest = expression.partition("=")
    if how == "condition":
        name, _, status = rest.partition("=")
        return lambda live: _condition(live, name, status or "True", wait)
    match = re.fullmatch(rf"\{{\s*\$?((?:{_STEP.pattern})+)\s*\}}(?:=([^=]+))?", rest)
    if how != "jsonpath" or not match:
        raise LabError(TEXTS["wait_for"].format(expression=expression))
    path = [index or name or quoted for index, name, quoted in _STEP.findall(match[1])]
    return lambda live: _json_path(live, path, rest, match[match.re.groups], wait)


def _condition(live: Obj, name: str, wanted: str, wait: Wait) -> bool:
    status, generation = live.get("status", {}), live.get("metadata", {}).get("generation", 0)
    if live and "conditions" not in status:
        wait.say("Has no .status.conditions", WARNING)
    for found in (c for c in status.get("conditions", []) if c["type"].lower() == name.lower()):
        observed = found.get("observedGeneration", status.get("observedGeneration", generation))
        if observed >= generation and found["status"].lower() == wanted.lower():
            return True
        older = f"Generation {observed} is less than expected {generation}"
        wait.say(older if observed < generation else f"Resource has condition {name}={found['status']} (want {wanted})")
    return False


def _json_path(live: Obj, path: list[str], text: str, wanted: str | None, wait: Wait) -> bool:
    found: list[Any] = [live]
    for step in path:
        found = [item for value in found for item in _children(value, step)]
    generation = live.get("metadata", {}).get("generation", 0)
    current = live.get("status", {}).get("observedGeneration", generation) >= generation
    first = json.dumps(found[0]) if found and not isinstance(found[0], str) else found[0] if found else ""
    done = bool(found) and current and wanted in (None, first)
    wait.say(f"Found {text}" if done else f"Waiting for {text}" + f' (found "{first}")' * bool(found))
    return done


def _children(value: Any, step: str) -> list[Any]:
    if isinstance(value, list):
        return value if step == "*" else value[int(step) :][:1] if step.isdecimal() else []
    items: Obj = value if isinstance(value, dict) else {}
    return list(items.values()) if step == "*" else [items[step]] if step in items else []
