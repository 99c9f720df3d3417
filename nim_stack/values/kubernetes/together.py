"""Fields of one object that do not go together, for complete values alone: a patch may leave out what the pods have.

One function a type, from pkg/apis/*/validation of Kubernetes 1.37.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nim_stack.base.problems import choices
from nim_stack.values.kubernetes import quantities
from nim_stack.values.kubernetes import requests as resources
from nim_stack.values.kubernetes.field import Found
from nim_stack.values.kubernetes.selectors import SELECTORS

_Value = Mapping[str, Any]
_Judge = Callable[[_Value], Iterator[Found]]
_HANDLERS = ("exec", "httpGet", "tcpSocket")


def of_object(kind: str, value: _Value) -> Iterator[Found]:
    """What is wrong with a value of a type, none of whose fields is wrong by itself."""
    judge = _JUDGES.get(kind)
    if judge is not None:
        yield from judge(value)


def _one_of(*names: str, none: bool = False) -> _Judge:
    """One of the fields, or where `none` says so at most one."""

    def judge(value: _Value) -> Iterator[Found]:
        there = [name for name in names if value.get(name) is not None]
        if len(there) > 1:
            yield "", f"it has {' and '.join(there)}, of which one is possible"
        elif not there and not none:
            yield "", f"it has none of {choices(names)}"

    return judge


def _profile(value: _Value) -> Iterator[Found]:
    """What is wrong with a profile of seccomp or AppArmor: the type Localhost, and no other, has a localhostProfile."""
    there, local = value.get("localhostProfile") is not None, value.get("type") == "Localhost"
    if there and not local:
        yield "localhostProfile", "it belongs to the type Localhost alone"
    elif local and not value.get("localhostProfile"):
        yield "localhostProfile", "it is missing, which the type Localhost needs"


def _env_source(value: _Value) -> Iterator[Found]:
    yield from _one_of("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")(value)
    path = (value.get("fieldRef") or {}).get("fieldPath")
    if path in ("metadata.labels", "metadata.annotations"):
        yield "fieldRef.fieldPath", f"{path!r} is several values, of which a variable takes one: {path}['<key>']"


def _downward_file(value: _Value) -> Iterator[Found]:
    yield from _one_of("fieldRef", "resourceFieldRef")(value)
    path = str((value.get("fieldRef") or {}).get("fieldPath", ""))
    if path.startswith(("spec.", "status.")):
        yield "fieldRef.fieldPath", f"{path!r} can be a variable, not a file; files have fields of metadata alone"
    resource = value.get("resourceFieldRef")
    if resource is not None and not resource.get("containerName"):
        yield "resourceFieldRef", "'containerName' is missing, which a volume needs"


def _env(value: _Value) -> Iterator[Found]:
    if value.get("value") and value.get("valueFrom") is not None:
        yield "", "it has value and valueFrom, of which one is possible"


def _exec(value: _Value) -> Iterator[Found]:
    if not value["command"]:
        yield "command", "it is empty"


def _container(value: _Value) -> Iterator[Found]:
    for name in ("livenessProbe", "startupProbe"):
        threshold = (value.get(name) or {}).get("successThreshold", 1)
        if threshold not in (0, 1):
            yield f"{name}.successThreshold", f"{threshold} is not possible, a container is well after 1 success here"
    if "terminationGracePeriodSeconds" in (value.get("readinessProbe") or {}):
        yield "readinessProbe.terminationGracePeriodSeconds", "it is not possible here, as nothing is killed"
    for what, found in (
        ("ports", [port["name"] for port in value.get("ports", ()) if port.get("name")]),
        ("resizePolicy", [policy["resourceName"] for policy in value.get("resizePolicy", ())]),
    ):
        for name, count in Counter(found).items():
            if count > 1:
                yield what, f"there are {count} of the name {name!r}"
    if value.get("restartPolicyRules") and not value.get("restartPolicy"):
        yield "restartPolicyRules", "they need a restartPolicy beside them"


def _mount(value: _Value) -> Iterator[Found]:
    if value.get("subPath") and value.get("subPathExpr"):
        yield "", "it has subPath and subPathExpr, of which one is possible"
    if value.get("recursiveReadOnly", "Disabled") != "Disabled":
        if not value.get("readOnly"):
            yield "recursiveReadOnly", "it needs readOnly: true beside it"
        if value.get("mountPropagation", "None") != "None":
            yield "recursiveReadOnly", "it does not go with a mountPropagation"


def _claim(value: _Value) -> Iterator[Found]:
    modes = value["accessModes"]
    if not modes:
        yield "accessModes", "it is empty"
    elif "ReadWriteOncePod" in modes and len(set(modes)) > 1:
        yield "accessModes", "ReadWriteOncePod does not go with other modes"
    storage = (value["resources"].get("requests") or {}).get("storage")
    if storage is None:
        yield "resources.requests", "'storage' is missing, which a claim needs"
    else:
        wrong = quantities.complaint(storage, quantities.POSITIVE)
        if wrong:
            yield "resources.requests.storage", wrong


def _claim_template(value: _Value) -> Iterator[Found]:
    for name in sorted((value.get("metadata") or {}).keys() - {"labels", "annotations"}):
        yield f"metadata.{name}", "a claim of a pod has labels and annotations, and its name from the pod's"


def _port_range(value: _Value) -> Iterator[Found]:
    port, end = value.get("port"), value.get("endPort")
    if end is None:
        return
    if not isinstance(port, int):
        yield "endPort", "it needs a port beside it that is a number"
    elif end < port:
        yield "endPort", f"{end} is less than the port {port}"


def _target(*names: str) -> _Judge:
    """Of a metric: one of the fields, whatever its type says."""
    once = _one_of(*names, none=True)

    def judge(value: _Value) -> Iterator[Found]:
        yield from ((f"target.{place}" if place else "target", what) for place, what in once(value["target"]))

    return judge


_SHARE_OR_AMOUNT = _target("averageUtilization", "averageValue")
_JUDGES: Mapping[str, _Judge] = {
    **SELECTORS,
    "AppArmorProfile": _profile,
    "Container": _container,
    "ContainerResourceMetricSource": _SHARE_OR_AMOUNT,
    "DownwardAPIVolumeFile": _downward_file,
    "EnvFromSource": _one_of("configMapRef", "secretRef"),
    "EnvVar": _env,
    "EnvVarSource": _env_source,
    "ExecAction": _exec,
    "ExternalMetricSource": _target("averageValue", "value"),
    "LifecycleHandler": _one_of(*_HANDLERS, "sleep"),
    "NetworkPolicyPort": _port_range,
    "PersistentVolumeClaimSpec": _claim,
    "PersistentVolumeClaimTemplate": _claim_template,
    "Probe": _one_of(*_HANDLERS, "grpc", none=True),
    "ResourceMetricSource": _SHARE_OR_AMOUNT,
    "ResourceRequirements": resources.of_container,
    "SeccompProfile": _profile,
    "VolumeMount": _mount,
    "VolumeProjection": _one_of(
        *("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"),
        none=True,
    ),
}
