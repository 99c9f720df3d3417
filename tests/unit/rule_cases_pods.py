"""Settings of the pods that break a rule, and the message that they get."""

from typing import Any

from tests.unit.conftest import TINY
from tests.unit.rule_cases_model import Cases


def pods(**fields: Any) -> dict[str, Any]:
    return TINY | {"pods": fields}


SIDECAR = {"name": "logs", "image": "registry.example/logs:1"}

ERRORS: Cases = [
    (
        "NIM046",
        pods(worker={"resources": {"memory": "8Gi"}}),
        "nim.pods.worker.resources.memory = '8Gi': pods.worker.resources.shm = 16Gi is part of it, and leaves nothing.",
    ),
    (
        "NIM092",
        pods(computeDomain={}) | {"cluster": {"kubernetesVersion": "1.31"}},
        "nim.cluster.kubernetesVersion = '1.31': a claim of devices (dynamic resource allocation) needs 1.32 or newer.",
    ),
    (
        "NIM101",
        pods(worker={"env": [{"name": "HF_TOKEN", "value": "a"}]}),
        "nim.pods.worker.env.0.name = 'HF_TOKEN': the stack sets this variable itself. Use the secret hfToken, or",
    ),
    (
        "NIM102",
        pods(leader={"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
        "nim.pods.leader.env.1.name = 'A': it is there twice. Leave one of the two out.",
    ),
    (
        "NIM110",
        pods(labels={"app.kubernetes.io/name": "mine"}),
        "nim.pods.labels.app.kubernetes.io/name = 'mine': it is the stack's own, and Services and selectors find the",
    ),
    (
        "NIM110",
        pods(worker={"labels": {"kai.scheduler/queue": "team"}}),
        "nim.pods.worker.labels.kai.scheduler/queue = 'team': schedulers read it on the LeaderWorkerSet as well, which "
        "would lack it. Use nim.pods.queue.",
    ),
    (
        "NIM110",
        pods(annotations={"leaderworkerset.sigs.k8s.io/exclusive-topology": "rack"}),
        "nim.pods.annotations.leaderworkerset.sigs.k8s.io/exclusive-topology = 'rack': the controllers of the pods set "
        "it. Use nim.pods.exclusiveTopology.",
    ),
    (
        "NIM111",
        TINY | {"resources": {"extended": {"nvidia.com/gpu": "4"}}},
        "nim.resources.extended.nvidia.com/gpu = '4': the stack plans with this resource, which has a setting of its "
        "own. Use nim.gpusPerNode.",
    ),
    (
        "NIM111",
        pods(leader={"resources": {"extended": {"hca": "1"}}}),
        "nim.pods.leader.resources.extended.hca = '1': Kubernetes knows no resource of this name, and those of devices",
    ),
    (
        "NIM111",
        TINY | {"resources": {"extended": {"rdma/hca": "1.5"}}},
        "nim.resources.extended.rdma/hca = '1.5': it is no whole number of them, and the API server refuses such a pod",
    ),
    (
        "NIM111",
        TINY | {"resources": {"extended": {"hugepages-2Mi": "3Mi"}}},
        "nim.resources.extended.hugepages-2Mi = '3Mi': it is no whole number of them, and the API server refuses such",
    ),
    (
        "NIM114",
        TINY | {"podSecurity": {"assignedByCluster": True, "fsGroup": 2000}},
        "nim.podSecurity.fsGroup = 2000: podSecurity.assignedByCluster = true leaves it to the cluster. Leave one of",
    ),
    (
        "NIM115",
        pods(securityContext={"runAsUser": 0}),
        "nim.pods.nim.securityContext.runAsUser = 0: the container would run as root, which runAsNonRoot: true forbid",
    ),
    (
        "NIM115",
        pods(leader={"sidecars": [SIDECAR | {"securityContext": {"runAsUser": 0}}]}),
        "nim.pods.leader.logs.securityContext.runAsUser = 0: the container would run as root, which runAsNonRoot: true",
    ),
    (
        "NIM116",
        pods(tolerations=[{"key": "a", "operator": "Exists", "tolerationSeconds": 30}]),
        "nim.pods.tolerations.0.tolerationSeconds = 30: only evictions can be put off, and they are the effect NoExecu",
    ),
    (
        "NIM116",
        pods(worker={"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}),
        "nim.pods.worker.tolerations.0.value = 'b': with operator Exists any value is tolerated. Leave it out, or use",
    ),
    (
        "NIM116",
        pods(tolerations=[{"effect": "NoSchedule"}]),
        "nim.pods.tolerations.0.operator: without a key every taint is meant, which the operator Exists alone can say.",
    ),
    (
        "NIM117",
        pods(exclusiveTopology="kubernetes.io/hostname"),
        "nim.pods.exclusiveTopology = 'kubernetes.io/hostname': it is the label of one node, and the 2 pods of a group",
    ),
    (
        "NIM118",
        pods(sidecars=[SIDECAR | {"resources": {"limits": {"nvidia.com/gpu": 1}}}]),
        "nim.pods.logs.resources = 1: the GPUs of a pod are those of the model container, as planned. Leave them out.",
    ),
    (
        "NIM122",
        pods(sidecars=[SIDECAR], worker={"sidecars": [SIDECAR]}),
        "nim.pods.worker.containers = 'logs': a pod would have 2 containers of this name. Use another one for the stac",
    ),
    (
        "NIM122",
        pods(volumes=[{"name": "mine"}], volumeMounts=[{"name": "mine", "mountPath": "/model-store/"}]),
        "nim.pods.nim.volumeMounts = '/model-store': a pod would have 2 mounts at this path. Use another one for the s",
    ),
    (
        "NIM123",
        pods(volumeMounts=[{"name": "mine", "mountPath": "/mine"}]),
        "nim.pods.nim.volumeMounts = 'mine': the pod has none of this name. The pod has model-cache, dshm.",
    ),
    (
        "NIM123",
        pods(leader={"sidecars": [SIDECAR | {"resources": {"claims": [{"name": "nic"}]}}]}),
        "nim.pods.leader.logs.resources.claims = 'nic': the pod has none of this name. The pod has none.",
    ),
    (
        "NIM124",
        pods(initContainers=[{"name": "prepare"}]),
        "nim.pods.prepare: the container has no image; those that have one are nim. Set its image, or correct the",
    ),
    (
        "NIM127",
        pods(volumes=[{"name": "mine", "emptyDir": {}, "secret": {"secretName": "a"}}]),
        "nim.pods.volumes.mine: the volume has 2 sources, emptyDir, secret. Leave one of them.",
    ),
    (
        "NIM127",
        pods(resourceClaims=[{"name": "nic"}]),
        "nim.pods.resourceClaims.nic: a claim has one of resourceClaimName and resourceClaimTemplateName. Give one of",
    ),
    (
        "NIM128",
        pods(hostNetwork=True) | {"ports": {"server": 80}},
        "nim.ports.server = 80: with pods.hostNetwork it is a port of the node, where it belongs to root. Use a port",
    ),
]

WARNINGS: Cases = [
    (
        "NIM104",
        pods(leader={"env": [{"name": "FI_PROVIDER", "value": "tcp"}]}) | {"fabric": "efa"},
        "nim.pods.leader.env.0.value = 'tcp': it replaces 'efa', which the fabric efa needs. Leave it out unless that",
    ),
    (
        "NIM113",
        TINY | {"fabric": "efa", "resources": {"extended": {"vpc.amazonaws.com/efa": "16"}}},
        "nim.resources.extended.vpc.amazonaws.com/efa = '16': it replaces '32', which the fabric efa needs. Leave it",
    ),
    (
        "NIM113",
        pods(worker={"annotations": {"k8s.v1.cni.cncf.io/networks": "mine"}}) | {"fabric": "rdma-sriov"},
        "nim.pods.worker.annotations.k8s.v1.cni.cncf.io/networks = 'mine': it replaces 'sriov-rdma', which the fabric",
    ),
    (
        "NIM119",
        pods(queue={"kind": "kai", "name": "team"}, schedulerName="volcano"),
        "nim.pods.schedulerName = 'volcano': the queue is read by kai-scheduler. Leave it out unless kai-scheduler is",
    ),
    (
        "NIM120",
        pods(queue={"kind": "volcano", "name": "team"}) | {"lws": {"mode": "install", "sha256": "0" * 64}},
        "nim.pods.queue.kind = 'volcano': the LWS release that the stack installs makes no PodGroups, so that pods are",
    ),
    (
        "NIM121",
        pods(queue={"kind": "kueue", "name": "team"}) | {"replicas": 2, "rollout": {"maxSurge": 1}},
        "nim.rollout.maxSurge = 1: Kueue before 0.16 never admits the groups that an update adds. Use Kueue 0.16 or",
    ),
    (
        "NIM129",
        pods(hostNetwork=True) | {"replicas": 2},
        "nim.pods.hostNetwork = True: two pods with 1 GPUs fit on a node, but not with the same ports. Have 4 nodes",
    ),
]
