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
    from nim_stack.plan import DeploymentPlan

_PAUSE_SECONDS = 1.0
_LAG_SECONDS = 30.0
"""After its deadline the Job controller takes some seconds to say that the Job failed."""


def add_command(commands: Any) -> None:
    """Add the command `smoke` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "smoke",
        help="ask the model for a completion, from inside the cluster",
        description="Makes a small Job without a GPU beside a leader, waits for its completion, prints it, and deletes "
        "the Job. With --namespace and --name alone it asks a deployment of any program. Exit "
        "code 0: a completion came, 1: none did, 2: the cluster cannot be asked.",
    )
    clusters.add_options(command)
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    target = clusters.target(given)
    plan = target.plan if target.file else None
    reader, space = target.reader(), target.namespace
    job = _job(target, plan, reader)
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
        print("No completion came: `nim-stack diagnose` with the same options says why.", file=sys.stderr)
    return 0 if came else 1


def _job(target: clusters.Target, plan: "DeploymentPlan | None", reader: "Reader") -> "Json":
    """The Job for the deployment that runs: from its plan, or from what the cluster has where there is no plan.

    Raises:
        CannotReadError: there is no such deployment, or the cluster does not say.
    """
    from nim_stack.base import names
    from nim_stack.manifests.smoke_job import smoke_job
    from nim_stack.manifests.smoke_running import smoke_job_of_running
    from nim_stack.operations.cluster.errors import CannotReadError

    space, name = target.namespace, target.name
    group = reader.get(f"/apis/{names.LWS_GROUP}/v1/namespaces/{space}/leaderworkersets/{name}")
    if group is None:
        raise CannotReadError(f"there is no LeaderWorkerSet {space}/{name}: run `pulumi up` first.")
    suffix = f"by-hand-{int(time.time())}"
    if plan is not None:
        spec = group["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]
        pulls = tuple(reference["name"] for reference in spec.get("imagePullSecrets") or ())
        return smoke_job(plan, space, pulls, suffix=suffix)
    service = reader.get(f"/api/v1/namespaces/{space}/services/{names.leader_service(name)}")
    if service is None:
        raise CannotReadError(f"there is no Service {space}/{names.leader_service(name)}: run `pulumi up` first.")
    return smoke_job_of_running(group, service, suffix)


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
