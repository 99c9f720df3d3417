"""Settings of the pods that break a rule, and the message that they get."""

from typing import Any

from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase


def pods(**fields: Any) -> dict[str, Any]:
    return TINY | {"pods": fields}


SIDECAR = {"name": "logs", "image": "registry.example/logs:1"}

ERRORS = [
    RuleCase(
        "memory of workers of which shared memory leaves nothing",
        "NIM046",
        pods(worker={"resources": {"memory": "8Gi"}}),
        "nim.pods.worker.resources.memory = '8Gi': pods.worker.resources.shm = 16Gi is part of this memory and "
        "leaves nothing of it. Use more than 16Gi, or a smaller pods.worker.resources.shm.",
    ),
    RuleCase(
        "a claim of devices on a cluster that is too old",
        "NIM092",
        pods(computeDomain={}) | {"cluster": {"kubernetesVersion": "1.31"}},
        "nim.cluster.kubernetesVersion = '1.31': a claim of devices (dynamic resource allocation) needs 1.32 or "
        "newer. Use a cluster of 1.32 or newer.",
    ),
    RuleCase(
        "a token variable of workers that the stack sets",
        "NIM101",
        pods(worker={"env": [{"name": "HF_TOKEN", "value": "a"}]}),
        "nim.pods.worker.env.0.name = 'HF_TOKEN': the stack sets this variable itself. Use the secret hfToken, "
        "or nim.secrets.hfTokenSecret.",
    ),
    RuleCase(
        "a variable of leaders that is there twice",
        "NIM102",
        pods(leader={"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
        "nim.pods.leader.env.1.name = 'A': it is there twice. Leave one of the two out.",
    ),
    RuleCase(
        "a label that the stack sets",
        "NIM110",
        pods(labels={"app.kubernetes.io/name": "mine"}),
        "nim.pods.labels.app.kubernetes.io/name = 'mine': it is the stack's own, and Services and selectors find "
        "the pods by it. Use another name, or leave it out.",
    ),
    RuleCase(
        "a queue label on one role",
        "NIM110",
        pods(worker={"labels": {"kai.scheduler/queue": "team"}}),
        "nim.pods.worker.labels.kai.scheduler/queue = 'team': schedulers read it on the LeaderWorkerSet as well, "
        "which would lack it. Use nim.pods.queue.",
    ),
    RuleCase(
        "an annotation that the controllers set",
        "NIM110",
        pods(annotations={"leaderworkerset.sigs.k8s.io/exclusive-topology": "rack"}),
        "nim.pods.annotations.leaderworkerset.sigs.k8s.io/exclusive-topology = 'rack': the controllers of the "
        "pods set it. Use nim.pods.exclusiveTopology.",
    ),
    RuleCase(
        "GPUs as an extended resource",
        "NIM111",
        TINY | {"resources": {"extended": {"nvidia.com/gpu": "4"}}},
        "nim.resources.extended.nvidia.com/gpu = '4': the stack plans with this resource, which has a setting of "
        "its own. Use nim.gpusPerNode.",
    ),
    RuleCase(
        "a resource without a prefix",
        "NIM111",
        pods(leader={"resources": {"extended": {"hca": "1"}}}),
        "nim.pods.leader.resources.extended.hca = '1': Kubernetes knows no resource of this name, and those of "
        "devices have a prefix. Use a name such as rdma/hca_shared or hugepages-2Mi (`kubectl describe node` "
        "lists them).",
    ),
    RuleCase(
        "a part of a device",
        "NIM111",
        TINY | {"resources": {"extended": {"rdma/hca": "1.5"}}},
        "nim.resources.extended.rdma/hca = '1.5': this amount is no whole number of devices or pages, and the "
        "API server refuses such a pod. Use a whole number of devices; for hugepages-<size> a multiple of the "
        "size.",
    ),
    RuleCase(
        "a part of a huge page",
        "NIM111",
        TINY | {"resources": {"extended": {"hugepages-2Mi": "3Mi"}}},
        "nim.resources.extended.hugepages-2Mi = '3Mi': this amount is no whole number of devices or pages, and "
        "the API server refuses such a pod. Use a whole number of devices; for hugepages-<size> a multiple of "
        "the size.",
    ),
    RuleCase(
        "a group of files that the cluster assigns",
        "NIM114",
        TINY | {"podSecurity": {"assignedByCluster": True, "fsGroup": 2000}},
        "nim.podSecurity.fsGroup = 2000: podSecurity.assignedByCluster = true leaves it to the cluster. Leave "
        "one of the two out.",
    ),
    RuleCase(
        "root for all containers",
        "NIM115",
        pods(securityContext={"runAsUser": 0}),
        "nim.pods.nim.securityContext.runAsUser = 0: the container would run as root, which runAsNonRoot: true "
        "forbids. Use a user from 1, or set runAsNonRoot: false beside it.",
    ),
    RuleCase(
        "root for a sidecar of the leader",
        "NIM115",
        pods(leader={"sidecars": [SIDECAR | {"securityContext": {"runAsUser": 0}}]}),
        "nim.pods.leader.logs.securityContext.runAsUser = 0: the container would run as root, which "
        "runAsNonRoot: true forbids. Use a user from 1, or set runAsNonRoot: false beside it.",
    ),
    RuleCase(
        "seconds for a toleration that evicts nobody",
        "NIM116",
        pods(tolerations=[{"key": "a", "operator": "Exists", "tolerationSeconds": 30}]),
        "nim.pods.tolerations.0.tolerationSeconds = 30: these seconds delay an eviction, and only the effect "
        "NoExecute evicts. Set effect: NoExecute.",
    ),
    RuleCase(
        "a value for a toleration of any value",
        "NIM116",
        pods(worker={"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}),
        "nim.pods.worker.tolerations.0.value = 'b': with operator Exists any value is tolerated. Leave it out, "
        "or use operator: Equal.",
    ),
    RuleCase(
        "a toleration without a key and an operator",
        "NIM116",
        pods(tolerations=[{"effect": "NoSchedule"}]),
        "nim.pods.tolerations.0.operator: a toleration without a key means every taint, and only the operator "
        "Exists can say that. Set key, or operator: Exists.",
    ),
    RuleCase(
        "an exclusive topology of one node",
        "NIM117",
        pods(exclusiveTopology="kubernetes.io/hostname"),
        "nim.pods.exclusiveTopology = 'kubernetes.io/hostname': it is the label of one node, and the 2 pods of a "
        "group are on 2 nodes. Use the label of a rack or block, or leave it out.",
    ),
    RuleCase(
        "GPUs for a sidecar",
        "NIM118",
        pods(sidecars=[SIDECAR | {"resources": {"limits": {"nvidia.com/gpu": 1}}}]),
        "nim.pods.logs.resources = 1: the GPUs of a pod are those of the model container, as planned. Leave them out.",
    ),
    RuleCase(
        "a sidecar of both roles and of workers by the same name",
        "NIM122",
        pods(sidecars=[SIDECAR], worker={"sidecars": [SIDECAR]}),
        "nim.pods.worker.containers = 'logs': a pod would have 2 containers of this name. Use another name for "
        "what nim.pods adds.",
    ),
    RuleCase(
        "two mounts at the path of the model",
        "NIM122",
        pods(volumes=[{"name": "mine"}], volumeMounts=[{"name": "mine", "mountPath": "/model-store/"}]),
        "nim.pods.nim.volumeMounts = '/model-store': a pod would have 2 mounts at this path. Use another path "
        "for what nim.pods adds.",
    ),
    RuleCase(
        "a mount of a volume that the pod does not have",
        "NIM123",
        pods(volumeMounts=[{"name": "mine", "mountPath": "/mine"}]),
        "nim.pods.nim.volumeMounts = 'mine': the pod has no volume of this name. Use model-cache or dshm, or add "
        "the volume.",
    ),
    RuleCase(
        "a resource claim of a sidecar that the pod does not have",
        "NIM123",
        pods(leader={"sidecars": [SIDECAR | {"resources": {"claims": [{"name": "nic"}]}}]}),
        "nim.pods.leader.logs.resources.claims = 'nic': the pod has no resource claim of this name. Add the "
        "resource claim.",
    ),
    RuleCase(
        "an init container without an image",
        "NIM124",
        pods(initContainers=[{"name": "prepare"}]),
        "nim.pods.prepare: the container has no image; those that have one are nim. Set its image, or correct "
        "the name.",
    ),
    RuleCase(
        "a volume with two sources",
        "NIM127",
        pods(volumes=[{"name": "mine", "emptyDir": {}, "secret": {"secretName": "a"}}]),
        "nim.pods.volumes.mine: the volume has 2 sources, emptyDir, secret. Keep one of them.",
    ),
    RuleCase(
        "a resource claim without a source",
        "NIM127",
        pods(resourceClaims=[{"name": "nic"}]),
        "nim.pods.resourceClaims.nic: a claim needs exactly one of resourceClaimName and "
        "resourceClaimTemplateName. Give one of them. With a template each pod gets a claim of its own.",
    ),
    RuleCase(
        "a port below 1024 on the node's network",
        "NIM128",
        pods(hostNetwork=True) | {"ports": {"server": 80}},
        "nim.ports.server = 80: with pods.hostNetwork it is a port of the node, and there only root may use a "
        "port this low. Use a port from 1024.",
    ),
]

WARNINGS = [
    RuleCase(
        "a variable that replaces one of the fabric",
        "NIM104",
        pods(leader={"env": [{"name": "FI_PROVIDER", "value": "tcp"}]}) | {"fabric": "efa"},
        "nim.pods.leader.env.0.value = 'tcp': it replaces 'efa', which the fabric efa needs. Leave it out unless "
        "that is meant.",
    ),
    RuleCase(
        "an extended resource that replaces one of the fabric",
        "NIM113",
        TINY | {"fabric": "efa", "resources": {"extended": {"vpc.amazonaws.com/efa": "16"}}},
        "nim.resources.extended.vpc.amazonaws.com/efa = '16': it replaces '32', which the fabric efa needs. "
        "Leave it out unless that is meant.",
    ),
    RuleCase(
        "an annotation that replaces one of the fabric",
        "NIM113",
        pods(worker={"annotations": {"k8s.v1.cni.cncf.io/networks": "mine"}}) | {"fabric": "rdma-sriov"},
        "nim.pods.worker.annotations.k8s.v1.cni.cncf.io/networks = 'mine': it replaces 'sriov-rdma', which the "
        "fabric rdma-sriov needs. Leave it out unless that is meant.",
    ),
    RuleCase(
        "a queue of another scheduler than the named one",
        "NIM119",
        pods(queue={"kind": "kai", "name": "team"}, schedulerName="volcano"),
        "nim.pods.schedulerName = 'volcano': the queue is read by kai-scheduler. Leave it out unless "
        "kai-scheduler is installed under this name.",
    ),
    RuleCase(
        "a queue of Volcano with the LWS release of the stack",
        "NIM120",
        pods(queue={"kind": "volcano", "name": "team"}) | {"lws": {"mode": "install", "sha256": "0" * 64}},
        "nim.pods.queue.kind = 'volcano': the LWS release that the stack installs makes no PodGroups, so that "
        "pods are placed one by one. Use lws: existing with an LWS whose "
        "gangSchedulingManagement.schedulerProvider is volcano.",
    ),
    RuleCase(
        "a surge with a queue of Kueue",
        "NIM121",
        pods(queue={"kind": "kueue", "name": "team"}) | {"replicas": 2, "rollout": {"maxSurge": 1}},
        "nim.rollout.maxSurge = 1: Kueue before 0.16 never admits the groups that an update adds. Use Kueue 0.16 "
        "or newer with room in the queue team, or set maxSurge to 0.",
    ),
    RuleCase(
        "two groups on the network of one node",
        "NIM129",
        pods(hostNetwork=True) | {"replicas": 2},
        "nim.pods.hostNetwork = True: the GPUs of a node suffice for two pods (1 each), and two pods cannot have "
        "the same ports there. Have 4 nodes for 2 groups, or leave it out.",
    ),
]
