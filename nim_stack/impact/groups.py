"""A LeaderWorkerSet of a preview: its size, its GPUs, how it rolls, where its weights are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nim_stack import names
from nim_stack.budget import TimeBudget
from nim_stack.impact.preview import Json, object_name

CACHE_VOLUME = "model-cache"
_LASTING = {"persistentVolumeClaim": "claim", "nfs": "NFS", "hostPath": "host path"}
"""Volumes that outlive a pod, in words."""
_DEFAULT_GRACE = 30
"""Kubernetes' own terminationGracePeriodSeconds."""


@dataclass(frozen=True)
class Group:
    """One LeaderWorkerSet as the program asks for it."""

    name: str
    replicas: int
    size: int
    gpus: int
    """GPUs of one group."""
    surge: int
    unavailable: int
    partition: int
    image: str | None
    model: str | None
    """NIM_MODEL_PATH, or the served name where the image brings its model."""
    cache: tuple[str, str] | None
    """Kind of the cache's volume, and what tells it from another: `("claim", "nim/nim-model-cache")`."""
    budget: TimeBudget | None
    timeout: int | None
    """Seconds that Pulumi waits for an update; None when it does not wait."""
    grace: int
    """Seconds that a pod may take to end."""

    @property
    def gpus_total(self) -> int:
        return self.gpus * self.replicas

    @property
    def keeps_weights(self) -> bool:
        """Whether a pod that starts again finds the weights of before."""
        return self.cache is not None and self.cache[0] in _LASTING.values()


def read_group(inputs: Json, timeouts: Json) -> Group | None:
    """The group, or None where its sizes are known only after an update."""
    spec, metadata = inputs.get("spec"), inputs.get("metadata")
    template = spec.get("leaderWorkerTemplate") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(template, Mapping):
        return None
    worker = template.get("workerTemplate")
    leader = template.get("leaderTemplate") or worker
    replicas, size = spec.get("replicas", 1), template.get("size", 1)
    if not isinstance(worker, Mapping) or not isinstance(leader, Mapping) or not _numbers(replicas, size):
        return None
    rolling = ((spec.get("rolloutStrategy") or {}).get("rollingUpdateConfiguration")) or {}
    container: Json = next(_containers(leader), {})
    env = {
        str(entry.get("name")): entry.get("value") for entry in container.get("env") or [] if isinstance(entry, Mapping)
    }
    waits = (metadata.get("annotations") or {}).get(names.SKIP_AWAIT) if isinstance(metadata, Mapping) else None
    seconds = timeouts.get("update") or timeouts.get("create")
    timeout = int(seconds) if seconds else None
    return Group(
        name=object_name(inputs),
        replicas=int(replicas),
        size=int(size),
        gpus=_gpus(leader) + (int(size) - 1) * _gpus(worker),
        surge=min(_scaled(rolling.get("maxSurge", 0), int(replicas), up=True), int(replicas)),
        unavailable=_scaled(rolling.get("maxUnavailable", 1), int(replicas), up=False),
        partition=int(rolling.get("partition") or 0),
        image=container.get("image"),
        model=env.get("NIM_MODEL_PATH") or env.get("NIM_SERVED_MODEL_NAME"),
        cache=_cache(leader, str(metadata.get("namespace", "")) if isinstance(metadata, Mapping) else ""),
        budget=_budget(container, env, timeout, int(replicas)),
        timeout=None if waits == "true" else timeout,
        grace=int((leader.get("spec") or {}).get("terminationGracePeriodSeconds") or _DEFAULT_GRACE),
    )


def _numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) for value in values)


def _containers(template: Json) -> Iterator[Any]:
    for container in (template.get("spec") or {}).get("containers") or []:
        if isinstance(container, Mapping):
            yield container


def _gpus(template: Json) -> int:
    found = 0
    for container in _containers(template):
        limits = (container.get("resources") or {}).get("limits") or {}
        found += int(limits.get(names.GPU_RESOURCE) or 0)
    return found


def _scaled(value: object, replicas: int, *, up: bool) -> int:
    """A number, or a percentage of the replicas, rounded as LWS does: surge up, unavailable down."""
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * replicas
        return -(-share // 100) if up else share // 100
    return int(value) if isinstance(value, int | float | str) else 0


def _cache(template: Json, namespace: str) -> tuple[str, str] | None:
    for volume in (template.get("spec") or {}).get("volumes") or []:
        if isinstance(volume, Mapping) and volume.get("name") == CACHE_VOLUME:
            kind = next((key for key in volume if key != "name"), "")
            source = volume.get(kind) or {}
            if kind == "persistentVolumeClaim":
                return _LASTING[kind], f"{namespace}/{source.get('claimName')}"
            where = (source.get("server"), source.get("path"))
            return (_LASTING[kind], ":".join(str(part) for part in where if part)) if kind in _LASTING else (kind, "")
    return None


def _budget(container: Json, env: Json, timeout: int | None, replicas: int) -> TimeBudget | None:
    """The phases that the deadlines in the object were made from."""
    probe, join = container.get("startupProbe") or {}, env.get("NIM_STACK_JOIN_TIMEOUT_SECONDS")
    if join is None or not probe or timeout is None:
        return None
    startup = int(probe.get("failureThreshold") or 0) * int(probe.get("periodSeconds") or 0)
    return TimeBudget.of_deadlines(int(join), startup, timeout // max(1, replicas))
