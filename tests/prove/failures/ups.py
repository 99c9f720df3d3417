"""Rows of the matrix `failures` on `up` itself: how it ends when the group does not come, or does not answer."""

import json
import os
import subprocess
import sys

from lab import environment, network
from lab.address import SERVICE_SUBNET
from lab.deployment import NAMESPACE, Deployment, until
from lab.observe import get, kubectl
from lab.paths import REPO
from nim_stack.base.documents import Json
from tests.prove import provoke
from tests.prove.failures.naming import named
from tests.prove.failures.provoked import Provoked


def failing_up() -> Json:
    """`up` itself ends with the page when the group does not come in time."""
    with Deployment(nodeSelector={"no/such": "node"}, timeouts={"upMinutes": 1}) as deployed:
        code, text = deployed.stack.attempt("up", "--yes", "--skip-preview")
        assert code != 0
        assert "selector: 2 nodes are needed" in text, text[-3000:]
        assert "nodeSelector no/such=node" in text
        return {"exit code": code}


def smoke() -> Json:
    """`up` ends with a completion that a Job got; an unchanged stack keeps the Job; the command asks once more."""
    with Deployment() as deployed:
        deployed.up()
        (job,) = get("jobs", "-n", NAMESPACE)["items"]
        assert job["status"].get("succeeded") == 1, job["status"]
        said = json.loads(kubectl("logs", "-n", NAMESPACE, f"job/{job['metadata']['name']}").splitlines()[-1])
        deployed.stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        command = [
            sys.executable,
            "-m",
            "nim_stack.cli",
            "smoke",
            "-s",
            deployed.stack.name,
            "-C",
            str(deployed.stack.folder),
        ]
        environ = {**os.environ, **environment.environment()}
        done = subprocess.run(
            [*network.enter(), *command], cwd=REPO, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        again = json.loads(done.stdout.splitlines()[-1])
        until("the Job of the command has gone", lambda: len(get("jobs", "-n", NAMESPACE)["items"]) == 1, 30)
        assert again["text"] == said["text"]
        return {"tokens": said["tokens"], "seconds": [said["seconds"], again["seconds"]]}


def unanswered() -> Json:
    """Both pods are ready and nobody reaches them through the Service: the Job of `up` fails, and `up` says why."""
    with Deployment() as deployed, provoke.cut("inet", "prerouting", f"ip daddr {SERVICE_SUBNET} tcp dport 8000"):
        code, text = deployed.stack.attempt("up", "--yes", "--skip-preview")
        assert code != 0
        assert "no-completion: the Job prove-smoke-" in text, text[-3000:]
        return named(Provoked("no-completion"), "service-cut-off") | {"exit code": code}


ROWS = {"failing-up": failing_up, "smoke": smoke, "service-cut-off": unanswered}
