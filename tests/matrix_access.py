"""Settings of access and scale, one variant a name: every object and field that they can produce is in some of them."""

from typing import Any

TINY: dict[str, Any] = {
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"storageClass": "shared"},
}
CONTROLLERS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
QUEUE = {
    "type": "Pods",
    "pods": {
        "metric": {"name": "vllm:num_requests_waiting"},
        "target": {"type": "AverageValue", "averageValue": "4"},
    },
}


def access_matrix() -> dict[str, dict[str, Any]]:
    """Variants by name, each a whole mapping of settings that is accepted without errors."""
    return {name: TINY | settings for name, settings in {**_services(), **_ways(), **_policies(), **_counts()}.items()}


def _services() -> dict[str, dict[str, Any]]:
    return {
        "service-port": {"service": {"port": 9000, "annotations": {"example.com/team": "chat"}}},
        "service-node-port": {"service": {"type": "NodePort", "nodePort": 30123}},
        "service-load-balancer": {
            "service": {
                "type": "LoadBalancer",
                "port": 80,
                "nodePort": 30124,
                "loadBalancerClass": "example.com/internal",
                "loadBalancerSourceRanges": ["10.0.0.0/8", "2001:db8::/32"],
            }
        },
    }


def _ways() -> dict[str, dict[str, Any]]:
    route = {"parentRefs": [{"name": "gateway"}]}
    return {
        "ingress": {"ingress": {"host": "chat.example.com"}},
        "ingress-tls": {
            "service": {"port": 9000},
            "ingress": {
                "host": "*.example.com",
                "path": "/v1",
                "className": "nginx",
                "tlsSecret": "chat-tls",
                "annotations": {"nginx.ingress.kubernetes.io/proxy-read-timeout": "600"},
            },
        },
        "http-route": {"httpRoute": route},
        "http-route-prefix": {
            "service": {"port": 9000},
            "httpRoute": {
                "parentRefs": [
                    {"name": "gateway", "namespace": "gateways", "sectionName": "https"},
                    {"name": "inside"},
                ],
                "hostnames": ["*.example.com", "models.example.com"],
                "path": "/chat/blue",
                "requestTimeout": "10m",
                "annotations": {"example.com/team": "chat"},
            },
        },
        "http-route-no-limit": {"httpRoute": route | {"path": "/v1", "requestTimeout": "0s"}},
        "pod-monitor": {"podMonitor": {}},
        "pod-monitor-labels": {"podMonitor": {"interval": "1m30s", "labels": {"release": "prometheus"}}},
    }


def _policies() -> dict[str, dict[str, Any]]:
    mirror = {"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.9.0/24"]}}
    return {
        "policy": {"networkPolicy": {}},
        "policy-clients": {
            "networkPolicy": {
                "clients": [{"podSelector": {"matchLabels": {"app": "gateway"}}}, CONTROLLERS],
                "download": [mirror],
                "egress": [
                    {"to": [{"ipBlock": {"cidr": "10.2.3.4/32"}}], "ports": [{"protocol": "TCP", "port": 4317}]}
                ],
            }
        },
        "policy-nobody": {"networkPolicy": {"clients": [], "download": []}},
        "policy-job": {"networkPolicy": {}, "download": {"job": True}},
    }


def _counts() -> dict[str, dict[str, Any]]:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    queue = {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "10"}}
    return {
        "autoscaling": {"autoscaling": {"maxReplicas": 3, "metrics": [QUEUE]}},
        "autoscaling-all-sources": {
            "resources": {"cpu": "4"},
            "autoscaling": {
                "minReplicas": 2,
                "maxReplicas": 4,
                "metrics": [
                    QUEUE,
                    {"type": "Resource", "resource": cpu},
                    {"type": "ContainerResource", "containerResource": cpu | {"container": "nim"}},
                    {"type": "External", "external": queue},
                    {
                        "type": "Object",
                        "object": queue
                        | {"describedObject": {"apiVersion": "v1", "kind": "Service", "name": "nim-leader"}},
                    },
                ],
                "behavior": {
                    "scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 1800}]},
                    "scaleDown": {"stabilizationWindowSeconds": 1800},
                },
            },
        },
        "partition": {"replicas": 3, "rollout": {"partition": 2}},
        "budget": {"replicas": 2, "disruptionBudget": {"maxUnavailable": 1}},
        "budget-available": {"replicas": 2, "disruptionBudget": {"minAvailable": 3}},
    }
