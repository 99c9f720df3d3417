"""The all-reduce Job, from its creation to its deletion: the one part of doctor that writes, when it is asked to."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.problems import Finding
from nim_stack.base.redaction import without_keys
from nim_stack.manifests.all_reduce_job import AllReduce, all_reduce_job, owned
from nim_stack.manifests.programs.all_reduce import MARK
from nim_stack.manifests.references import References
from nim_stack.operations.cluster.errors import CannotReadError, ClusterUnreachableError
from nim_stack.operations.cluster.reader import Reader
from nim_stack.operations.diagnosis.view import Pod, condition
from nim_stack.operations.doctor.bandwidth import PodReports, read_reports
from nim_stack.operations.doctor.check import Preflight, problem
from nim_stack.operations.doctor.obstacles import obstacles

Say = Callable[[str], None]
MEETING_SECONDS = 120.0
"""How long pods that all run may take to find each other."""
SILENT_SECONDS = 60.0
"""How long the API server may not answer meanwhile."""
GONE_SECONDS = 30.0
_PAUSE_SECONDS = 1.0
_KINDS = {"Service": "/api/v1/namespaces/{}/services", "Job": "/apis/batch/v1/namespaces/{}/jobs",
          "ComputeDomain": f"/apis/{names.COMPUTE_DOMAIN_API}/namespaces/{{}}/computedomains"}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How the Job ended, and what its pods reported until then."""

    reports: PodReports = field(default_factory=PodReports)
    obstacle: Finding | None = None
    """Why it was not measured; None when all pods ended well."""


@dataclass
class _Watch:
    """Looks at one Job again and again until it has ended, or until something that lasts is in its way."""

    reader: Reader
    preflight: Preflight
    asked: AllReduce
    say: Say
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    told: str = ""
    logs: dict[str, str] = field(default_factory=dict)
    """The log of each pod as it was read last, by the pod's name: a log goes when its pod goes."""
    since: dict[str, float] = field(default_factory=dict)
    """The time at which each obstacle was seen first. The key is what to do about it: the words of the cluster for the
    same obstacle change from one look to the next."""
    running_since: float | None = None
    """The time since which all pods run."""

    def outcome(self) -> Outcome:
        end = self.clock() + self.asked.seconds
        answered, last = self.clock(), "nothing is known of its pods"
        while self.clock() < end:
            try:
                found, last = self._look()
                if found is not None:
                    return found
                answered = self.clock()
            except (CannotReadError, ClusterUnreachableError) as trouble:
                if "forbidden" in str(trouble) or self.clock() - answered > SILENT_SECONDS:
                    raise
            self.sleep(_PAUSE_SECONDS)
        why = f"not within {self.asked.seconds // 60} minutes: {last}"
        return self._failed(why, "Give it more: --minutes.")

    def _look(self) -> tuple[Outcome | None, str]:
        """How it ended, if it has, and how far it is."""
        space = f"/api/v1/namespaces/{self.asked.namespace}"
        job = self.reader.get(f"{_KINDS['Job'].format(self.asked.namespace)}/{self.asked.name}")
        if job is None:
            return self._failed("somebody deleted the Job", "Run the command again."), ""
        listed = self.reader.get(f"{space}/pods", labelSelector=f"{names.JOB_NAME_LABEL}={self.asked.name}") or {}
        pods = sorted(listed.get("items") or [], key=lambda pod: str(pod["metadata"]["name"]))
        self._read(pods)
        if ended := self._ended(job, pods):
            return ended, ""
        running = [pod for pod in pods if _running(pod)]
        if len(running) == self.preflight.plan.nodes:
            return self._meeting(), self._progress(f"all {len(running)} pods run")
        self.running_since = None
        found, now = list(obstacles(self.preflight, job, pods, self._events(space))), self.clock()
        self.since = {each.finding.instead: self.since.get(each.finding.instead, now) for each in found}
        for each in found:
            if now - self.since[each.finding.instead] >= each.patience:
                return Outcome(self._reports(), each.finding), ""
        state = f"{len(running)} of {self.preflight.plan.nodes} pods run"
        return None, self._progress("; ".join([state, *(each.finding.why for each in found[:1])]))

    def _events(self, space: str) -> list[Json]:
        """Without the right to see them the pods' own words have to do."""
        try:
            return (self.reader.get(f"{space}/events") or {}).get("items") or []
        except CannotReadError:
            return []

    def _read(self, pods: list[Json]) -> None:
        for pod in pods:
            name = pod["metadata"]["name"]
            if _state(pod).keys() & {"running", "terminated"}:
                path = f"/api/v1/namespaces/{self.asked.namespace}/pods/{name}/log"
                try:
                    self.logs[name] = self.reader.text(path, container=names.MODEL_CONTAINER, timestamps="true")
                except CannotReadError as refused:
                    if "forbidden" in str(refused):
                        raise

    def _ended(self, job: Json, pods: list[Json]) -> Outcome | None:
        """The outcome once the containers have ended: a sidecar can keep a pod, and so the Job, from ever ending."""
        ends = {pod["metadata"]["name"]: end for pod in pods if (end := _state(pod).get("terminated"))}
        failed = {name: end for name, end in ends.items() if end.get("exitCode") != 0}
        if failed:
            name, end = min(failed.items(), key=lambda item: str(item[1].get("finishedAt")))
            return self._failed(self._last_words(name, end), "See what it says; --image takes another image.")
        if len(ends) == self.preflight.plan.nodes:
            reports = self._reports()
            if not reports.timings:
                return self._failed("the pods ended without a figure", "Run the command again.")
            return Outcome(reports)
        over = condition(job, "Failed")
        if over.get("status") == "True":
            words = self._failure() or f"the Job failed: {over.get('reason')}: {over.get('message')}"
            return self._failed(words, "Run the command again; `kubectl get events` may say more.")
        return None

    def _meeting(self) -> Outcome | None:
        """All pods run. They do not meet where names are not resolved or packets dropped."""
        reports = self._reports()
        if self.running_since is None:
            self.running_since = self.clock()
        if reports.facts or self.clock() - self.running_since < MEETING_SECONDS:
            return None
        policies = [item["metadata"]["name"] for item in self.preflight.snapshot.get("policies")]
        do = "See the cluster's DNS and what stands between the nodes (firewall, security group)."
        if policies:
            do += f" NetworkPolicies of the namespace: {', '.join(policies)}; the Job's pods need to reach each other."
        waiting = reports.waiting[-1] if reports.waiting else "for what, they do not say"
        return self._failed(f"the pods run and do not meet: they wait {waiting}", do)

    def _progress(self, state: str) -> str:
        if sizes := self._reports().timings:
            state += f"; measured: {', '.join(f'{size // 1024**2} MiB' for size, _ in sizes)}"
        if state != self.told:
            self.told = state
            self.say(f"  {state}")
        return state

    def _lines(self) -> list[str]:
        """Lines of the logs of all pods, in the order of time."""
        stamped = sorted(line for text in self.logs.values() for line in text.splitlines())
        return [without_keys(line.partition(" ")[2]) for line in stamped]

    def _reports(self) -> PodReports:
        return read_reports(self._lines())

    def _failed(self, why: str, instead: str) -> Outcome:
        return Outcome(self._reports(), problem(why, instead))

    def _failure(self) -> str:
        """The rank that failed first; the others lost it. And what NCCL warned of, if it did."""
        reports = self._reports()
        if not reports.failed:
            return ""
        return reports.failed[0] + (f" (NCCL: {'; '.join(list(reports.notes)[-3:])})" if reports.notes else "")

    def _last_words(self, name: str, end: Json) -> str:
        words = self._failure()
        if not words:
            lines = [line.partition(" ")[2] for line in self.logs.get(name, "").splitlines()] or [
                str(end.get("message") or "it said nothing")
            ]
            words = without_keys(" / ".join([line for line in lines if not line.startswith(MARK)][-3:]))
        return f"{name} ended with {end.get('reason', 'Error')} ({end.get('exitCode')}): {words}"


def _state(pod: Json) -> Json:
    """The state of the container that measures; empty before it has one."""
    main = Pod(pod).main
    found: Json = (main.raw.get("state") or {}) if main else {}
    return found


def _running(pod: Json) -> bool:
    return bool(_state(pod).keys() & {"running", "terminated"})


def run(
    reader: Reader,
    preflight: Preflight,
    references: References,
    asked: AllReduce,
    say: Say,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Make the Job, wait for it, delete it.

    Raises:
        ClusterUnreachableError: the cluster does not answer any more.
    """
    jobs = _KINDS["Job"].format(asked.namespace)
    try:
        with _removed(reader, asked, say, clock, sleep):
            made = reader.send("POST", jobs, all_reduce_job(preflight.plan, references, asked))
            for beside in owned(preflight.plan, asked, made["metadata"]["uid"]):
                reader.send("POST", _KINDS[beside["kind"]].format(asked.namespace), beside)
            return _Watch(reader, preflight, asked, say, clock, sleep).outcome()
    except CannotReadError as refused:
        do = "It takes the rights to create and delete jobs and services there, and to read pods and their logs."
        return Outcome(obstacle=problem(f"the API server refuses it: {refused}", do))


@contextmanager
def _removed(
    reader: Reader, asked: AllReduce, say: Say, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[None]:
    """The Job goes however this ends, and what it owns with it; the GPUs are free when it has gone."""
    job = f"{_KINDS['Job'].format(asked.namespace)}/{asked.name}"
    try:
        yield
    finally:
        try:
            end = clock() + GONE_SECONDS
            if reader.get(job) is not None:
                say(f"Deleting Job {asked.namespace}/{asked.name}.")
                reader.send("DELETE", job, {"propagationPolicy": "Foreground"})
            while reader.get(job) is not None and clock() < end:
                sleep(_PAUSE_SECONDS / 2)
        except (CannotReadError, ClusterUnreachableError) as trouble:
            say(f"The Job may be left: `kubectl -n {asked.namespace} delete job {asked.name}` ({trouble})")
