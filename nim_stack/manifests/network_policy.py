"""NetworkPolicies: what reaches the pods, and what the pods reach.

They are rules for the network plugin of the cluster, and mean nothing where it does not enforce them. The kubelet's
probes are always let through, by the definition of a NetworkPolicy; so is what the node itself does for a pod: image
pulls, NFS mounts. RDMA does not pass through it at all.
"""

from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.settings import StackSettings
from nim_stack.settings.access import NetworkPolicy

_HTTPS = 443
_DNS = 53


def network_policies(plan: DeploymentPlan, wanted: NetworkPolicy, namespace: str) -> list[Manifest]:
    """One for the pods of all groups, and one for those of the download Job if there is one."""
    settings = plan.settings
    policies = [_groups(settings, wanted, namespace)]
    if settings.download.job:
        policies.append(_download(settings, wanted, namespace))
    return policies


def _groups(settings: StackSettings, wanted: NetworkPolicy, namespace: str) -> Manifest:
    """Ray, NCCL and Gloo take ports as they come, so that all are open between the pods.

    Between those of the whole deployment: a policy selects by fixed labels, and that each group reaches itself alone
    would take a policy for each group, of which the number changes at run time.
    """
    ingress: list[Manifest] = [{"from": [_pods(settings)]}]
    clients = [{"podSelector": {}}] if wanted.clients is None else [*wanted.clients, *_smoke(settings)]
    if clients:
        # By number: some network plugins do not know named ports.
        ingress.append({"from": clients, "ports": _ports("TCP", settings.ports.server)})
    spec = {
        **_pods(settings),
        "policyTypes": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": [{"to": [_pods(settings)]}, *_egress(settings, wanted)],
    }
    return _policy(settings, settings.name, "groups", namespace, spec)


def _pods(settings: StackSettings) -> Manifest:
    return {"podSelector": {"matchLabels": names.group_pods(settings.name)}}


def _smoke(settings: StackSettings) -> list[Manifest]:
    """The Job that asks for a completion is a client as well."""
    chosen = {names.INSTANCE_LABEL: settings.name, names.COMPONENT_LABEL: "smoke"}
    return [{"podSelector": {"matchLabels": chosen}}] if settings.smoke and settings.wait else []


def _download(settings: StackSettings, wanted: NetworkPolicy, namespace: str) -> Manifest:
    chosen = {names.INSTANCE_LABEL: settings.name, names.COMPONENT_LABEL: "download"}
    spec = {
        "podSelector": {"matchLabels": chosen},
        "policyTypes": ["Ingress", "Egress"],
        "egress": _egress(settings, wanted),
    }
    return _policy(settings, names.download_policy(settings.name), "download", namespace, spec)


def _egress(settings: StackSettings, wanted: NetworkPolicy) -> list[Manifest]:
    """DNS is open to every address: a node-local cache has one of the node's."""
    rules: list[Manifest] = [{"ports": [*_ports("UDP", _DNS), *_ports("TCP", _DNS)]}]
    if not settings.download.disabled:
        if wanted.download is None:
            rules.append({"ports": _ports("TCP", _HTTPS)})
        elif wanted.download:
            rules.append({"to": list(wanted.download)})
    return [*rules, *wanted.egress]


def _ports(protocol: str, port: int) -> list[dict[str, Any]]:
    return [{"protocol": protocol, "port": port}]


def _policy(settings: StackSettings, name: str, component: str, namespace: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": names.labels(settings.name, component)},
        "spec": spec,
    }
