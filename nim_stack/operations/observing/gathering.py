"""Taking a snapshot: every object that a start can fail on, read at once, and the ends of the logs.

Nothing is written. What this identity may not read becomes a note, since a verdict is often possible without it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from nim_stack.base import names
from nim_stack.base.redaction import without_keys
from nim_stack.operations.cluster.errors import CannotReadError
from nim_stack.operations.cluster.reader import Json, Reader
from nim_stack.operations.observing.snapshot import Log, Snapshot
from nim_stack.operations.observing.trimming import trimmed

MOST_LINES = 300
MOST_BYTES = 200_000
MOST_LOGGED_PODS = 24
_PARALLEL = 8
_LWS_WEBHOOK_GROUPS = {names.LWS_GROUP, "disaggregatedset.x-k8s.io", ""}
"""Those of the groups, of what is made of them, and of pods (lws config/webhook/manifests.yaml, v0.9.0)."""
_PAUSE_SECONDS = 2.0


def _paths(namespace: str, name: str) -> dict[str, tuple[str, Mapping[str, str]]]:
    """What is read, and where; a path without a name of an object is a list."""
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
        "mutating": ("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", {}),
        "validating": ("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {}),
        "dns": (
            "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices",
            {"labelSelector": "kubernetes.io/service-name=kube-dns"},
        ),
    }


@dataclass
class _Ask:
    """Requests side by side; what is refused becomes a note."""

    reader: Reader
    pool: ThreadPoolExecutor
    notes: list[str] = field(default_factory=list)

    def objects(self, wanted: Mapping[str, tuple[str, Mapping[str, str]]]) -> dict[str, tuple[Json, ...]]:
        found = self.pool.map(lambda item: (item[0], self._read(item[0], *item[1])), wanted.items())
        return {what: objects for what, objects in found if objects is not None}

    def _read(self, what: str, path: str, query: Mapping[str, str]) -> tuple[Json, ...] | None:
        try:
            answer = self.reader.get(path, **query)
        except CannotReadError as refused:
            self.notes.append(f"{what}: {refused}")
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
    """The deployment `name` in its cluster.

    Args:
        secrets: names of Secrets to look at beside those that the deployment refers to.

    Raises:
        ClusterUnreachableError: the cluster cannot be asked at all.
    """
    version, taken = reader.clock()
    with ThreadPoolExecutor(_PARALLEL) as pool:
        ask = _Ask(reader, pool)
        groups = ask.objects({"groups": ("/apis", {})}).get("groups", ({},))
        raw = ask.objects(_paths(namespace, name))
        raw["pods"] = tuple(pod for pod in raw.get("pods", ()) if _belongs(pod, name))
        hooks = [hook for what in ("mutating", "validating") for hook in raw.pop(what, ()) if _of_lws(hook)]
        if hooks or not any(note.startswith(("mutating", "validating")) for note in ask.notes):
            raw["webhooks"] = tuple(hooks)
        raw |= ask.objects(dict(_further(raw, namespace, secrets)))
        raw["secrets"] = tuple(item for what in list(raw) if what.startswith("secret ") for item in raw.pop(what))
        raw["volumes"] = tuple(item for what in list(raw) if what.startswith("volume ") for item in raw.pop(what))
        logs = ask.logs(_wanted_logs(raw["pods"]))
    return Snapshot(
        taken=taken,
        namespace=namespace,
        name=name,
        server=version,
        groups=tuple(group["name"] for group in groups[0].get("groups", ())),
        objects={what: tuple(trimmed(what, item) for item in found) for what, found in raw.items()},
        logs=logs,
        notes=tuple(sorted(ask.notes)),
    )


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


def _further(
    raw: Mapping[str, tuple[Json, ...]], namespace: str, secrets: Iterable[str]
) -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    """What the objects that were read refer to: Secrets, volumes, the controller behind the webhooks."""
    specs = [pod["spec"] for pod in raw.get("pods", ())]
    for group in raw.get("deployment", ()):
        template = group["spec"]["leaderWorkerTemplate"]
        specs += [template[role]["spec"] for role in ("leaderTemplate", "workerTemplate") if template.get(role)]
    for name in sorted({*secrets, *(name for spec in specs for name in _secrets(spec))}):
        yield f"secret {name}", (f"/api/v1/namespaces/{namespace}/secrets/{name}", {})
    for volume in sorted({claim["spec"]["volumeName"] for claim in raw["claims"] if claim["spec"].get("volumeName")}
                         if "claims" in raw else ()):  # fmt: skip
        yield f"volume {volume}", (f"/api/v1/persistentvolumes/{volume}", {})
    services = {
        (service["namespace"], service["name"])
        for configuration in raw.get("webhooks", ())
        for hook in configuration.get("webhooks") or []
        if (service := hook["clientConfig"].get("service"))
    }
    for space, service in sorted(services)[:1]:
        selector = {"labelSelector": f"kubernetes.io/service-name={service}"}
        yield "controllerEndpoints", (f"/apis/discovery.k8s.io/v1/namespaces/{space}/endpointslices", selector)
        yield "controllers", (f"/apis/apps/v1/namespaces/{space}/deployments", {})


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
