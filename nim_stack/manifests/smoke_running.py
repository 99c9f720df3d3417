"""The smoke Job for a deployment whose settings are not known, made from the objects that run.

A program that holds its settings itself has no plan outside of its own run. Its LeaderWorkerSet and Service have all
that the Job needs.
"""

from typing import Any

from nim_stack.base import names
from nim_stack.base.errors import InputError
from nim_stack.manifests.references import Manifest
from nim_stack.manifests.security import restricted
from nim_stack.manifests.smoke_job import ANSWER_SECONDS, CONTAINER, SMOKE_RESOURCES, client
from nim_stack.manifests.smoke_job import environment as smoke_environment

_PULL_SECONDS = 20 * 60
"""For the image, on a node that does not have it yet; without settings its size is not known."""
_KEPT = ("securityContext", "nodeSelector", "tolerations", "serviceAccountName", "imagePullSecrets")
"""Of a leader's pod: where it may run and as whom."""


def smoke_job_of_running(group: Any, service: Any, suffix: str) -> Manifest:
    """The whole Job.

    Args:
        group: the LeaderWorkerSet, as the API server gives it.
        service: the Service of its leaders.
        suffix: the end of the Job's name.

    Raises:
        InputError: the leader does not say under which name it serves the model, as every group of this package does.
    """
    name, namespace = group["metadata"]["name"], group["metadata"]["namespace"]
    leader = group["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]
    serving = next(
        (each for each in leader["containers"] if each["name"] == names.MODEL_CONTAINER), leader["containers"][0]
    )
    env = {variable["name"]: variable for variable in serving.get("env") or ()}
    served = env.get("NIM_SERVED_MODEL_NAME", {}).get("value")
    if not served:
        raise InputError(
            f"the LeaderWorkerSet {namespace}/{name} has no NIM_SERVED_MODEL_NAME: the model's name is not known."
        )
    url = names.endpoint(name, namespace, service["spec"]["ports"][0]["port"])
    term = {"labelSelector": {"matchLabels": names.leader_pods(name)}, "topologyKey": names.HOSTNAME_LABEL}
    beside = [{"weight": 100, "podAffinityTerm": term}]
    container = {
        "name": CONTAINER,
        "image": serving["image"],
        "imagePullPolicy": serving.get("imagePullPolicy", "IfNotPresent"),
        "command": ["python3", "-c", client()],
        "env": [*smoke_environment(url, served), *([env["VLLM_API_KEY"]] if "VLLM_API_KEY" in env else [])],
        "resources": SMOKE_RESOURCES,
        "securityContext": restricted({"readOnlyRootFilesystem": True}),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    labels = names.labels(name, "smoke")
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **{field: leader[field] for field in _KEPT if leader.get(field)},
        "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": beside}},
        "containers": [container],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"{name}-smoke-{suffix}", "namespace": namespace, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": _PULL_SECONDS + 2 * ANSWER_SECONDS,
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
