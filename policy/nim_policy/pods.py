"""Pod templates: which objects have them, how many pods they make, and what is inside."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from nim_policy.objects import LWS, Resource
from nim_policy.values import NotKnownError, items, mapping, mappings, read, whole_number

LWS_NAME_LABEL = f"{LWS.partition('.')[0]}.sigs.k8s.io/name"
LWS_WORKER_INDEX_LABEL = f"{LWS.partition('.')[0]}.sigs.k8s.io/worker-index"

TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("core", "Pod"): (),
}
"""Group and kind → where the one pod template is."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Pods:
    """Pods of one template.

    Attributes:
        role: `leader` or `worker` of a LeaderWorkerSet; empty elsewhere.
        template: metadata and spec.
    """

    role: str
    template: Json

    @property
    def labels(self) -> Mapping[str, str]:
        """Raises:
        NotKnownError: before the update.
        """
        return mapping(self.template, "metadata", "labels")

    @property
    def annotations(self) -> Mapping[str, str]:
        """Raises:
        NotKnownError: before the update.
        """
        return mapping(self.template, "metadata", "annotations")

    @property
    def containers(self) -> list[Json]:
        """Raises:
        NotKnownError: before the update.
        """
        return mappings(self.template, "spec", "containers")

    @property
    def all_containers(self) -> list[Json]:
        """Those that start first included.

        Raises:
            NotKnownError: before the update.
        """
        return [*mappings(self.template, "spec", "initContainers"), *self.containers]


def has_pods(resource: Resource) -> bool:
    """Whether it is of a kind whose pod templates this pack reads."""
    return is_group(resource) or (resource.group, resource.kind) in TEMPLATES


def is_group(resource: Resource) -> bool:
    """Whether it is a LeaderWorkerSet."""
    return (resource.group, resource.kind) == (LWS, "LeaderWorkerSet")


def pods_of(resource: Resource) -> list[Pods]:
    """Pod templates of an object; leaders have the workers' template where they have none of their own.

    Raises:
        NotKnownError: before the update.
    """
    if not is_group(resource):
        path = TEMPLATES.get((resource.group, resource.kind))
        return [] if path is None else [Pods("", mapping(resource.props, *path))]
    inner = mapping(resource.props, "spec", "leaderWorkerTemplate")
    worker = mapping(inner, "workerTemplate")
    return [Pods("leader", mapping(inner, "leaderTemplate") or worker), Pods("worker", worker)]


def group_size(resource: Resource) -> int:
    """Pods of one group of a LeaderWorkerSet; 1 without `size`, as the API's default is.

    Raises:
        NotKnownError: before the update.
    """
    size = read(resource.props, "spec", "leaderWorkerTemplate", "size")
    return 1 if size is None else whole_number(size, "leaderWorkerTemplate.size")


def gpus(pods: Pods, names: list[str]) -> int:
    """GPUs of one pod, as the scheduler counts them: those of all containers that run together, or those of the
    largest container that runs before them.

    Args:
        pods: the pods, which are alike.
        names: globs of extended resources.

    Raises:
        NotKnownError: before the update, or where devices are claimed and not counted.
    """
    together = sum(_devices(container, names) for container in pods.containers)
    before = 0
    for container in items(pods.template, "spec", "initContainers"):
        if read(container, "restartPolicy") == "Always":
            together += _devices(container, names)
        else:
            before = max(before, _devices(container, names))
    found = max(together, before)
    if not found and items(pods.template, "spec", "resourceClaims"):
        raise NotKnownError("the pods claim devices by dynamic resource allocation, which does not say how many GPUs")
    return found


def _devices(container: Json, names: list[str]) -> int:
    asked = {**mapping(container, "resources", "requests"), **mapping(container, "resources", "limits")}
    matching = [name for name in asked if any(fnmatchcase(name, pattern) for pattern in names)]
    return sum(whole_number(read(asked, name), f"resource {name}") for name in matching)


def serving(pods: Pods) -> Json:
    """The container that serves the model: the first that has an extended resource with `gpu` in its name, else the
    first; empty without containers.

    Raises:
        NotKnownError: before the update.
    """
    containers = pods.containers
    with_gpu = [container for container in containers if _devices(container, ["*gpu*"])]
    return next(iter([*with_gpu, *containers]), {})


def variable(container: Json, name: str) -> str | None:
    """Value of an environment variable; None without it. The last of one name wins, as in Kubernetes.

    Raises:
        NotKnownError: before the update, or where it comes from an object that is only read when the pod starts.
    """
    found = entry(container, name)
    if found is None:
        return None
    if read(found, "valueFrom") is not None:
        raise NotKnownError(f"the variable {name} is read from another object when the pod starts")
    value = read(found, "value")
    return "" if value is None else str(value)


def entry(container: Json, name: str) -> Json | None:
    """The entry of `env` for a variable; None without it.

    Raises:
        NotKnownError: before the update, or where `envFrom` may give it.
    """
    found = [item for item in items(container, "env") if read(item, "name") == name]
    if found:
        last: Json = found[-1]
        return last
    if items(container, "envFrom"):
        raise NotKnownError(f"the variable {name} may come from envFrom")
    return None


def words(container: Json) -> list[str]:
    """Command line of a container, with the arguments that NIM hands on to vLLM.

    Raises:
        NotKnownError: before the update, or where the arguments cannot be split.
    """
    line = [str(word) for word in (*items(container, "command"), *items(container, "args"))]
    try:
        return line + shlex.split(variable(container, "NIM_PASSTHROUGH_ARGS") or "")
    except ValueError as error:
        raise NotKnownError(f"NIM_PASSTHROUGH_ARGS cannot be split into words: {error}") from None


def option(line: list[str], *names: str) -> str | None:
    """Value of the last of these options on a command line, `--name value` or `--name=value`; None without it."""
    values = [value for name, value in _options(line) if name in names]
    return values[-1] if values else None


def _options(line: list[str]) -> Iterator[tuple[str, str]]:
    for number, word in enumerate(line):
        name, equals, value = word.partition("=")
        if equals:
            yield name, value
        elif number + 1 < len(line):
            yield word, line[number + 1]
