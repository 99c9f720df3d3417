"""Settings that break a rule on access or on the number of groups, and the message that they get."""

from typing import Any

from tests.matrix_access import QUEUE
from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase


def _scaled(metric: dict[str, Any] = QUEUE, **autoscaling: Any) -> dict[str, Any]:
    return TINY | {"autoscaling": {"maxReplicas": 3, "metrics": [metric]} | autoscaling}


def _allowed(peer: dict[str, Any]) -> dict[str, Any]:
    return TINY | {"networkPolicy": {"clients": [peer]}}


ERRORS = [
    RuleCase(
        "a host name with an underscore",
        "NIM003",
        TINY | {"ingress": {"host": "chat_1.example.com"}},
        "nim.ingress.host = 'chat_1.example.com': it is not written in a form that works. Host name, such as "
        "chat.example.com or *.example.com.",
    ),
    RuleCase(
        "a scrape interval whose units are in the wrong order",
        "NIM003",
        TINY | {"podMonitor": {"interval": "30s1m"}},
        "nim.podMonitor.interval = '30s1m': it is not written in a form that works. Time between scrapes such as "
        "30s or 1m30s.",
    ),
    RuleCase(
        "the most groups of the autoscaler and the surge need too many nodes",
        "NIM096",
        _scaled() | {"rollout": {"maxSurge": 1}, "cluster": {"gpuNodes": 7}},
        "nim.autoscaling.maxReplicas = 3: 3 groups and 1 beside them in an update need 8 nodes, 8 GPUs, and "
        "nim.cluster.gpuNodes is 7. Use at most 2, or more nodes, or no surge.",
    ),
    RuleCase(
        "several groups on one node each share a ReadWriteOnce claim",
        "NIM062",
        _scaled() | {"nodes": 1, "storage": {"storageClass": "a", "accessMode": "ReadWriteOnce"}},
        "nim.storage.accessMode = 'ReadWriteOnce': 3 pods mount the volume, and this access mode allows the pods "
        "of one node alone. Use ReadWriteMany.",
    ),
    RuleCase(
        "a node port for a Service of type ClusterIP",
        "NIM140",
        TINY | {"service": {"nodePort": 30080}},
        "nim.service.nodePort = 30080: nim.service.type is ClusterIP, which has no port on the nodes. Set "
        "nim.service.type to NodePort or LoadBalancer, or leave it out.",
    ),
    RuleCase(
        "a load balancer class for a Service of type NodePort",
        "NIM142",
        TINY | {"service": {"type": "NodePort", "loadBalancerClass": "a/b"}},
        "nim.service.loadBalancerClass = 'a/b': nim.service.type is NodePort, which has no load balancer. Set "
        "nim.service.type to LoadBalancer, or leave it out.",
    ),
    RuleCase(
        "source ranges for a Service of type ClusterIP",
        "NIM142",
        TINY | {"service": {"loadBalancerSourceRanges": ["10.0.0.0/8"]}},
        "nim.service.loadBalancerSourceRanges = '10.0.0.0/8': nim.service.type is ClusterIP, which has no load "
        "balancer. Set nim.service.type to LoadBalancer, or leave it out.",
    ),
    RuleCase(
        "a source range with bits beyond its prefix",
        "NIM144",
        TINY | {"service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.1/8"]}},
        "nim.service.loadBalancerSourceRanges.0 = '10.0.0.1/8': its address has bits beyond the prefix of 8. Use "
        "10.0.0.0/8.",
    ),
    RuleCase(
        "an address without a prefix length as a client",
        "NIM144",
        _allowed({"ipBlock": {"cidr": "10.0.0.1"}}),
        "nim.networkPolicy.clients.0.ipBlock.cidr = '10.0.0.1': it is not an address, a slash and the length of "
        "the prefix. Use a range such as 10.0.0.0/8 or 2001:db8::/32; one address has /32 or /128.",
    ),
    RuleCase(
        "an exception of egress outside of its range",
        "NIM144",
        TINY | {"networkPolicy": {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/9"]}}]}]}},
        "nim.networkPolicy.egress.0.to.0.ipBlock.except.0 = '11.0.0.0/9': it is not inside of 10.0.0.0/8. Use a "
        "smaller range inside of it.",
    ),
    RuleCase(
        "an exception of the download that is its whole range",
        "NIM144",
        TINY | {"networkPolicy": {"download": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}}]}},
        "nim.networkPolicy.download.0.ipBlock.except.0 = '10.0.0.0/8': it is not inside of 10.0.0.0/8. Use a "
        "smaller range inside of it.",
    ),
    RuleCase(
        "a network policy on the node's network",
        "NIM146",
        TINY | {"networkPolicy": {}, "pods": {"hostNetwork": True}},
        "nim.networkPolicy: pods with nim.pods.hostNetwork have the node's address, to which no policy applies. "
        "Leave one of the two out.",
    ),
    RuleCase(
        "a mirror on a port that the network policy blocks",
        "NIM148",
        TINY | {"networkPolicy": {}, "download": {"hubEndpoint": "http://mirror.example"}},
        "nim.download.hubEndpoint = 'http://mirror.example': nim.networkPolicy lets the pods reach port 443 of "
        "other hosts, and this is port 80. Name the mirror under nim.networkPolicy.download, such as {ipBlock: "
        "{cidr: …}}.",
    ),
    RuleCase(
        "a client that names nobody",
        "NIM149",
        _allowed({}),
        "nim.networkPolicy.clients.0 = '{}': it names nobody. Use podSelector, namespaceSelector or ipBlock; "
        "{namespaceSelector: {}} is all pods of the cluster, {ipBlock: {cidr: 0.0.0.0/0}} all addresses.",
    ),
    RuleCase(
        "a client that is pods and addresses at once",
        "NIM149",
        _allowed({"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}),
        "nim.networkPolicy.clients.0 = 'podSelector and ipBlock': addresses and pods cannot be one peer. Make "
        "two peers of it.",
    ),
    RuleCase(
        "a partition above the number of groups",
        "NIM150",
        TINY | {"replicas": 2, "rollout": {"partition": 3}},
        "nim.rollout.partition = 3: there are at most 2 groups. Use at most 1, so that an update reaches a "
        "group; 0 updates all.",
    ),
    RuleCase(
        "a fixed number of replicas beside the autoscaler",
        "NIM153",
        _scaled() | {"replicas": 2},
        "nim.replicas = 2: with nim.autoscaling the autoscaler sets the number. Leave it out, and set "
        "nim.autoscaling.minReplicas.",
    ),
    RuleCase(
        "fewer groups at most than at least",
        "NIM154",
        _scaled(minReplicas=4),
        "nim.autoscaling.minReplicas = 4: nim.autoscaling.maxReplicas is 3. Use 1 to 3.",
    ),
    RuleCase(
        "a metric whose source is of another type",
        "NIM155",
        _scaled({"type": "External", "pods": QUEUE["pods"]}),
        "nim.autoscaling.metrics.0.type = 'External': it has pods. Say what to measure under external, and "
        "nothing else.",
    ),
    RuleCase(
        "a metric without a source",
        "NIM155",
        _scaled({"type": "Pods"}),
        "nim.autoscaling.metrics.0.type = 'Pods': its source is missing. Say what to measure under pods, and "
        "nothing else.",
    ),
    RuleCase(
        "a target that the metric's source does not have",
        "NIM155",
        _scaled({"type": "Pods", "pods": {"metric": {"name": "q"}, "target": {"type": "Value", "value": "1"}}}),
        "nim.autoscaling.metrics.0.pods.target.type = 'Value': this source has no such target. Use AverageValue.",
    ),
    RuleCase(
        "a target without the value that its type needs",
        "NIM155",
        _scaled({"type": "Pods", "pods": {"metric": {"name": "q"}, "target": {"type": "AverageValue"}}}),
        "nim.autoscaling.metrics.0.pods.target: averageValue is missing, which the type AverageValue needs. Add "
        "averageValue.",
    ),
    RuleCase(
        "a share of CPU that the model container does not request",
        "NIM155",
        _scaled(
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
            }
        ),
        "nim.autoscaling.metrics.0.resource.name = 'cpu': it is a share of what is requested, and nim of the "
        "leader's pod requests none. Set nim.resources.cpu, or use the target type AverageValue.",
    ),
    RuleCase(
        "a share of CPU that a sidecar does not request",
        "NIM155",
        _scaled(
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
            }
        )
        | {"resources": {"cpu": "4"}, "pods": {"sidecars": [{"name": "proxy", "image": "registry.example/proxy:1"}]}},
        "nim.autoscaling.metrics.0.resource.name = 'cpu': it is a share of what is requested, and proxy of the "
        "leader's pod requests none. Add the request to the sidecar, or use the target type AverageValue.",
    ),
    RuleCase(
        "a metric of a container that pods do not have",
        "NIM155",
        _scaled(
            {
                "type": "ContainerResource",
                "containerResource": {
                    "name": "cpu",
                    "container": "main",
                    "target": {"type": "Utilization", "averageUtilization": 80},
                },
            }
        ),
        "nim.autoscaling.metrics.0.containerResource.container = 'main': pods have no such container. Use nim.",
    ),
    RuleCase(
        "an empty disruption budget",
        "NIM157",
        TINY | {"disruptionBudget": {}},
        "nim.disruptionBudget: there is neither maxUnavailable nor minAvailable. Set maxUnavailable to 1, which "
        "drains group after group.",
    ),
    RuleCase(
        "a disruption budget with both limits",
        "NIM157",
        TINY | {"disruptionBudget": {"maxUnavailable": 1, "minAvailable": 1}},
        "nim.disruptionBudget: it has maxUnavailable and minAvailable. Leave minAvailable out.",
    ),
]

WARNINGS = [
    RuleCase(
        "a node port outside of the usual range",
        "NIM141",
        TINY | {"service": {"type": "NodePort", "nodePort": 8080}},
        "nim.service.nodePort = 8080: an API server refuses it, unless it was started with another "
        "--service-node-port-range. Use 30000 to 32767, or leave it out.",
    ),
    RuleCase(
        "a load balancer open to every address",
        "NIM143",
        TINY | {"service": {"type": "LoadBalancer", "annotations": {"example.com/team": "chat"}}},
        "nim.service.type = 'LoadBalancer': the API has no authentication, and a load balancer is open to every "
        "address that reaches it. Set nim.service.loadBalancerSourceRanges, or the annotation that makes it an "
        "internal one.",
    ),
    RuleCase(
        "an Ingress path above the API",
        "NIM145",
        TINY | {"ingress": {"host": "models.example.com", "path": "/chat"}},
        "nim.ingress.path = '/chat': the model gets the path as it is, and answers below /v1 alone. Use / or "
        "/v1, an annotation by which the controller takes the prefix off, or nim.httpRoute.",
    ),
    RuleCase(
        "an Ingress and a node port without clients in the network policy",
        "NIM147",
        TINY | {"networkPolicy": {}, "ingress": {"host": "chat.example.com"}, "service": {"type": "NodePort"}},
        "nim.networkPolicy.clients: without it only the pods of the namespace reach the API, and requests by "
        "nim.ingress and nim.service.type NodePort may come from outside. List who reaches it, such as "
        "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: …}}}.",
    ),
    RuleCase(
        "a partition that holds back every group",
        "NIM151",
        TINY | {"replicas": 2, "rollout": {"partition": 2}},
        "nim.rollout.partition = 2: all 2 groups have a smaller index, so that no group gets the new revision. "
        "Use a smaller partition, unless updates are to be held back.",
    ),
    RuleCase(
        "a partition that holds back every group of the autoscaler's least",
        "NIM151",
        _scaled() | {"rollout": {"partition": 1}},
        "nim.rollout.partition = 1: the one group has a smaller index, so that no group gets the new revision "
        "until the autoscaler adds more. Use a smaller partition, unless updates are to be held back.",
    ),
    RuleCase(
        "a surge beside a partition",
        "NIM152",
        TINY | {"replicas": 2, "rollout": {"partition": 1, "maxSurge": 1}},
        "nim.rollout.maxSurge = 1: with rollout.partition the groups of the surge stay, and hold their GPUs, "
        "until the partition is 0 again. Use 0, with a maxUnavailable of 1.",
    ),
    RuleCase(
        "a metric of CPU that says little of the GPUs",
        "NIM156",
        _scaled(
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "3"}}}
        ),
        "nim.autoscaling.metrics.0.type = 'Resource': the autoscaler sees the leaders alone, whose CPU and "
        "memory say little of the work of the GPUs. Use a metric of requests that /v1/metrics has, such as "
        "vllm:num_requests_waiting.",
    ),
    RuleCase(
        "a disruption budget that lets no pod go",
        "NIM158",
        TINY | {"disruptionBudget": {"maxUnavailable": 0}},
        "nim.disruptionBudget.maxUnavailable = 0: no pod may go, so that the drain of a node never ends. Use 1, "
        "which drains group after group.",
    ),
    RuleCase(
        "a disruption budget that needs all pods",
        "NIM158",
        TINY | {"disruptionBudget": {"minAvailable": 2}},
        "nim.disruptionBudget.minAvailable = 2: there are 2 pods and none may go, so that the drain of a node "
        "never ends. Use maxUnavailable 1, which drains group after group.",
    ),
    RuleCase(
        "a disruption budget that lets two groups stop",
        "NIM159",
        TINY | {"replicas": 3, "disruptionBudget": {"minAvailable": 4}},
        "nim.disruptionBudget.minAvailable = 4: 2 pods may be evicted at once, one of each of 2 groups, which "
        "all stop. Use maxUnavailable 1, which drains group after group.",
    ),
]
