"""Taking a snapshot: every object that a start can fail on, read at once, and the ends of the logs.

Nothing is written. What this identity may not read becomes a note, since a verdict is often possible without it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.redaction import without_keys
from nim_stack.operations.cluster.errors import CannotReadError
from nim_stack.operations.cluster.reader import Reader
from nim_stack.operations.observing.snapshot import Log, Part, Snapshot
from nim_stack.operations.observing.trimming import trimmed

MOST_LINES = 300
MOST_BYTES = 200_000
MOST_LOGGED_PODS = 24
_PARALLEL = 8
_LWS_WEBHOOK_GROUPS = {names.LWS_GROUP, "disaggregatedset.x-k8s.io", ""}
"""API groups that the webhooks of LWS are for: LeaderWorkerSets, what is made of them, and pods (lws
config/webhook/manifests.yaml, v0.9.0)."""
_PAUSE_SECONDS = 2.0


class _Wanted(NamedTuple):
    """One request, and the part of the snapshot that its answer belongs to."""

    part: Part
    path: str
    """A path without a name of an object is a list."""
    query: Mapping[str, str] = {}
    noted: str = ""
    """What a refusal is noted as; empty: as the part."""


def _paths(namespace: str, name: str) -> dict[Part, tuple[str, Mapping[str, str]]]:
    """Where the parts are read that need nothing but the names of namespace and deployment."""
    space = f"/api/v1/namespaces/{namespace}"
    group = {"labelSelector": f"{names.LWS_NAME_LABEL}={name}"}
    return {
        "namespace": (space, {}),
        "deployment": (f"/apis/{names.LWS_GROUP}/v1/namespaces/{namespace}/leaderworkersets/{name}", {}),
        "definitions": (f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{names.LWS_CRD}", {}),
        "pods": (f"{space}/pods", {}),
        "statefulsets": (f"/apis/apps/v1/namespaces/{namespace}/statefulsets", group),
        "jobs": (f"/apis/batch/v1/namespaces/{namespace}/jobs", {"labelSelector": f"{names.INSTANCE_LABEL}={name}"}),
        "events": (f"{space}/events", {}),
        "claims": (f"{space}/persistentvolumeclaims", {}),
        "services": (f"{space}/services", {}),
        "endpoints": (f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices", {}),
        "quotas": (f"{space}/resourcequotas", {}),
        "limits": (f"{space}/limitranges", {}),
        "policies": (f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", {}),
        "classes": ("/apis/storage.k8s.io/v1/storageclasses", {}),
        "nodes": ("/api/v1/nodes", {}),
        "load": ("/api/v1/pods", {"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed"}),
        "leases": ("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", {}),
        "dns": (
            "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices",
            {"labelSelector": "kubernetes.io/service-name=kube-dns"},
        ),
    }


_HOOKS = tuple(
    _Wanted("webhooks", f"/apis/admissionregistration.k8s.io/v1/{noted}webhookconfigurations", noted=noted)
    for noted in ("mutating", "validating")
)


@dataclass
class _Ask:
    """Requests side by side; what is refused becomes a note."""

    reader: Reader
    pool: ThreadPoolExecutor
    notes: list[str] = field(default_factory=list)

    def objects(self, wanted: Iterable[_Wanted]) -> dict[Part, tuple[Json, ...]]:
        """The answers by part; one of which every request was refused is missing."""
        found: dict[Part, tuple[Json, ...]] = {}
        for part, objects in self.pool.map(lambda each: (each.part, self.read(each)), wanted):
            if objects is not None:
                found[part] = found.get(part, ()) + objects
        return found

    def read(self, wanted: _Wanted) -> tuple[Json, ...] | None:
        """The objects at one path; None when the request is refused."""
        try:
            answer = self.reader.get(wanted.path, **wanted.query)
        except CannotReadError as refused:
            self.notes.append(f"{wanted.noted or wanted.part}: {refused}")
            return None
        if answer is None:
            return ()
        return tuple(answer["items"] or ()) if "items" in answer else (answer,)

    def logs(self, wanted: Iterable[tuple[Json, str, bool]]) -> tuple[Log, ...]:
        return tuple(log for log in self.pool.map(lambda item: self._log(*item), wanted) if log is not None)

    def _log(self, pod: Json, container: str, previous: bool) -> Log | None:
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/log"
        query = {"container": container, "timestamps": "true", "tailLines": str(MOST_LINES)}
        query |= {"limitBytes": str(MOST_BYTES)} | ({"previous": "true"} if previous else {})
        try:
            text = self.reader.text(path, **query)
        except CannotReadError as refused:
            if "forbidden" in str(refused) or "no answer" in str(refused):
                self.notes.append(f"log of {meta['name']}: {refused}")
            return None  # no container yet, or no longer
        lines = [line.partition(" ") for line in text.splitlines()]
        return Log(
            meta["name"], role(pod), container, previous, tuple((when, without_keys(said)) for when, _, said in lines)
        )


def role(pod: Json) -> str:
    """leader or worker of a group, else what its label says it is for."""
    labels: Mapping[str, str] = pod["metadata"].get("labels") or {}
    if names.LWS_WORKER_INDEX_LABEL in labels:
        return "leader" if labels[names.LWS_WORKER_INDEX_LABEL] == "0" else "worker"
    return labels.get(names.COMPONENT_LABEL, "other")


def gather(reader: Reader, namespace: str, name: str, secrets: Iterable[str] = ()) -> Snapshot:
    """A snapshot of the deployment `name` and of what it depends on.

    Args:
        reader: reads the cluster.
        namespace: the namespace of the deployment.
        name: the name of the deployment, which is that of its LeaderWorkerSet.
        secrets: names of Secrets to look at beside those that the deployment refers to.

    Raises:
        ClusterUnreachableError: the cluster cannot be asked at all.
    """
    version, taken = reader.clock()
    with ThreadPoolExecutor(_PARALLEL) as pool:
        ask = _Ask(reader, pool)
        groups = _groups(ask)
        parts = ask.objects([*(_Wanted(part, *where) for part, where in _paths(namespace, name).items()), *_HOOKS])
        if "pods" in parts:
            parts["pods"] = tuple(pod for pod in parts["pods"] if _belongs(pod, name))
        parts["webhooks"] = tuple(hook for hook in parts.get("webhooks", ()) if _of_lws(hook))
        if not parts["webhooks"] and any(note.startswith(tuple(hook.noted for hook in _HOOKS)) for note in ask.notes):
            del parts["webhooks"]  # some were not read, and those of LWS may be among them
        parts |= ask.objects(_further(parts, namespace, secrets))
        parts.setdefault("secrets", ())
        parts.setdefault("volumes", ())
        logs = ask.logs(_wanted_logs(parts.get("pods", ())))
    return Snapshot(
        taken=taken,
        namespace=namespace,
        name=name,
        server=version,
        groups=groups,
        objects={part: tuple(trimmed(part, item) for item in found) for part, found in parts.items()},
        logs=logs,
        notes=tuple(sorted(ask.notes)),
    )


def _groups(ask: _Ask) -> tuple[str, ...]:
    """Names of the API groups that the server has; none when they may not be read."""
    try:
        answer = ask.reader.get("/apis") or {}
    except CannotReadError as refused:
        ask.notes.append(f"groups: {refused}")
        answer = {}
    return tuple(group["name"] for group in answer.get("groups", ()))


def watch(
    reader: Reader,
    namespace: str,
    name: str,
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Snapshot:
    """Snapshots for a while, as the newest of them with the logs of pods that went meanwhile.

    A group that fails is made anew, and its logs go with its pods: a look at one moment may find the next try only.
    """
    kept: dict[tuple[str, str, str, bool], Log] = {}
    end = clock() + seconds
    while True:
        newest = gather(reader, namespace, name)
        there = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in newest.get("pods")}
        kept |= {(there[log.pod], log.pod, log.container, log.previous): log for log in newest.logs if log.pod in there}
        if clock() >= end:
            break
        sleep(_PAUSE_SECONDS)
    gone = [replace(log, gone=True) for (uid, pod, *_), log in kept.items() if there.get(pod) != uid]
    return replace(newest, logs=newest.logs + tuple(gone))


def _belongs(pod: Json, name: str) -> bool:
    labels: Mapping[str, str] = pod["metadata"].get("labels") or {}
    return name in (labels.get(names.LWS_NAME_LABEL), labels.get(names.INSTANCE_LABEL))


def _of_lws(configuration: Json) -> bool:
    """Its own configurations, not that of a queue which watches its groups among much else, as Kueue's does."""
    hooks = configuration.get("webhooks") or []
    groups = {group for hook in hooks for rule in hook.get("rules") or [] for group in rule.get("apiGroups", [])}
    return names.LWS_GROUP in groups and groups <= _LWS_WEBHOOK_GROUPS


def _further(parts: Mapping[Part, tuple[Json, ...]], namespace: str, secrets: Iterable[str]) -> Iterator[_Wanted]:
    """What the objects that were read refer to: Secrets, volumes, the controller behind the webhooks."""
    specs = [pod["spec"] for pod in parts.get("pods", ())]
    for group in parts.get("deployment", ()):
        template = group["spec"]["leaderWorkerTemplate"]
        specs += [template[role]["spec"] for role in ("leaderTemplate", "workerTemplate") if template.get(role)]
    for name in sorted({*secrets, *(name for spec in specs for name in _secrets(spec))}):
        yield _Wanted("secrets", f"/api/v1/namespaces/{namespace}/secrets/{name}", noted=f"secret {name}")
    bound = {claim["spec"].get("volumeName") for claim in parts.get("claims", ())}
    for volume in sorted(filter(None, bound)):
        yield _Wanted("volumes", f"/api/v1/persistentvolumes/{volume}", noted=f"volume {volume}")
    services = {
        (service["namespace"], service["name"])
        for configuration in parts.get("webhooks", ())
        for hook in configuration.get("webhooks") or []
        if (service := hook["clientConfig"].get("service"))
    }
    for space, service in sorted(services)[:1]:
        selector = {"labelSelector": f"kubernetes.io/service-name={service}"}
        slices = f"/apis/discovery.k8s.io/v1/namespaces/{space}/endpointslices"
        yield _Wanted("controllerEndpoints", slices, selector)
        yield _Wanted("controllers", f"/apis/apps/v1/namespaces/{space}/deployments")


def _secrets(spec: Json) -> Iterator[str]:
    """Names of the Secrets that pods of this spec refer to."""
    yield from (reference["name"] for reference in spec.get("imagePullSecrets") or [])
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        for variable in container.get("env") or []:
            reference: Any = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference:
                yield reference["name"]


def _wanted_logs(pods: Iterable[Json]) -> Iterator[tuple[Json, str, bool]]:
    """Containers that have run, those of pods that are not ready first."""

    def ready(pod: Json) -> bool:
        conditions = pod["status"].get("conditions") or []
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    for pod in sorted(pods, key=lambda pod: (ready(pod), pod["metadata"]["name"]))[:MOST_LOGGED_PODS]:
        states = [*(pod["status"].get("initContainerStatuses") or []), *(pod["status"].get("containerStatuses") or [])]
        for status in states:
            if {"running", "terminated"} & (status.get("state") or {}).keys() or status.get("restartCount"):
                yield pod, status["name"], False
            if status.get("restartCount"):
                yield pod, status["name"], True
