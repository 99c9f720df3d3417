"""The LeaderWorkerSet: groups of one leader and nodes - 1 workers."""

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.placement import group_annotations, group_labels
from nim_stack.manifests.pods import pod_template
from nim_stack.manifests.references import References


def leader_worker_set(plan: DeploymentPlan, references: References, namespace: str) -> Manifest:
    """The whole object, with the wait that makes `pulumi up` end when the model serves."""
    return {
        "apiVersion": f"{names.LWS_GROUP}/v1",
        "kind": "LeaderWorkerSet",
        "metadata": metadata(plan, namespace),
        "spec": spec(plan, references),
    }


def metadata(plan: DeploymentPlan, namespace: str) -> Manifest:
    """Nothing else waits for an LWS, not even PULUMI_K8S_AWAIT_ALL: it has no condition called Ready. `Available`
    carries the observed generation since LWS 0.9, so that an update does not end on the condition of before."""
    settings = plan.settings
    wait = {names.WAIT_FOR: "condition=Available"} if settings.wait else {names.SKIP_AWAIT: "true"}
    return {
        "name": settings.name,
        "namespace": namespace,
        "labels": group_labels(settings.pods.queue) | names.labels(settings.name),
        "annotations": group_annotations(plan) | wait,
    }


def spec(plan: DeploymentPlan, references: References) -> Manifest:
    """The spec of the LeaderWorkerSet: how many groups, of how many pods, how they roll, and both pod templates."""
    settings, rollout = plan.settings, plan.settings.rollout
    return {
        # An autoscaler owns the number: were it sent too, every update would conflict with the autoscaler's.
        **({"replicas": settings.least_groups} if settings.autoscaling is None else {}),
        # Never LeaderReady: the leader is ready only when its workers have joined.
        "startupPolicy": rollout.startup_policy,
        "rolloutStrategy": {
            "type": "RollingUpdate",
            "rollingUpdateConfiguration": {
                "maxSurge": rollout.max_surge,
                "maxUnavailable": rollout.max_unavailable,
                **({"partition": rollout.partition} if rollout.partition else {}),
            },
        },
        "networkConfig": {"subdomainPolicy": "Shared"},
        "leaderWorkerTemplate": {
            "size": plan.nodes,
            # A rank that restarts alone cannot rejoin its engine, so the group restarts as one; but not while a pod is
            # still pending, which a slow image pull on one node would otherwise turn into a loop (LWS 0.9).
            "restartPolicy": "RecreateGroupAfterStart",
            "leaderTemplate": pod_template(plan, references, "leader"),
            "workerTemplate": pod_template(plan, references, "worker"),
        },
    }
