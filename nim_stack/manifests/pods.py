"""The pods of a group: one builder for both roles.

Every field reaches leader and worker alike unless the role itself is the difference; the chart and the operator of
NIM each forget fields on workers, and a worker that differs fails when the group is already loading.
"""

import shlex
from typing import Literal

from nim_stack import names
from nim_stack.budget import STARTUP_PERIOD_SECONDS
from nim_stack.manifests.cache_volume import cache_mount, cache_volume
from nim_stack.manifests.model_source import model_environment
from nim_stack.manifests.references import Manifest, References
from nim_stack.plan import DeploymentPlan

Role = Literal["leader", "worker"]


def pod_template(plan: DeploymentPlan, references: References, role: Role) -> Manifest:
    """Pod template of one role."""
    settings = plan.settings
    security = settings.pod_security
    spec: Manifest = {
        # No Kubernetes API inside the group, and no variables for every Service of the namespace: one of them can be
        # called VLLM_PORT (vllm-project/vllm#34199).
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": security.run_as_user,
            "runAsGroup": security.run_as_group,
            "fsGroup": security.fs_group,
            # The default changes the owner of every file of the cache at each start.
            "fsGroupChangePolicy": "OnRootMismatch",
        },
        "affinity": {"podAntiAffinity": _apart(settings.name)},
        "tolerations": [{"key": names.GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}],
        "containers": [_container(plan, references, role)],
        "volumes": [
            cache_volume(plan, references),
            {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": settings.resources.shm}},
        ],
    }
    if plan.node_selector:
        spec["nodeSelector"] = plan.node_selector
    if references.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in references.pull_secrets]
    metadata: Manifest = {"labels": names.labels(settings.name, role)}
    annotations = dict(plan.fabric.annotations) if plan.fabric else {}
    if references.keys_digest is not None:
        annotations[names.KEYS_DIGEST] = references.keys_digest
    if annotations:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": spec}


def _apart(name: str) -> Manifest:
    """No two pods of one group on a node, while other groups may share it.

    LWS labels each pod with its group's key; `matchLabelKeys` adds the pod's own value to the selector when it is
    created (beta in Kubernetes 1.31, stable in 1.33). An older API server drops the field, and then groups keep apart
    from each other as well.
    """
    term = {
        "topologyKey": names.HOSTNAME_LABEL,
        "labelSelector": {"matchLabels": {names.LWS_NAME_LABEL: name}},
        "matchLabelKeys": [names.LWS_GROUP_KEY_LABEL],
    }
    return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}


def _container(plan: DeploymentPlan, references: References, role: Role) -> Manifest:
    settings = plan.settings
    leader = role == "leader"
    ports = [{"name": "ray", "containerPort": settings.ports.ray, "protocol": "TCP"}]
    if leader:
        ports.insert(0, {"name": names.HTTP, "containerPort": settings.ports.server, "protocol": "TCP"})
    return {
        "name": "nim",
        "image": plan.image,
        "imagePullPolicy": settings.image_pull_policy,
        "args": _arguments(settings.ports.ray, role),
        "env": _environment(plan, references),
        "ports": ports,
        "resources": _resources(plan),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": _capabilities(plan)},
        "volumeMounts": [
            cache_mount(plan, role),
            {"name": "dshm", "mountPath": names.SHM_MOUNT},
        ],
        # Workers have none: any restart by a probe recreates the group, a worker serves no HTTP, and asking Ray takes
        # 40 s once its head is gone. The processes watch each other and exit instead.
        **(_probes(plan) if leader else {}),
    }


def _capabilities(plan: DeploymentPlan) -> Manifest:
    """RDMA pins memory, for which it needs IPC_LOCK; everything else is dropped."""
    added = list(plan.fabric.capabilities) if plan.fabric else []
    return {"drop": ["ALL"]} | ({"add": added} if added else {})


def _arguments(ray_port: int, role: Role) -> list[str]:
    """Arguments for the image's own entrypoint; LWS puts LWS_LEADER_ADDRESS first in the environment."""
    if role == "leader":
        return ["nim-serve-ray", "--head", "--port", str(ray_port)]
    return ["nim-serve-ray", "--head-address", f"$(LWS_LEADER_ADDRESS):{ray_port}"]


def _environment(plan: DeploymentPlan, references: References) -> list[Manifest]:
    settings = plan.settings
    values: dict[str, object] = {
        "NIM_TENSOR_PARALLEL_SIZE": None if settings.profile else plan.tensor_parallel,
        "NIM_PIPELINE_PARALLEL_SIZE": None if settings.profile else plan.pipeline_parallel,
        "NIM_NUM_COMPUTE_NODES": plan.nodes,
        "NIM_SERVED_MODEL_NAME": plan.served_name,
        "NIM_MAX_MODEL_LEN": settings.max_model_len,
        "NIM_PASSTHROUGH_ARGS": shlex.join(settings.passthrough_args) or None,
        "NIM_SERVER_PORT": settings.ports.server,
        # NVIDIA: "The NIM JSON log formatter is not available in Ray workers" (multi-node page, known limitations).
        "NIM_JSONL_LOGGING": 0,
        # Understood by the open image; the licensed one ignores them.
        "NIM_STACK_SHARED_CACHE": int(settings.storage.shared),
        "NIM_STACK_JOIN_TIMEOUT_SECONDS": plan.budget.join,
    }
    env = model_environment(plan, references, offline=plan.offline)
    env += [{"name": name, "value": str(value)} for name, value in values.items() if value is not None]
    # Ray and vLLM would otherwise guess among the pod's interfaces.
    env.append({"name": "VLLM_HOST_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}})
    further = {variable.name: variable for variable in (*(plan.fabric.env if plan.fabric else ()), *settings.env)}
    return env + [variable.manifest for variable in further.values()]


def _resources(plan: DeploymentPlan) -> Manifest:
    """GPUs and the fabric's devices are both request and limit; memory too, so that a pod is never the first to be
    evicted."""
    resources = plan.settings.resources
    limits = {names.GPU_RESOURCE: str(plan.gpus_per_node)} | ({"memory": resources.memory} if resources.memory else {})
    limits |= plan.fabric.resources if plan.fabric else {}
    return {"limits": limits, "requests": limits | ({"cpu": resources.cpu} if resources.cpu else {})}


def _probes(plan: DeploymentPlan) -> Manifest:
    ready = {"httpGet": {"path": names.HEALTH_READY, "port": names.HTTP}, "timeoutSeconds": 5}
    live = {"httpGet": {"path": names.HEALTH_LIVE, "port": names.HTTP}, "timeoutSeconds": 10}
    return {
        "startupProbe": ready
        | {"periodSeconds": STARTUP_PERIOD_SECONDS, "failureThreshold": plan.budget.startup_failures},
        "readinessProbe": ready | {"periodSeconds": 5, "failureThreshold": 3},
        "livenessProbe": live | {"periodSeconds": 10, "failureThreshold": 6},
    }
