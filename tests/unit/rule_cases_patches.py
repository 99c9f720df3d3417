"""Patches of the pods that break a rule, and the message that they get."""

from typing import Any

from tests.unit.conftest import TINY
from tests.unit.rule_cases_model import Cases
from tests.unit.rule_cases_pods import SIDECAR, pods


def patch(**spec: Any) -> dict[str, Any]:
    return pods(patch={"spec": spec})


def model(**container: Any) -> dict[str, Any]:
    return patch(containers=[{"name": "nim"} | container])


ERRORS: Cases = [
    (
        "NIM124",
        patch(containers=[{"name": "nimm", "workingDir": "/tmp"}]),
        "nim.pods.nimm: the container has no image; those that have one are nim. Set its image, or correct the",
    ),
    (
        "NIM125",
        patch(containers=[{"name": "logs", "$patch": "delete"}]),
        "nim.pods.patch.spec.containers.logs = 'delete': $patch: delete has nothing to act on, as there is none in the "
        "pods. There are nim; correct the name, or leave it out.",
    ),
    (
        "NIM125",
        pods(leader={"sidecars": [SIDECAR]}, patch={"spec": {"containers": [{"name": "logs", "$patch": "delete"}]}}),
        "nim.pods.patch.spec.containers.logs = 'delete': $patch: delete has nothing to act on, as there is none in the "
        "pods of the worker. There are nim; correct",
    ),
    (
        "NIM125",
        pods(worker={"patch": {"spec": {"hostname": None}}}),
        "nim.pods.worker.patch.spec.hostname: null for hostname has nothing to act on, as there is none in the pods.",
    ),
    (
        "NIM125",
        patch(**{"$retainKeys": ["containers"]}),
        "nim.pods.patch.spec: the directive $retainKeys = ['containers'] is not understood. Use $patch: replace, $patc",
    ),
    (
        "NIM125",
        patch(containers=[{"image": "registry.example/other:1"}]),
        "nim.pods.patch.spec.containers = 'image': entries of this list are told apart by name, which it lacks. Give",
    ),
    (
        "NIM126",
        patch(restartPolicy="Never"),
        "nim.pods.patch.spec.restartPolicy = 'Never': the plan decides it. Leave it as it is: a group restarts as one.",
    ),
    ("NIM126", model(args=["nim-serve"]), "nim.pods.patch.spec.containers.nim.args = '…': the plan decides it. Use ni"),
    (
        "NIM126",
        model(resources={"limits": {"nvidia.com/gpu": "4"}}),
        "nim.pods.patch.spec.containers.nim.resources.limits.nvidia.com/gpu = '4': the plan decides it. Use nim.gpusPe",
    ),
    (
        "NIM126",
        model(env=[{"name": "VLLM_HOST_IP", "value": "10.0.0.1", "valueFrom": None}]),
        "nim.pods.patch.spec.containers.nim.env.VLLM_HOST_IP = '…': the plan decides it. Leave it as it is: it is the",
    ),
    (
        "NIM126",
        model(env=[{"name": "NGC_API_KEY", "value": "a"}]),
        "nim.pods.patch.spec.containers.nim.env.NGC_API_KEY = '…': the plan decides it. Use the secret ngcApiKey, or",
    ),
    (
        "NIM126",
        model(ports=[{"containerPort": 6379, "$patch": "delete"}]),
        "nim.pods.patch.spec.containers.nim.ports = 6379: Service, probes and workers use this port. Use nim.ports.",
    ),
    (
        "NIM126",
        patch(containers=[{"name": "nim", "$patch": "delete"}]),
        "nim.pods.patch.spec.containers.nim: it takes the model container away. Leave it there.",
    ),
    (
        "NIM126",
        patch(volumes=[{"name": "dshm", "emptyDir": {"sizeLimit": "1Gi"}}]),
        "nim.pods.patch.spec.volumes.dshm = '…': the plan decides it. Use nim.resources.shm.",
    ),
    (
        "NIM126",
        patch(tolerations=[{"operator": "Exists"}]),
        "nim.pods.patch.spec.tolerations = '…': the plan decides it. Use nim.pods.tolerations, since a patch would rep",
    ),
    (
        "NIM126",
        pods(leader={"patch": {"metadata": {"labels": {"leaderworkerset.sigs.k8s.io/name": "other"}}}}),
        "nim.pods.leader.patch.metadata.labels.leaderworkerset.sigs.k8s.io/name = 'other': the controllers of the pods",
    ),
    (
        "NIM126",
        TINY | {"nodeSelector": {"pool": "a"}, "pods": {"patch": {"spec": {"nodeSelector": {"pool": "b"}}}}},
        "nim.pods.patch.spec.nodeSelector.pool = 'b': the plan decides it. Use nim.gpu or nim.nodeSelector.",
    ),
    (
        "NIM127",
        model(envFrom=[{"configMapRef": {"name": "a"}}], lifecycle={"preStop": {"httpGet": {"path": "/"}}}),
        "nim.pods.patch: after it, spec.containers.0.lifecycle.preStop.httpGet: 'port' is missing, which HTTPGetAction",
    ),
    (
        "NIM003",
        patch(contaners=[]),
        "nim.pods.patch = {'spec': {'contaners': []}}: spec: 'contaners' is not a field of PodSpec, did you mean",
    ),
    (
        "NIM127",
        model(livenessProbe={"failureThreshold": 12}),
        "nim.pods.nim.livenessProbe: the probe in pods of the worker does not say what is asked. Add exec, grpc, http",
    ),
    (
        "NIM127",
        model(securityContext={"privileged": True}),
        "nim.pods.nim.securityContext.allowPrivilegeEscalation = False: a container that is privileged, or has CAP_SYS",
    ),
    (
        "NIM127",
        pods(containerSecurityContext={"allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}}),
        "nim.pods.nim.securityContext.allowPrivilegeEscalation = False: a container that is privileged, or has CAP_SYS",
    ),
]
WARNINGS: Cases = []
