"""Waiting until an object is as wanted: the loop, `pulumi.com/waitFor`, the official rules for Deployment and Job."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jsonpath

from lab.console import LabError
from lab.standin.cluster import TEXTS, Api
from lab.standin.objects import annotation, full_name
from lab.standin.values import Obj


@dataclass
class Wait:
    """One resource's wait: whom it asks, whom it tells, when it must stop, and what is wrong so far."""

    urn: str
    api: Api
    tell: Callable[[str], None]
    cancelled: threading.Event
    timeout: float
    problems: list[str] = field(default_factory=list)

    def until(self, lacking: Callable[[Obj], str], obj: Obj, late: str = "stated_late") -> Obj:
        """Look until the live object (empty when absent) lacks nothing, or raise LabError(text, *problems)."""
        told, pause, end = "", 0.05, time.monotonic() + self.timeout
        while text := lacking(live := self.api.find(obj)):
            if text != told:
                self.tell(told := text)
            if time.monotonic() >= end or self.cancelled.wait(pause := min(pause * 1.5, 0.5)):
                why = TEXTS["cancelled" if self.cancelled.is_set() else late]
                raise LabError(why.format(**obj["metadata"]), *self.problems)
        self.tell("")
        return live


def until_ready(obj: Obj, live: Obj, wait: Wait, stating: bool = True) -> Obj:
    """Wait by the annotations (unless not `stating`) or else by the kind's own rule; not in a preview."""
    rule = {"apps/v1/Deployment": _deployment, "batch/v1/Job": _job}.get(f"{live['apiVersion']}/{live['kind']}")
    if annotation(obj, "skipAwait") == "true":
        wait.tell("Skipping await logic")
    elif stating and (text := annotation(obj, "waitFor")):
        checks = [_stated(each) for each in (json.loads(text) if text.startswith("[") else [text])]
        if not wait.api.preview:
            return wait.until(lambda found: "; ".join(filter(None, (check(found) for check in checks))), live)
    elif rule and not wait.api.preview:
        return wait.until(lambda found: rule(found, wait) if found else "It is gone", live, "late")
    return live


def _stated(expression: str) -> Callable[[Obj], str]:
    """Read one condition of `pulumi.com/waitFor`; what is returned says what an object lacks."""
    condition = re.fullmatch(r"condition=([^=']+)(?:=(.+))?", expression)
    match, path = condition or re.fullmatch(r"jsonpath=\{\s*\$?(.+?)\s*\}(?:=(.+))?", expression), None
    with contextlib.suppress(jsonpath.JSONPathError):
        form = "$.status.conditions[?@.type=='{}']" if condition else "${}"
        path = match and jsonpath.compile(form.format(match[1]))
    if not match or not path:
        raise LabError(TEXTS["wait_for"].format(expression=expression))
    wanted, what = (match[2] or "True", f"condition {match[1]}") if condition else (match[2], match[1])

    def lacking(live: Obj) -> str:
        found: list[Any] = path.findall(live)[:1]
        observed, generation = live.get("status", {}), live.get("metadata", {}).get("generation", 0)
        seen = (observed | (found[0] if condition and found else {})).get("observedGeneration", generation)
        if seen < generation:
            return f"Generation {seen} is less than expected {generation}"
        if not found:
            return f"Has no .status.conditions ({what})" if condition else f"Has no {what}"
        value = found[0]["status"] if condition else found[0]
        text = value if isinstance(value, str) else json.dumps(value)
        return "" if wanted in (None, text) else f"Resource has {what}={text} (want {wanted})"

    return lacking


def _deployment(live: Obj, wait: Wait) -> str:
    """The controller has seen this generation, and only its Pods are there, enough of them available (as kubectl)."""
    status, want = live.get("status", {}), live["spec"]["replicas"]
    ready, updated, total = (status.get(name, 0) for name in ("availableReplicas", "updatedReplicas", "replicas"))
    if status.get("observedGeneration") == live["metadata"]["generation"] and min(ready, updated) >= max(want, total):
        wait.tell("Deployment initialization complete")
        return ""
    failed = [f"[{c['reason']}] {c['message']}" for c in status.get("conditions", []) if c["status"] == "False"]
    wait.problems = [*failed, *["Minimum number of live Pods was not attained"] * (ready < want), *_pods(live, wait)]
    return f"Waiting for app ReplicaSet to be available ({ready}/{want} Pods available)"


def _job(live: Obj, wait: Wait) -> str:
    """It has completed; a failed one ends the wait at once."""
    status = live.get("status", {})
    conditions = {c["type"]: c for c in status.get("conditions", []) if c["status"] == "True"}
    wait.problems += [text for text in _pods(live, wait) if text not in wait.problems]  # Pods may go, problems stay
    if failed := conditions.get("Failed"):
        wait.problems.append(f"[{failed['reason']}] {failed['message']}")
        raise LabError(TEXTS["not_ready"].format(**live["metadata"]), *wait.problems)
    counts = " | ".join(f"{count}: {status.get(count.lower(), 0)}" for count in ("Active", "Succeeded", "Failed"))
    return "" if "Complete" in conditions else f'Waiting for Job "{full_name(live)}" to succeed ({counts})'


def _pods(live: Obj, wait: Wait) -> list[str]:
    """Say what is wrong with the Pods of an object."""
    labels = ",".join(f"{key}={value}" for key, value in live["spec"]["selector"].get("matchLabels", {}).items())
    path, problems = f"/api/v1/namespaces/{live['metadata']['namespace']}/pods", []
    for pod in wait.api.call("GET", path, labelSelector=labels).get("items", []):
        conditions = pod["status"].get("conditions", [])
        text = "".join(c.get("message", "") for c in conditions if c["type"] == "Ready" and c["status"] == "False")
        for c in pod["status"].get("containerStatuses", []):
            (state,) = c["state"].values()
            code, reason = state.get("exitCode"), f"[{state.get('reason')}] {state.get('message')}"
            ended = f'container "{c["name"]}" completed with exit code {code}' if code else ""
            text += reason if "message" in state else ended
        problems += [f"[Pod {full_name(pod)}]: {text}"] if text else []
    return problems
