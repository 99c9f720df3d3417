"""What `up` prints when a group does not come: the page of `nim-stack diagnose`, so that no timeout is the last word.

The engine asks an error hook whether to try again; this never does. It reads the cluster that the program deploys to,
and writes nothing. Where it cannot know which that is, it says so, and asks no other cluster.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pulumi
from pulumi.runtime import is_dry_run

from nim_stack.components.reach import Reach
from nim_stack.settings import Cluster

WATCH_SECONDS = 20.0
"""Long enough for the next try of a group that restarts, whose logs go with its pods."""
_SAID_ENOUGH = ("denied the request", "already exists", "conflict", "cancel", "no matches for kind")
"""Errors that explain themselves, and an `up` that somebody broke off."""

Look = Callable[[Cluster, str, str], str]
Report = Callable[[pulumi.ErrorHookArgs], Awaitable[bool]]


def failure_page(name: str, reach: Reach, deployment: str) -> pulumi.ErrorHook:
    """Error hook that logs why the deployment does not serve."""
    return pulumi.ErrorHook(name, reporter(reach, deployment))


def reporter(reach: Reach, deployment: str, page: Look | None = None) -> Report:
    """The hook's function: log the page, and ask for no other try."""

    async def report(args: pulumi.ErrorHookArgs) -> bool:
        newest = args.errors[0] if args.errors else ""
        if is_dry_run() or args.failed_operation == "delete":
            return False
        if any(word in newest for word in _SAID_ENOUGH):
            if "already exists" in newest:
                pulumi.log.error(
                    "If an earlier `pulumi up` was killed, this may be its work: `nim-stack recover -s "
                    f"{pulumi.get_stack()}` says whether it is, and how to go on."
                )
            return False
        namespace = str(((args.new_inputs or {}).get("metadata") or {}).get("namespace") or "default")
        try:
            cluster = await reach.cluster()
        except LookupError as unknown:
            pulumi.log.warn(
                f"no diagnosis: {unknown}; or set KUBECONFIG to this cluster and run `nim-stack diagnose --namespace "
                f"{namespace} --name {deployment}`."
            )
            return False
        try:
            text = await asyncio.to_thread(page or look, cluster, namespace, deployment)
            pulumi.log.error(text)
        except Exception as trouble:  # a diagnosis that fails must not hide what failed
            pulumi.log.warn(f"no diagnosis: {trouble}")
        return False

    return report


def look(cluster: Cluster, namespace: str, deployment: str) -> str:
    """The page. A group that is made anew again and again is watched, unless its failure is known at once."""
    from nim_stack.operations.cluster.reader import connect
    from nim_stack.operations.diagnosis.page import page
    from nim_stack.operations.diagnosis.verdict import diagnose
    from nim_stack.operations.observing.gathering import watch

    reader = connect(cluster)
    found = diagnose(watch(reader, namespace, deployment, 0))
    codes = {problem.rule.code for problem in found.failures}
    if not codes - {"crash-loop", "engine-failed"} and found.state != "serving":
        found = diagnose(watch(reader, namespace, deployment, WATCH_SECONDS))
    return page(found)
