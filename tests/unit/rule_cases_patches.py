"""Patches of the pods that break a rule, and the message that they get."""

from typing import Any

from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase
from tests.unit.rule_cases_pods import SIDECAR, pods


def patch(**spec: Any) -> dict[str, Any]:
    return pods(patch={"spec": spec})


def model(**container: Any) -> dict[str, Any]:
    return patch(containers=[{"name": "nim"} | container])


ERRORS = [
    RuleCase(
        "a patch that adds a container by a wrong name",
        "NIM124",
        patch(containers=[{"name": "nimm", "workingDir": "/tmp"}]),
        "nim.pods.nimm: the container has no image; those that have one are nim. Set its image, or correct the name.",
    ),
    RuleCase(
        "a patch that deletes a container that no pod has",
        "NIM125",
        patch(containers=[{"name": "logs", "$patch": "delete"}]),
        "nim.pods.patch.spec.containers.logs = 'delete': $patch: delete has nothing to act on, because there "
        "is no such part in the pods. The list has nim; correct the name, or leave it out.",
    ),
    RuleCase(
        "a patch that deletes a container that only leaders have",
        "NIM125",
        pods(leader={"sidecars": [SIDECAR]}, patch={"spec": {"containers": [{"name": "logs", "$patch": "delete"}]}}),
        "nim.pods.patch.spec.containers.logs = 'delete': $patch: delete has nothing to act on, because there "
        "is no such part in the pods of the worker. The list has nim; correct the name, or leave it out.",
    ),
    RuleCase(
        "a patch that takes away a field that is not there",
        "NIM125",
        pods(worker={"patch": {"spec": {"hostname": None}}}),
        "nim.pods.worker.patch.spec.hostname: null for hostname has nothing to act on, because there is no such "
        "part in the pods. Correct the name, or leave it out.",
    ),
    RuleCase(
        "a patch with a directive that is not supported",
        "NIM125",
        patch(**{"$retainKeys": ["containers"]}),
        "nim.pods.patch.spec: the directive $retainKeys = ['containers'] is not understood. Use $patch: replace, "
        "$patch: delete, or null for a field.",
    ),
    RuleCase(
        "a patch of a list entry without its key",
        "NIM125",
        patch(containers=[{"image": "registry.example/other:1"}]),
        "nim.pods.patch.spec.containers = 'image': entries of this list are told apart by name, and this entry "
        "has none. Give the entry a name.",
    ),
    RuleCase(
        "a patch of the restart policy",
        "NIM126",
        patch(restartPolicy="Never"),
        "nim.pods.patch.spec.restartPolicy = 'Never': the plan decides it. Leave it as it is: a group restarts as one.",
    ),
    RuleCase(
        "a patch of the arguments of the model container",
        "NIM126",
        model(args=["nim-serve"]),
        "nim.pods.patch.spec.containers.nim.args = '…': the plan decides it. Use nim.passthroughArgs.",
    ),
    RuleCase(
        "a patch of the number of GPUs",
        "NIM126",
        model(resources={"limits": {"nvidia.com/gpu": "4"}}),
        "nim.pods.patch.spec.containers.nim.resources.limits.nvidia.com/gpu = '4': the plan decides it. Use "
        "nim.gpusPerNode.",
    ),
    RuleCase(
        "a patch of the variable for the pod's address",
        "NIM126",
        model(env=[{"name": "VLLM_HOST_IP", "value": "10.0.0.1", "valueFrom": None}]),
        "nim.pods.patch.spec.containers.nim.env.VLLM_HOST_IP = '…': the plan decides it. Leave it as it is: it "
        "is the pod's address.",
    ),
    RuleCase(
        "a patch of the variable for the NGC API key",
        "NIM126",
        model(env=[{"name": "NGC_API_KEY", "value": "a"}]),
        "nim.pods.patch.spec.containers.nim.env.NGC_API_KEY = '…': the plan decides it. Use the secret "
        "ngcApiKey, or nim.secrets.ngcApiSecret.",
    ),
    RuleCase(
        "a patch that deletes the port of Ray",
        "NIM126",
        model(ports=[{"containerPort": 6379, "$patch": "delete"}]),
        "nim.pods.patch.spec.containers.nim.ports = 6379: Service, probes and workers use this port. Use nim.ports.",
    ),
    RuleCase(
        "a patch that deletes the model container",
        "NIM126",
        patch(containers=[{"name": "nim", "$patch": "delete"}]),
        "nim.pods.patch.spec.containers.nim: it takes the model container away. Leave it there.",
    ),
    RuleCase(
        "a patch of the size of shared memory",
        "NIM126",
        patch(volumes=[{"name": "dshm", "emptyDir": {"sizeLimit": "1Gi"}}]),
        "nim.pods.patch.spec.volumes.dshm = '…': the plan decides it. Use nim.resources.shm.",
    ),
    RuleCase(
        "a patch of the tolerations",
        "NIM126",
        patch(tolerations=[{"operator": "Exists"}]),
        "nim.pods.patch.spec.tolerations = '…': the plan decides it. Use nim.pods.tolerations, since a patch "
        "would replace the whole list.",
    ),
    RuleCase(
        "a patch of a label of the controllers",
        "NIM126",
        pods(leader={"patch": {"metadata": {"labels": {"leaderworkerset.sigs.k8s.io/name": "other"}}}}),
        "nim.pods.leader.patch.metadata.labels.leaderworkerset.sigs.k8s.io/name = 'other': the controllers of "
        "the pods set it. Use another name, or leave it out.",
    ),
    RuleCase(
        "a patch of a node label that a setting names",
        "NIM126",
        TINY | {"nodeSelector": {"pool": "a"}, "pods": {"patch": {"spec": {"nodeSelector": {"pool": "b"}}}}},
        "nim.pods.patch.spec.nodeSelector.pool = 'b': the plan decides it. Use nim.gpu or nim.nodeSelector.",
    ),
    RuleCase(
        "a patch that leaves a hook without a port",
        "NIM127",
        model(envFrom=[{"configMapRef": {"name": "a"}}], lifecycle={"preStop": {"httpGet": {"path": "/"}}}),
        "nim.pods.patch: the patched pod template is not valid: spec.containers.0.lifecycle.preStop.httpGet: "
        "'port' is missing, which HTTPGetAction needs. Complete the patch.",
    ),
    RuleCase(
        "a patch with a misspelled field",
        "NIM003",
        patch(contaners=[]),
        "nim.pods.patch = {'spec': {'contaners': []}}: spec: 'contaners' is not a field of PodSpec (the nearest "
        "is containers). Strategic merge patch of the pod template, {metadata, spec}, for what no setting names.",
    ),
    RuleCase(
        "a patch of a probe that workers do not have",
        "NIM127",
        model(livenessProbe={"failureThreshold": 12}),
        "nim.pods.nim.livenessProbe: the probe in pods of the worker does not say what is asked. Add exec, grpc, "
        "httpGet or tcpSocket; a probe of the leader is patched under leader.",
    ),
    RuleCase(
        "a patch that makes the model container privileged",
        "NIM127",
        model(securityContext={"privileged": True}),
        "nim.pods.nim.securityContext.allowPrivilegeEscalation = False: a container that is privileged, or has "
        "CAP_SYS_ADMIN, cannot be kept from more privileges. Leave it out, or in a patch set it to null.",
    ),
    RuleCase(
        "a capability that does not go with the escalation it forbids",
        "NIM127",
        pods(containerSecurityContext={"allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}}),
        "nim.pods.nim.securityContext.allowPrivilegeEscalation = False: a container that is privileged, or has "
        "CAP_SYS_ADMIN, cannot be kept from more privileges. Leave it out, or in a patch set it to null.",
    ),
]
WARNINGS: list[RuleCase] = []
