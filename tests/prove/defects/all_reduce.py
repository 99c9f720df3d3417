"""Rows of `defects` on `nim-stack doctor --all-reduce`, run as a user runs it: measured between the two nodes, not
measured because of what is in the way, broken off. Nothing is left of any of them.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab import environment, network
from lab.address import NODES
from lab.deployment import NAMESPACE, until
from lab.observe import get, kubectl
from lab.paths import REPO
from nim_stack.base.documents import Json
from tests.prove import provoke

_STACK = "prove"
_MIB = 1024**2
_OURS = "app.kubernetes.io/component=all-reduce"


@contextmanager
def _doctor(settings: Mapping[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    """The command, running."""
    with tempfile.TemporaryDirectory() as folder:
        stack = {"config": {"nim-stack:nim": settings, "nim-stack:hfToken": {"secure": "not read"}}}
        Path(folder, f"Pulumi.{_STACK}.yaml").write_text(json.dumps(stack))
        words = [sys.executable, "-m", "nim_stack.cli", "doctor", "-s", _STACK, "-C", folder, "--json"]
        with subprocess.Popen(
            [*network.enter(), *words, "--all-reduce", "--size", "16Mi"],
            cwd=REPO,
            env={**os.environ, **environment.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            try:
                yield running
            finally:
                running.kill()


def _finished(settings: Mapping[str, Any]) -> tuple[int, list[Json]]:
    """Exit code, and the findings of the all-reduce."""
    with _doctor(settings) as running:
        out, said = running.communicate(timeout=300)
    assert out, said
    assert "Traceback" not in said, said
    _nothing_left()
    return running.returncode, [finding for finding in json.loads(out) if finding["check"] == "all-reduce"]


def _left() -> list[str]:
    return kubectl("get", "jobs,pods,services", "-l", _OURS, "-n", NAMESPACE, "-o", "name").split()


def _nothing_left() -> None:
    until("Job, pods and Service have gone", lambda: not _left(), 30)


def _nodes() -> set[str]:
    """Where the pods were."""
    events = get("events", "-n", NAMESPACE, "--field-selector=reason=Scheduled")["items"]
    said = [event["message"] for event in events if "-all-reduce-" in event["involvedObject"]["name"]]
    return {found[1] for text in said if (found := re.search(r" to (\S+)$", text))}


def measured(settings: Mapping[str, Any]) -> Json:
    """Two ranks, on two nodes, with every size."""
    code, found = _finished(settings)
    assert (code, [finding["level"] for finding in found]) == (0, ["ok"]), found
    seen = found[0]["measured"]
    assert (seen["backend"], seen["ranks"], seen["pods"]) == ("gloo", 2, 2), seen
    assert [size["bytes"] for size in seen["sizes"]] == [_MIB, 4 * _MIB, 16 * _MIB], seen
    assert all(size["busBandwidth"] > 0 for size in seen["sizes"]), seen
    assert _nodes() == set(NODES), _nodes()
    return {"what": found[0]["what"], "busBandwidth": [size["busBandwidth"] for size in seen["sizes"]]}


def gpus_taken(settings: Mapping[str, Any], holder: Json) -> Json:
    """Somebody holds the GPUs of a node: the scheduler's words, and who it is."""
    with provoke.objects(holder):
        code, found = _finished(settings)
    assert (code, [finding["level"] for finding in found]) == (1, ["problem"]), found
    said = found[0]["what"]
    assert "Insufficient nvidia.com/gpu" in said, said
    assert f"held by {NAMESPACE}/{holder['metadata']['name']}" in said, said
    return {"what": said}


def cut_off(settings: Mapping[str, Any]) -> Json:
    """Packets between the pods are dropped."""
    with provoke.cut("bridge", "forward", "ip saddr 10.244.0.0/16 ip daddr 10.244.0.0/16 tcp dport 6379"):
        code, found = _finished(settings)
    assert (code, [finding["level"] for finding in found]) == (1, ["problem"]), found
    assert "the pods run and do not meet: they wait for pod 0" in found[0]["what"], found
    return {"what": found[0]["what"]}


def broken_off(settings: Mapping[str, Any], holder: Json) -> Json:
    """Ctrl-C and SIGTERM, while the pods wait."""
    codes = []
    with provoke.objects(holder):
        for number in (signal.SIGINT, signal.SIGTERM):
            with _doctor(settings) as running:
                until("the pods are there", lambda: sum("pod/" in name for name in _left()) == 2, 60)
                running.send_signal(number)
                _, said = running.communicate(timeout=60)
            assert "Traceback" not in said, said
            codes.append(running.returncode)
            assert not _left(), _left()
    assert codes == [130, 130], codes
    return {"exit codes": codes}
