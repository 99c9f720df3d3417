"""A Job that measures the network between the nodes of a group, made by hand before there is a group.

Its pods are those of the group as far as the network goes: image, GPUs, devices and variables of the fabric, networks,
identity, placement. What belongs to the model is left out, since it may not be there yet: cache, keys, probes.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.claims import compute_domain
from nim_stack.manifests.placement import group_annotations, group_labels
from nim_stack.manifests.pods import pod_template
from nim_stack.manifests.references import References

COMPONENT = "all-reduce"
RUN_SECONDS = 5 * 60
"""For the measurement itself, of which a working network needs some seconds."""
KEPT_SECONDS = 5 * 60
"""Doctor deletes the Job. If it was killed the Job ends by itself and goes so much later, with what it owns."""
_PROGRAM = Path(__file__).with_name("programs") / "all_reduce.py"
_OF_SERVING = ("args", "ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle")


@dataclass(frozen=True)
class AllReduce:
    """What is asked for beside the plan."""

    name: str
    namespace: str
    most_bytes: int
    """Size of the largest message in bytes."""
    seconds: int
    """Seconds until Kubernetes ends the Job, whatever the pods do."""
    image: str | None = None
    """Image to use in place of the plan's; None for the plan's own."""


def job_name(name: str, suffix: str) -> str:
    """Also of its Service, and part of the pods' names in DNS."""
    return f"{name}-{COMPONENT}-{suffix}"


def all_reduce_job(plan: DeploymentPlan, references: References, asked: AllReduce) -> Manifest:
    """One pod for each node of a group. A worker is the pattern: it has no more than a leader has."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata(plan, asked)
        | {"labels": group_labels(plan.settings.pods.queue) | names.labels(plan.settings.name, COMPONENT)},
        "spec": {
            "completionMode": "Indexed",
            "completions": plan.nodes,
            "parallelism": plan.nodes,
            "backoffLimit": 0,  # one that comes late finds nobody
            "activeDeadlineSeconds": asked.seconds,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": _template(plan, references, asked),
        },
    }


def owned(plan: DeploymentPlan, asked: AllReduce, uid: str) -> list[Manifest]:
    """What the Job needs beside it; it goes when the Job goes. A headless Service gives the pods their names in DNS,
    and multi-node NVLink needs a domain, where none is named."""
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": asked.name, "uid": uid, "blockOwnerDeletion": True}
    metadata = _metadata(plan, asked) | {"ownerReferences": [owner]}
    service: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        # They have to find each other before they are ready.
        "spec": {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": _pods(asked)},
    }
    domain = compute_domain(_named(plan, asked), asked.namespace)
    if domain is None:
        return [service]
    return [service, domain | {"metadata": metadata | {"name": domain["metadata"]["name"]}}]


def _metadata(plan: DeploymentPlan, asked: AllReduce) -> Manifest:
    labels = names.labels(plan.settings.name, COMPONENT)
    return {"name": asked.name, "namespace": asked.namespace, "labels": labels}


def _pods(asked: AllReduce) -> dict[str, str]:
    return {names.JOB_NAME_LABEL: asked.name}


def _named(plan: DeploymentPlan, asked: AllReduce) -> DeploymentPlan:
    """The plan under the Job's name, so that nothing of the deployment itself is referred to."""
    settings = plan.settings.model_copy(update={"name": asked.name})
    return replace(plan, settings=settings, image=asked.image or plan.image)


def _template(plan: DeploymentPlan, references: References, asked: AllReduce) -> Manifest:
    template = pod_template(_named(plan, asked), references, "worker")
    spec = {**template["spec"]}
    for kind in ("initContainers", "containers"):
        spec[kind] = [_measuring(plan, one, asked) if one["name"] == names.MODEL_CONTAINER else one
                      for one in spec.get(kind, ()) if one["name"] == names.MODEL_CONTAINER or _stays(one)]  # fmt: skip
    spec |= {
        "restartPolicy": "Never",
        "subdomain": asked.name,
        "terminationGracePeriodSeconds": 2,
        "affinity": _affinity(plan, spec["affinity"], asked),
        "topologySpreadConstraints": _selecting_the_jobs_pods(spec.get("topologySpreadConstraints", []), plan, asked),
        "volumes": [volume for volume in spec["volumes"] if volume["name"] != names.CACHE_VOLUME],
    }
    metadata = dict(template["metadata"])
    metadata["labels"] = metadata["labels"] | names.labels(plan.settings.name, COMPONENT)
    if annotations := metadata.get("annotations", {}) | group_annotations(plan):
        metadata["annotations"] = {k: v for k, v in annotations.items() if k != names.EXCLUSIVE_TOPOLOGY}
    return {"metadata": metadata, "spec": {key: value for key, value in spec.items() if value not in ([], {})}}


def _stays(container: Manifest) -> bool:
    """Containers that bring a network plugin or speak to the devices do; those that work on the model do not."""
    mounts = {mount["name"] for mount in container.get("volumeMounts", ())}
    return container["name"] != names.WAIT_CONTAINER and names.CACHE_VOLUME not in mounts


def _measuring(plan: DeploymentPlan, container: Manifest, asked: AllReduce) -> Manifest:
    """The model's container with another program in it."""
    own = {
        # Pods of an indexed Job have their number in their name; `cluster.local` and the like is for the resolver.
        "ALL_REDUCE_LEADER": f"{asked.name}-0.{asked.name}.{asked.namespace}.svc",
        # The port that a firewall between the nodes has to let through anyway.
        "ALL_REDUCE_PORT": str(plan.settings.ports.ray),
        "ALL_REDUCE_PODS": str(plan.nodes),
        "ALL_REDUCE_RANKS": str(plan.gpus_per_node),
        "ALL_REDUCE_MOST_BYTES": str(asked.most_bytes),
        "ALL_REDUCE_JOIN_SECONDS": str(asked.seconds),  # others may still pull the image
        "ALL_REDUCE_RUN_SECONDS": str(RUN_SECONDS),
        "TMPDIR": names.SHM_MOUNT,  # can be written to, whatever the root file system is
    }
    kept = [one for one in container["env"] if not one["name"].startswith("NIM_") and not _is_secret(one)]
    return {
        **{key: value for key, value in container.items() if key not in _OF_SERVING},
        "command": ["python3", "-c", _PROGRAM.read_text(encoding="utf-8")],
        "env": [*(one for one in kept if one["name"] not in own), *({"name": k, "value": v} for k, v in own.items())],
        "volumeMounts": [mount for mount in container["volumeMounts"] if mount["name"] != names.CACHE_VOLUME],
    }


def _is_secret(variable: Manifest) -> bool:
    return "secretKeyRef" in variable.get("valueFrom", {})


def _affinity(plan: DeploymentPlan, affinity: Manifest, asked: AllReduce) -> Manifest:
    """As in the group. That it is in one place of a topology is otherwise LeaderWorkerSet's doing."""
    result: Manifest = _selecting_the_jobs_pods(affinity, plan, asked)
    topology = plan.settings.pods.exclusive_topology
    if topology is not None:
        required = "requiredDuringSchedulingIgnoredDuringExecution"
        together = dict(result.get("podAffinity", {}))
        term = {"topologyKey": topology, "labelSelector": {"matchLabels": _pods(asked)}}
        together[required] = [*together.get(required, ()), term]
        result["podAffinity"] = together
    return result


def _selecting_the_jobs_pods(value: Any, plan: DeploymentPlan, asked: AllReduce) -> Any:
    """A copy of `value` in which every label selector of the group's pods selects the Job's pods instead.

    The affinity and the spread constraints of the plan name the group's pods by labels that LeaderWorkerSet sets. It
    does not make the pods of the Job, so these have other labels, and no group key to match.
    """
    if isinstance(value, (list, tuple)):
        return [_selecting_the_jobs_pods(item, plan, asked) for item in value]
    if not isinstance(value, dict):
        return value
    if value in (names.group_pods(asked.name), names.group_pods(plan.settings.name)):
        return _pods(asked)
    group_key = ("matchLabelKeys", [names.LWS_GROUP_KEY_LABEL])
    return {
        key: _selecting_the_jobs_pods(inner, plan, asked) for key, inner in value.items() if (key, inner) != group_key
    }
