"""A LeaderWorkerSet of a preview: its size, its GPUs, how it rolls, where its weights are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.errors import NimStackError
from nim_stack.deployment.deadlines import TimeBudget
from nim_stack.operations.impact.preview import object_name

_LASTING = {"persistentVolumeClaim": "claim", "nfs": "NFS", "hostPath": "host path"}
"""Volumes that outlive a pod, in words."""


@dataclass(frozen=True)
class Group:
    """One LeaderWorkerSet as the program asks for it."""

    name: str
    replicas: int
    size: int
    gpus: int
    """How many GPUs one group has, over all its pods."""
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

    @property
    def gpus_total(self) -> int:
        """How many GPUs all groups have together."""
        return self.gpus * self.replicas

    @property
    def keeps_weights(self) -> bool:
        """Whether a pod that starts again finds the weights of before."""
        return self.cache is not None and self.cache[0] in _LASTING.values()


class UnknownSizeError(NimStackError):
    """A size is not a number yet."""


def read_group(inputs: Json, timeouts: Json, fewest: int = 1) -> Group | None:
    """The group, or None where its sizes are known only after an update.

    An autoscaler's has no replicas of its own, and is taken to have the fewest.
    """
    try:
        return _group(inputs, timeouts, fewest)
    except UnknownSizeError:
        return None


def _group(inputs: Json, timeouts: Json, fewest: int) -> Group:
    spec = _at(inputs, "spec")
    worker = _at(spec, "leaderWorkerTemplate", "workerTemplate")
    leader = _at(spec, "leaderWorkerTemplate", "leaderTemplate") or worker
    replicas = _whole(_at(spec, "replicas", default=fewest))
    size = _whole(_at(spec, "leaderWorkerTemplate", "size", default=1))
    rolling = _at(spec, "rolloutStrategy", "rollingUpdateConfiguration")
    container = next(_entries(leader, "containers"), {})
    env = {str(entry.get("name")): entry.get("value") for entry in _list(container.get("env"))}
    model = env.get("NIM_MODEL_PATH") or env.get("NIM_SERVED_MODEL_NAME")
    skips = _at(inputs, "metadata", "annotations", names.SKIP_AWAIT) == "true"
    timeout = _seconds(timeouts.get("update") or timeouts.get("create"))
    if not isinstance(worker, Mapping):
        raise UnknownSizeError
    return Group(
        name=object_name(inputs),
        replicas=replicas,
        size=size,
        gpus=_gpus(leader) + (size - 1) * _gpus(worker),
        surge=min(_scaled(_at(rolling, "maxSurge", default=0), replicas, up=True), replicas),
        unavailable=_scaled(_at(rolling, "maxUnavailable", default=1), replicas, up=False),
        partition=_whole(_at(rolling, "partition", default=0)),
        image=_text(container.get("image")),
        model=_text(model),
        cache=_cache(leader, str(_at(inputs, "metadata", "namespace", default=""))),
        budget=_budget(container, env.get("NIM_STACK_JOIN_TIMEOUT_SECONDS"), timeout, replicas),
        timeout=None if skips else timeout,
    )


def _at(value: Any, *path: str, default: Any = None) -> Any:
    """What is there, or the default; a value that is known only later has nothing below it."""
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return default if value is None else value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int:
    try:
        return int(value) if isinstance(value, int | float | str) else int("")
    except ValueError:
        raise UnknownSizeError from None


def _seconds(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and value else None


def _list(value: object) -> Iterator[Json]:
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, dict):
            yield entry


def _entries(template: Any, kind: str) -> Iterator[Json]:
    """Containers or volumes of a pod template."""
    return _list(_at(template, "spec", kind))


def _gpus(template: Any) -> int:
    if not isinstance(_at(template, "spec", "containers"), list):
        raise UnknownSizeError
    return sum(
        _whole(_at(container, "resources", "limits", names.GPU_RESOURCE, default=0))
        for container in _entries(template, "containers")
    )


def _scaled(value: object, replicas: int, *, up: bool) -> int:
    """A number, or a percentage of the replicas, rounded as LWS does: surge up, unavailable down."""
    if isinstance(value, str) and value.endswith("%"):
        share = _whole(value[:-1]) * replicas
        return -(-share // 100) if up else share // 100
    return _whole(value)


def _cache(template: Any, namespace: str) -> tuple[str, str] | None:
    for volume in _entries(template, "volumes"):
        if volume.get("name") == names.CACHE_VOLUME:
            kind = next((key for key in volume if key != "name"), "")
            if kind == "persistentVolumeClaim":
                return _LASTING[kind], f"{namespace}/{_at(volume, kind, 'claimName')}"
            where = (_at(volume, kind, "server"), _at(volume, kind, "path"))
            return (_LASTING[kind], ":".join(str(part) for part in where if part)) if kind in _LASTING else (kind, "")
    return None


def _budget(container: Json, join: Any, timeout: int | None, replicas: int) -> TimeBudget | None:
    """The phases that the deadlines in the object were made from."""
    probe = container.get("startupProbe")
    try:
        startup = _whole(_at(probe, "failureThreshold")) * _whole(_at(probe, "periodSeconds"))
        return TimeBudget.of_deadlines(_whole(join), startup, timeout // max(1, replicas)) if timeout else None
    except UnknownSizeError:
        return None
