"""The pods as they come out, against what the API server takes of a whole pod. LeaderWorkerSet accepts such a template,
and its pods never appear."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from nim_stack.base.problems import Finding
from nim_stack.manifests.pod_security import containers
from nim_stack.manifests.security import escalates
from nim_stack.rules.patches import once, overruled, steps
from nim_stack.rules.registry import rule
from nim_stack.rules.subject import Subject
from nim_stack.values.kubernetes.types import complaints

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@rule(
    "NIM127",
    "A pod that the API server does not take",
    cause="A patch leaves out what Kubernetes requires; or parts of the pod do not go together, such as two sources of "
    "a volume, a probe that does not say what is asked, or a container that is privileged and kept from privileges.",
    cure="Complete it; where a patch changes the source of a volume, take the other one away with null.",
    reads=frozenset({"nim.pods"}),
)
def malformed(subject: Subject) -> Iterator[Finding]:
    yield from once(_malformed(subject))
    for judge in (_sources, _claims, _probes, _before, _escalations, _mounts, _constraints, _host_ports, _sleeps):
        yield from once(found for spec in _specs(subject) for found in judge(*spec))


def _specs(subject: Subject) -> Iterator[tuple[str, dict[str, Any]]]:
    for role, template in subject.templates.items():
        yield role, template.get("spec") or {}


def _malformed(subject: Subject) -> Iterator[Finding]:
    """Findings, without the consequences of a patch that changes what the plan decides: that patch is told itself."""
    patched = {role: path for role, path, _, _ in steps(subject)}
    found = {role: complaints(subject.templates[role], "core_v1.PodTemplateSpec") for role in patched}
    causes = [cause.path for cause in overruled(subject)] if any(found.values()) else []
    for role, path, _, _ in steps(subject):
        if not any(cause.startswith(f"{path}.") for cause in causes):
            for why in found[role]:
                yield Finding(path, None, f"the patched pod template is not valid: {why}", "Complete the patch.")


def _sources(_: str, spec: dict[str, Any]) -> Iterator[Finding]:
    """A volume without a source is an emptyDir."""
    for volume in spec.get("volumes", ()):
        sources = sorted(volume.keys() - {"name"})
        if len(sources) > 1:
            why = f"the volume has {len(sources)} sources, {', '.join(sources)}"
            yield Finding(f"nim.pods.volumes.{volume['name']}", None, why, "Keep one of them.")


def _claims(_: str, spec: dict[str, Any]) -> Iterator[Finding]:
    for claim in spec.get("resourceClaims", ()):
        if len(claim.keys() & {"resourceClaimName", "resourceClaimTemplateName"}) != 1:
            why = "a claim needs exactly one of resourceClaimName and resourceClaimTemplateName"
            instead = "Give one of them. With a template each pod gets a claim of its own."
            yield Finding(f"nim.pods.resourceClaims.{claim['name']}", None, why, instead)


def _probes(role: str, spec: dict[str, Any]) -> Iterator[Finding]:
    """Workers have none of their own, so that a patch of both roles gives them the half of one."""
    for container in containers(spec):
        for name in _PROBES:
            probe = container.get(name)
            if probe is not None and not probe.keys() & {"exec", "grpc", "httpGet", "tcpSocket"}:
                why = f"the probe in pods of the {role} does not say what is asked"
                instead = "Add exec, grpc, httpGet or tcpSocket; a probe of the leader is patched under leader."
                yield Finding(f"nim.pods.{container['name']}.{name}", None, why, instead)


def _before(_: str, spec: dict[str, Any]) -> Iterator[Finding]:
    for container in spec.get("initContainers", ()):
        if container.get("restartPolicy") == "Always":
            continue
        for name in ("lifecycle", *_PROBES):
            if container.get(name) is not None:
                why = "the container ends before the model's starts, and nothing asks for it meanwhile"
                instead = "Leave it out, or set restartPolicy: Always, with which the container stays."
                yield Finding(f"nim.pods.{container['name']}.{name}", None, why, instead)


def _escalations(_: str, spec: dict[str, Any]) -> Iterator[Finding]:
    """The stack leaves the field out where a setting makes a container privileged; a patch must take it away."""
    for container in containers(spec):
        own = container.get("securityContext") or {}
        path = f"nim.pods.{container['name']}.securityContext"
        if own.get("allowPrivilegeEscalation") is False and escalates(own):
            why = "a container that is privileged, or has CAP_SYS_ADMIN, cannot be kept from more privileges"
            yield Finding(f"{path}.allowPrivilegeEscalation", False, why, "Leave it out, or in a patch set it to null.")
        if own.get("procMount") == "Unmasked" and spec.get("hostUsers") is not False:
            why = "it needs a user namespace, which pods have with hostUsers: false"
            instead = "Leave it out, or set spec.hostUsers to false in nim.pods.patch."
            yield Finding(f"{path}.procMount", "Unmasked", why, instead)


def _mounts(_: str, spec: dict[str, Any]) -> Iterator[Finding]:
    for container in containers(spec):
        privileged = (container.get("securityContext") or {}).get("privileged")
        for mount in container.get("volumeMounts", ()):
            if mount.get("mountPropagation") == "Bidirectional" and not privileged:
                path = f"nim.pods.{container['name']}.volumeMounts.{mount['mountPath']}.mountPropagation"
                why = (
                    "what the container mounts there would appear on the node, which privileged containers alone may do"
                )
                yield Finding(path, "Bidirectional", why, "Use HostToContainer, or leave it out.")


def _constraints(_: str, spec: dict[str, Any]) -> Iterator[Finding]:
    path = "nim.pods.topologySpreadConstraints"
    listed = spec.get("topologySpreadConstraints", ())
    found = Counter((one.get("topologyKey"), one.get("whenUnsatisfiable")) for one in listed)
    for (key, when), count in found.items():
        if count > 1:
            why = f"a pod would have {count} constraints with whenUnsatisfiable {when} on it"
            yield Finding(path, key, why, "Keep one of them, for both roles or for one.")
    for one in listed:
        if one.get("matchLabelKeys") and one.get("labelSelector") is None:
            why = "the constraint has matchLabelKeys and no labelSelector"
            yield Finding(path, one.get("topologyKey"), why, "Give it a labelSelector.")


def _host_ports(_: str, spec: dict[str, Any]) -> Iterator[Finding]:
    """On the node's network every port of a container is one of the node."""
    on_node = bool(spec.get("hostNetwork"))
    owners: dict[tuple[Any, ...], str] = {}
    for container in spec.get("containers", ()):
        for port in container.get("ports", ()):
            number, given = port.get("containerPort"), port.get("hostPort")
            path = f"nim.pods.{container['name']}.ports.{number}"
            if on_node and given and given != number:
                why = f"on the node's network the port of the node is that of the container, {number}"
                yield Finding(f"{path}.hostPort", given, why, "Leave it out.")
                continue
            taken = given or (number if on_node else None)
            key = (port.get("hostIP") or "", taken, port.get("protocol") or "TCP")
            if taken and owners.setdefault(key, container["name"]) != container["name"]:
                why = f"{owners[key]} has this port of the node already"
                yield Finding(path, taken, why, "Use another port.")


def _sleeps(_: str, spec: dict[str, Any]) -> Iterator[Finding]:
    grace = spec.get("terminationGracePeriodSeconds", 30)
    for container in containers(spec):
        for name, hook in (container.get("lifecycle") or {}).items():
            seconds = hook["sleep"].get("seconds", 0) if isinstance(hook, dict) and hook.get("sleep") else 0
            if seconds > grace:
                path = f"nim.pods.{container['name']}.lifecycle.{name}.sleep.seconds"
                why = f"it is more than terminationGracePeriodSeconds, {grace}"
                yield Finding(path, seconds, why, f"Use at most {grace}.")
