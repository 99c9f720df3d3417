"""What judges ask of the objects in a snapshot, in Kubernetes' own terms."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.quantity import Quantity
from nim_stack.operations.observing.gathering import role


def seconds_between(earlier: str | None, later: str) -> float | None:
    """Seconds from one time in an object to another; None without the earlier."""
    return None if not earlier else (_time(later) - _time(earlier)).total_seconds()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00" if len(text) > 26 else text.replace("Z", "+00:00"))


def condition(obj: Json, kind: str) -> Json:
    """One condition of an object's status; empty without it."""
    found: Json = next((c for c in obj.get("status", {}).get("conditions") or [] if c["type"] == kind), {})
    return found


def endpoints(slices: Iterable[Json]) -> list[Json]:
    """The endpoints of several EndpointSlices."""
    return [endpoint for each in slices for endpoint in each.get("endpoints") or []]


def ready_endpoints(slices: Iterable[Json]) -> list[Json]:
    """Endpoints that are ready; one that does not say it is (EndpointConditions of discovery.k8s.io/v1)."""
    return [each for each in endpoints(slices) if (each.get("conditions") or {}).get("ready", True)]


@dataclass(frozen=True)
class Container:
    """One container's status; `nim` is the model's."""

    raw: Json

    @property
    def name(self) -> str:
        """The name of the container in the pod's spec."""
        return str(self.raw["name"])

    @property
    def restarts(self) -> int:
        """How often the kubelet has restarted the container; 0 when its status does not say."""
        return int(self.raw.get("restartCount", 0))

    @property
    def waiting(self) -> Json:
        """The state `waiting` with its reason and message; empty when the container does not wait."""
        found: Json = (self.raw.get("state") or {}).get("waiting") or {}
        return found

    @property
    def running_since(self) -> str | None:
        """When the container started (ISO 8601, UTC); None when it does not run."""
        return ((self.raw.get("state") or {}).get("running") or {}).get("startedAt")

    @property
    def ends(self) -> Iterator[Json]:
        """How it ended: now, and the time before."""
        for state in ("state", "lastState"):
            if ended := (self.raw.get(state) or {}).get("terminated"):
                yield ended


@dataclass(frozen=True)
class Pod:
    """One pod of the deployment."""

    raw: Json

    @property
    def name(self) -> str:
        """The name of the pod in its namespace."""
        return str(self.raw["metadata"]["name"])

    @property
    def uid(self) -> str:
        """The UID, which tells the pod from an earlier one of the same name."""
        return str(self.raw["metadata"]["uid"])

    @property
    def role(self) -> str:
        """What the pod is for: leader or worker of a group, else the value of its component label, else other."""
        return role(self.raw)

    @property
    def group(self) -> str:
        """The index that LWS gave to the pod's group, as text; empty for a pod of a Job."""
        return str((self.raw["metadata"].get("labels") or {}).get(names.LWS_GROUP_INDEX_LABEL, ""))

    @property
    def of_a_group(self) -> bool:
        """Whether the pod is the leader or a worker of a group, and not that of a Job."""
        return self.role in ("leader", "worker")

    @property
    def phase(self) -> str:
        """The phase: Pending, Running, Succeeded, Failed or Unknown; the text None when the status has none."""
        return str(self.raw["status"].get("phase"))

    @property
    def node(self) -> str | None:
        """The name of the node that the scheduler chose; None before that."""
        found: str | None = self.raw["spec"].get("nodeName")
        return found

    @property
    def address(self) -> str | None:
        """The IP address of the pod; None until its sandbox runs."""
        found: str | None = self.raw["status"].get("podIP")
        return found

    @property
    def created(self) -> str:
        """When the API server stored the pod (ISO 8601, UTC)."""
        return str(self.raw["metadata"]["creationTimestamp"])

    @property
    def deleting_since(self) -> str | None:
        """The deletion timestamp (ISO 8601, UTC); None when nobody has asked to delete the pod."""
        found: str | None = self.raw["metadata"].get("deletionTimestamp")
        return found

    @property
    def ready(self) -> bool:
        """Whether the condition Ready is true; a pod without the condition is not ready."""
        return condition(self.raw, "Ready").get("status") == "True"

    @property
    def unscheduled(self) -> str | None:
        """Why the scheduler has not placed it, when it has tried."""
        found = condition(self.raw, "PodScheduled")
        return found.get("message", "") if found.get("status") == "False" else None

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The containers that have a status, init containers first; empty before the kubelet has written any."""
        status = self.raw["status"]
        raw = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
        return tuple(Container(item) for item in raw)

    @property
    def main(self) -> Container | None:
        """The status of the model's container; None when it has none yet, and for a pod of a Job."""
        return next((container for container in self.containers if container.name == names.MODEL_CONTAINER), None)

    @property
    def spec(self) -> Json:
        """The spec of the pod, as the API server has it."""
        found: Json = self.raw["spec"]
        return found

    @property
    def main_spec(self) -> Json:
        """The model's container in the spec; the first container in a pod of a Job."""
        containers: list[Json] = self.spec["containers"]
        return next(
            (container for container in containers if container["name"] == names.MODEL_CONTAINER), containers[0]
        )

    def asks_for(self, resource: str) -> Decimal:
        """What the pod's containers request of a resource together, in its base unit; 0 when they request none."""
        return requested(self.raw, resource)


def requested(pod: Json, resource: str) -> Decimal:
    """What the containers of a pod request of a resource together."""
    total = Decimal(0)
    for container in pod["spec"].get("containers") or []:
        resources = container.get("resources") or {}
        given = (resources.get("requests") or {}).get(resource, (resources.get("limits") or {}).get(resource))
        total += Quantity.parse(given).value if given is not None else 0
    return total


@dataclass(frozen=True)
class Event:
    """One event of the namespace."""

    raw: Json

    @property
    def reason(self) -> str:
        """The reason, one word that the reporting controller chose; empty when the event has none."""
        return str(self.raw.get("reason", ""))

    @property
    def message(self) -> str:
        """The message for people, without space around it; empty when the event has none."""
        return str(self.raw.get("message", "")).strip()

    @property
    def about(self) -> tuple[str, str]:
        """Kind and name of the object that the event is about; each empty when the event does not say it."""
        found: Mapping[str, str] = self.raw.get("involvedObject") or {}
        return found.get("kind", ""), found.get("name", "")

    @property
    def uid(self) -> str | None:
        """The UID of the object that the event is about; None when the event does not say it."""
        return (self.raw.get("involvedObject") or {}).get("uid")

    @property
    def last(self) -> str:
        """When the event was seen last (ISO 8601, UTC); the time of its creation when it has no other time."""
        series = self.raw.get("series") or {}
        times = (series.get("lastObservedTime"), self.raw.get("lastTimestamp"), self.raw.get("eventTime"))
        return next((time for time in times if time), str(self.raw["metadata"].get("creationTimestamp", "")))

    @property
    def count(self) -> int:
        """How often the event was seen; 1 when it does not say."""
        return int((self.raw.get("series") or {}).get("count") or self.raw.get("count") or 1)

    def __str__(self) -> str:
        kind, name = self.about
        return f"event {self.reason} of {kind} {name}: {self.message}"


@dataclass(frozen=True)
class Node:
    """One node of the cluster, as its object describes it."""

    raw: Json

    @property
    def name(self) -> str:
        """The name of the node."""
        return str(self.raw["metadata"]["name"])

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of the node; empty when it has none."""
        found: Mapping[str, str] = self.raw["metadata"].get("labels") or {}
        return found

    @property
    def taints(self) -> tuple[Json, ...]:
        """The taints of the node, each with key, value and effect; empty when it has none."""
        return tuple(self.raw.get("spec", {}).get("taints") or ())

    @property
    def cordoned(self) -> bool:
        """Whether the node is marked unschedulable, as `kubectl cordon` does it."""
        return bool(self.raw.get("spec", {}).get("unschedulable"))

    @property
    def ready(self) -> bool:
        """Whether the condition Ready is true; a node without the condition is not ready."""
        return condition(self.raw, "Ready").get("status") == "True"

    def allocatable(self, resource: str) -> Decimal:
        """What the node has of a resource for all pods together, in its base unit; 0 when it names none."""
        given = (self.raw.get("status", {}).get("allocatable") or {}).get(resource)
        return Quantity.parse(given).value if given is not None else Decimal(0)

    @property
    def gpus(self) -> int:
        """How many GPUs the device plugin of the node offers to all pods together."""
        return int(self.allocatable(names.GPU_RESOURCE))
