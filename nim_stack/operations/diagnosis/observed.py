"""One deployment as the judges see it: the snapshot, and what follows from it for all of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.operations.diagnosis.logs import Hit, hits
from nim_stack.operations.diagnosis.view import Container, Event, Node, Pod, condition, seconds_between
from nim_stack.operations.observing.snapshot import Snapshot

RECENT_SECONDS = 300.0
"""Kubernetes repeats what still goes wrong within this time, back-off included."""


SCALE_UP = ("TriggeredScaleUp", "Nominated")
"""Events of the cluster autoscaler and of Karpenter."""
AUTOSCALER_SECONDS = 30.0


@dataclass(frozen=True)
class ObservedDeployment:
    """A snapshot of one deployment, with what follows from it for every judge."""

    snapshot: Snapshot

    @cached_property
    def group(self) -> Json | None:
        """The LeaderWorkerSet of the deployment; None when there is none, or when it was not read."""
        return next(iter(self.snapshot.get("deployment")), None)

    @cached_property
    def size(self) -> int:
        """How many pods a group has, the leader included; 0 without a LeaderWorkerSet."""
        return int(self.group["spec"]["leaderWorkerTemplate"].get("size", 1)) if self.group else 0

    @cached_property
    def replicas(self) -> int:
        """How many groups the LeaderWorkerSet wants; 0 without one."""
        return int(self.group["spec"].get("replicas", 1)) if self.group else 0

    @cached_property
    def available(self) -> bool:
        """Whether every group serves, by the condition that `up` waits for, and as far as its pods can be seen."""
        if self.group is None:
            return False
        found = condition(self.group, "Available")
        current = found.get("observedGeneration", 0) >= self.group["metadata"].get("generation", 0)
        ready = sum(pod.ready for pod in self.pods)
        enough = not self.snapshot.read("pods") or ready >= self.size * self.replicas
        return found.get("status") == "True" and current and enough

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Pods of the groups, leaders first."""
        found = [Pod(item) for item in self.snapshot.get("pods")]
        return tuple(sorted((p for p in found if p.of_a_group), key=lambda pod: (pod.role, pod.name)))

    @cached_property
    def helpers(self) -> tuple[Pod, ...]:
        """Pods of the deployment's Jobs."""
        return tuple(pod for item in self.snapshot.get("pods") if not (pod := Pod(item)).of_a_group)

    @cached_property
    def everyone(self) -> tuple[Pod, ...]:
        """All pods of the deployment: those of its groups, then those of its Jobs."""
        return self.pods + self.helpers

    def leader_of(self, pod: Pod) -> Pod | None:
        """The leader of the pod's group; None when it does not exist, and for a pod of a Job."""
        return next((other for other in self.pods if other.role == "leader" and other.group == pod.group), None)

    @cached_property
    def missing(self) -> int:
        """How many pods of the wanted groups do not exist; 0 when it is not known, as pods could not be read."""
        if not self.snapshot.read("pods"):
            return 0
        return max(0, self.size * self.replicas - len(self.pods))

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Events about this deployment's objects, the newest first."""
        mine = [event for item in self.snapshot.get("events") if self._is_mine(event := Event(item))]
        return tuple(sorted(mine, key=lambda event: event.last, reverse=True))

    def _is_mine(self, event: Event) -> bool:
        kind, name = event.about
        if kind == "PersistentVolumeClaim":
            return name in self.mounted_claims or name == names.cache_claim(self.snapshot.name)
        return name == self.snapshot.name or name.startswith(f"{self.snapshot.name}-")

    def recent(self, *reasons: str, seconds: float = RECENT_SECONDS) -> Iterator[Event]:
        """Events of these reasons that are not old."""
        for event in self.events:
            if event.reason in reasons and self.age(event.last) <= seconds:
                yield event

    def events_of(self, pod: Pod, *reasons: str) -> Iterator[Event]:
        """Recent ones about this very pod, not about one that had its name."""
        return (event for event in self.recent(*reasons) if event.uid == pod.uid)

    def age(self, since: str | None) -> float:
        """Seconds until the snapshot was taken."""
        return seconds_between(since, self.snapshot.taken) or 0.0

    @cached_property
    def mounted_claims(self) -> tuple[str, ...]:
        """Claims that pods of the deployment mount, or would."""
        specs = [pod.spec for pod in self.everyone]
        if self.group:
            template = self.group["spec"]["leaderWorkerTemplate"]
            specs += [template[role]["spec"] for role in ("leaderTemplate", "workerTemplate") if template.get(role)]
        volumes = [volume for spec in specs for volume in spec.get("volumes") or []]
        found = {v["persistentVolumeClaim"]["claimName"] for v in volumes if v.get("persistentVolumeClaim")}
        return tuple(sorted(found))

    @cached_property
    def claims(self) -> dict[str, Json]:
        """The PersistentVolumeClaims of the namespace by name; empty when they were not read."""
        return {item["metadata"]["name"]: item for item in self.snapshot.get("claims")}

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes of the cluster; empty when they were not read."""
        return tuple(Node(item) for item in self.snapshot.get("nodes"))

    def node(self, name: str | None) -> Node | None:
        """The node of that name; None when there is none, or when nodes were not read."""
        return next((node for node in self.nodes if node.name == name), None)

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        """Lines of logs and last words of containers that match a known pattern."""
        return tuple(hits(self.snapshot, self.everyone))

    def hits_of(self, failure: str) -> tuple[Hit, ...]:
        """Lines that match a pattern of one failure, which is given by its code."""
        return tuple(hit for hit in self.hits if hit.pattern.failure == failure)

    @cached_property
    def webhook_service(self) -> Json | None:
        """The Service behind the webhooks of LWS."""
        hooks = [hook for item in self.snapshot.get("webhooks") for hook in item["webhooks"]]
        return next((hook["service"] for hook in hooks if hook["service"]), None)

    def is_about_webhooks(self, message: str) -> bool:
        """Whether a refusal comes from a webhook of LWS that did not answer; others have the same names (kb.io)."""
        service = self.webhook_service
        place = f"{service['name']}.{service['namespace']}.svc" if service else "lws-webhook-service"
        return "failed calling webhook" in message and place in message

    @cached_property
    def nodes_are_being_added(self) -> bool:
        """Whether an autoscaler has taken up pods that found no node; Karpenter may need a moment for it."""
        if any(True for _ in self.recent(*SCALE_UP, seconds=900)):
            return True
        young = any(pod.unscheduled and self.age(pod.created) < AUTOSCALER_SECONDS for pod in self.pods)
        return names.KARPENTER_GROUP in self.snapshot.groups and young

    @cached_property
    def running_leaders(self) -> tuple[Pod, ...]:
        """The leaders whose model container runs, ready or not."""
        return tuple(p for p in self.pods if p.role == "leader" and p.main and p.main.running_since)

    @cached_property
    def startup_seconds(self) -> float | None:
        """How long the leader may take, by its startup probe."""
        if self.group is None:
            return None
        template = self.group["spec"]["leaderWorkerTemplate"]
        spec = (template.get("leaderTemplate") or template["workerTemplate"])["spec"]
        for container in spec["containers"]:
            if probe := container.get("startupProbe"):
                return float(probe.get("failureThreshold", 3) * probe.get("periodSeconds", 10))
        return None

    @cached_property
    def recreations(self) -> int:
        """How often a group was made anew lately."""
        return sum(event.count for event in self.recent("RecreateGroup", seconds=3600))

    def running_for(self, container: Container | None) -> float:
        """For how many seconds a container has been running; 0 when it does not run or is None."""
        return self.age(container.running_since) if container and container.running_since else 0.0


def stated(text: str, limit: int = 300) -> str:
    """A message of Kubernetes on one line, not too long; of a chain of errors the last part is the cause."""
    flat = re.sub(r"\s+", " ", text).strip()
    return flat if len(flat) <= limit else f"{flat[: limit // 3]} … {flat[3 - 2 * limit // 3 :]}"
