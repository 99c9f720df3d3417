"""What a quota counts of a pod, with what a LimitRange adds to it: the arithmetic of Kubernetes' own admission.

Containers run together and add up; init containers run one after another before them, so that the largest counts; a
sidecar, an init container that goes on, adds to both (PodRequests in k8s.io/component-helpers/resource).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from nim_stack.base.documents import Json
from nim_stack.base.quantity import Quantity


@dataclass(frozen=True)
class Defaults:
    """What the LimitRanges of a namespace give a container that does not say it itself."""

    limits: Mapping[str, str]
    requests: Mapping[str, str]

    @classmethod
    def of(cls, ranges: Iterable[Json]) -> "Defaults":
        """The API server writes `max` and `min` into `default` and `defaultRequest` when it stores a LimitRange
        (SetDefaults_LimitRangeItem), so that these two are all that counts."""
        limits: dict[str, str] = {}
        requests: dict[str, str] = {}
        for item in ranges:
            for each in item["spec"].get("limits") or []:
                if each.get("type") == "Container":
                    limits = (each.get("default") or {}) | limits
                    requests = (each.get("defaultRequest") or {}) | requests
        return cls(limits, requests)


NO_DEFAULTS = Defaults({}, {})


def of_container(container: Json, defaults: Defaults) -> dict[str, Decimal]:
    """What one container is charged, by the names that quotas have. A limit is the request too where there
    is none, and that comes before the defaults of a LimitRange."""
    resources = container.get("resources") or {}
    own_limits = resources.get("limits") or {}
    limits = {**defaults.limits, **own_limits}
    requests = {**defaults.requests, **own_limits, **(resources.get("requests") or {})}
    charged = {f"limits.{name}": Quantity.parse(quantity).value for name, quantity in limits.items()}
    for name, quantity in requests.items():
        charged[name] = charged[f"requests.{name}"] = Quantity.parse(quantity).value
    return charged


def of_pod(spec: Json, defaults: Defaults = NO_DEFAULTS) -> dict[str, Decimal]:
    """What a pod that has not ended is charged; it is one of `pods` itself."""
    total: dict[str, Decimal] = {"pods": Decimal(1)}
    sidecars: dict[str, Decimal] = {}
    before: dict[str, Decimal] = {}
    for container in spec["containers"]:
        add(total, of_container(container, defaults))
    for container in spec.get("initContainers") or []:
        own = of_container(container, defaults)
        if container.get("restartPolicy") == "Always":
            add(total, own)
            add(sidecars, own)
        else:
            for name, value in own.items():
                before[name] = max(before.get(name, Decimal(0)), value + sidecars.get(name, Decimal(0)))
    return {name: max(total.get(name, Decimal(0)), before.get(name, Decimal(0))) for name in total | before}


def add(charged: dict[str, Decimal], more: Mapping[str, Decimal], times: int = 1) -> None:
    """Adds to each sum of `charged` the amount of the same name, multiplied; a sum that is missing starts at 0."""
    for name, value in more.items():
        charged[name] = charged.get(name, Decimal(0)) + value * times
