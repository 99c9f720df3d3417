"""`nim-stack smoke`: a completion through the leader Service, asked for by a Job inside the cluster."""

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from nim_stack.base import names
from nim_stack.cli import clusters

if TYPE_CHECKING:
    from nim_stack.base.documents import Json
    from nim_stack.operations.cluster.reader import Reader

_PAUSE_SECONDS = 1.0
_LAG_SECONDS = 30.0
"""After its deadline the Job controller takes some seconds to say that the Job failed."""


def add_command(commands: Any) -> None:
    """Add the command `smoke` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "smoke",
        help="ask the model for a completion, from inside the cluster",
        description="Makes a small Job without a GPU beside a leader, waits for its completion, prints it, and deletes "
        "the Job. Exit code 0: a completion came, 1: none did, 2: the cluster cannot be asked.",
    )
    clusters.add_options(command, stack_alone=True)
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from nim_stack.manifests.smoke_job import smoke_job

    target = clusters.target(given)
    plan, reader, space = target.plan, target.reader(), target.namespace
    pulls = _pull_secrets(reader, space, target.name)
    job = smoke_job(plan, space, pulls, suffix=f"by-hand-{int(time.time())}")
    jobs = f"/apis/batch/v1/namespaces/{space}/jobs"
    reader.send("POST", jobs, job)
    try:
        came, said = _outcome(reader, job)
    finally:
        reader.send("DELETE", f"{jobs}/{job['metadata']['name']}", {"propagationPolicy": "Background"})
    if given.json:
        print(json.dumps({"completion": json.loads(said[-1]) if came else None, "said": said}, indent=2))
    else:
        print("\n".join(said))
    if not came:
        print(f"No completion came: `nim-stack diagnose -s {given.stack}` says why.", file=sys.stderr)
    return 0 if came else 1


def _pull_secrets(reader: "Reader", namespace: str, name: str) -> tuple[str, ...]:
    """Names of the pull Secrets of the deployment that runs.

    Raises:
        CannotReadError: there is no such deployment, or the cluster does not say.
    """
    from nim_stack.base import names
    from nim_stack.operations.cluster.errors import CannotReadError

    group = reader.get(f"/apis/{names.LWS_GROUP}/v1/namespaces/{namespace}/leaderworkersets/{name}")
    if group is None:
        raise CannotReadError(f"there is no LeaderWorkerSet {namespace}/{name}: run `pulumi up` first.")
    spec = group["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]
    return tuple(reference["name"] for reference in spec.get("imagePullSecrets") or ())


def _outcome(reader: "Reader", job: "Json") -> tuple[bool, list[str]]:
    """Whether the Job got a completion, and what it said."""
    meta, limit = job["metadata"], job["spec"]["activeDeadlineSeconds"]
    deadline = time.monotonic() + limit + _LAG_SECONDS
    path = f"/apis/batch/v1/namespaces/{meta['namespace']}/jobs/{meta['name']}"
    while time.monotonic() < deadline:
        found = reader.get(path)
        if found is None:
            return False, [f"somebody deleted the Job {meta['namespace']}/{meta['name']}: run the command again"]
        status = found.get("status", {})
        ended = {c["type"] for c in status.get("conditions") or [] if c["status"] == "True"} & {"Complete", "Failed"}
        if ended:
            return "Complete" in ended, _log(reader, meta, status)
        time.sleep(_PAUSE_SECONDS)
    return False, [f"the Job did not end in its {limit} s; the cluster's Job controller does not act on it"]


def _log(reader: "Reader", meta: "Json", status: "Json") -> list[str]:
    pods = f"/api/v1/namespaces/{meta['namespace']}/pods"
    found = reader.get(pods, labelSelector=f"{names.JOB_NAME_LABEL}={meta['name']}") or {}
    lines: list[str] = []
    for pod in found.get("items") or []:
        if pod["status"].get("phase") in ("Succeeded", "Failed", "Running"):
            lines += reader.text(f"{pods}/{pod['metadata']['name']}/log").splitlines()
    if not lines:
        lines = [str(c.get("message")) for c in status.get("conditions") or [] if c.get("message")]
    return lines or ["the Job said nothing"]
