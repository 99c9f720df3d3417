"""A stack whose engine is killed with all its processes, the recovery, and what the cluster has."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lab import environment, network
from lab.console import LabError
from lab.observe import kubectl
from lab.paths import REPO
from lab.stacks import Stack
from nim_stack.base.documents import Json

NAME = "interrupted"
_QUIET = ("--yes", "--skip-preview")
_KINDS = (
    "namespaces,customresourcedefinitions,clusterroles,clusterrolebindings,persistentvolumes,apiservices,"
    "validatingwebhookconfigurations,mutatingwebhookconfigurations"
)
_IN_NAMESPACES = (
    "services,secrets,configmaps,deployments,statefulsets,jobs,serviceaccounts,roles,rolebindings,"
    "persistentvolumeclaims,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers"
)


def inventory(*, definitions: bool = True) -> set[str]:
    """Every object that a stack can have made, by kind, namespace and name; what controllers add is not listed.

    Args:
        definitions: whether with the CRDs, which outlive a stack, and the APIServices that they bring with them.
    """
    columns = "custom-columns=K:.kind,N:.metadata.namespace,M:.metadata.name"
    served = kubectl("api-resources", "--no-headers", "--api-group=leaderworkerset.x-k8s.io")
    spaced = f"{_IN_NAMESPACES},leaderworkersets" if "leaderworkersets " in served else _IN_NAMESPACES
    text = kubectl("get", _KINDS, "-o", columns, "--no-headers", "--ignore-not-found")
    text += kubectl("get", spaced, "-A", "-o", columns, "--no-headers", "--ignore-not-found")
    lines = {" ".join(line.split()) for line in text.splitlines()}
    if not definitions:
        lines = {line for line in lines if not line.startswith(("CustomResourceDefinition ", "APIService "))}
    # A volume's name is drawn anew for every claim, and the claim is listed.
    return {line.rpartition(" ")[0] if line.startswith("PersistentVolume ") else line for line in lines}


class Interrupted:
    """The whole of the dev stack under another name: namespace, LWS, secrets, claim, group."""

    def __init__(self, **settings: Any) -> None:
        self.stack = Stack(NAME, REPO / "Pulumi.dev.yaml", {"namespace": NAME, "name": NAME, **settings})

    def __enter__(self) -> "Interrupted":
        self.stack.configure()
        self.recover()  # of a run that failed
        if self.state().get("resources"):
            self.pulumi("destroy")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.recover()
            self.stack.pulumi("destroy", *_QUIET, check=False)

    def configure(self, **settings: Any) -> None:
        self.stack.configure(settings)

    def pulumi(self, words: str, *more: str) -> None:
        self.stack.pulumi(words, *_QUIET, *more)

    def state(self) -> Json:
        """What the engine's last word was, pending operations included."""
        result: Json = json.loads(self.stack.pulumi("stack", "export"))["deployment"]
        return result

    def noted(self) -> Json:
        """The same without asking the engine, which takes a second; nothing before its first word."""
        file = environment.PULUMI / "backend" / ".pulumi" / "stacks" / "nim-stack" / f"{NAME}.json"
        document: Json = json.loads(file.read_text()) if file.exists() else {}
        result: Json = document.get("checkpoint", {}).get("latest") or {}
        return result

    def start(self, words: str) -> "subprocess.Popen[bytes]":
        """A run of the engine in a session of its own, by which all its processes are found."""
        return subprocess.Popen(
            self.stack.command(words, *_QUIET),
            cwd=REPO,
            env={**os.environ, **environment.environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def recover(self, *words: str) -> Json:
        """What `nim-stack recover` found and did.

        Raises:
            LabError: something is left to do.
        """
        seen, report = self._recover()
        code, report = self._recover("--yes", "--cancel", *words) if seen else (seen, report)
        if code != 0:
            raise LabError(f"recover left something to do: {json.dumps(report)[-3000:]}")
        return report

    def _recover(self, *words: str) -> tuple[int, Json]:
        backups = self.stack.folder / f"before-{time.time_ns()}.json"
        command = [*network.enter(), sys.executable, "-m", "nim_stack.cli", "recover", "-s", self.stack.name]
        done = subprocess.run(
            [*command, "-C", str(REPO), "--json", "--backup", str(backups), *words],
            cwd=REPO,
            env={**os.environ, **environment.environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1) or not done.stdout.startswith("{"):
            raise LabError(f"recover failed:\n{done.stdout}\n{done.stderr}")
        return done.returncode, json.loads(done.stdout)


def killed(stack: Interrupted, words: str, after: float) -> bool:
    """Kill a run so many seconds after its start; whether it had ended before."""
    engine = stack.start(words)
    try:
        engine.wait(after)
    except subprocess.TimeoutExpired:
        kill(engine)
        return False
    return True


def kill(engine: "subprocess.Popen[bytes]") -> None:
    """Kill the engine, its language host, the program and the plugins, which have process groups of their own."""
    deadline = time.monotonic() + 10
    while found := _session(engine.pid):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        engine.poll()
        if time.monotonic() > deadline:
            raise LabError(f"processes {found} outlive SIGKILL")
        time.sleep(0.01)
    engine.wait()


def _session(leader: int) -> list[int]:
    """Processes of a session that are not yet dead, the leader first."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = status.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(session) == leader and state not in "ZX":
            found.append(int(status.parent.name))
    return sorted(found, key=lambda pid: pid != leader)
