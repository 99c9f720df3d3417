"""What is said of the engine, of Ray and of the processes below the supervisor."""

import errno
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nim_serve.contract.limits import CLEAR_SECONDS, STOPPED_SECONDS
from nim_serve.decide import events as e
from nim_serve.decide.events import Event, Scope
from nim_serve.decide.health_poll import HealthPoll
from nim_serve.decide.progress import SILENT_SERVER_SECONDS, Sample
from nim_serve.pod.health_port import Health
from nim_serve.pod.leader import Leader
from nim_serve.pod.pid_watch import PidWatch, how_it_ended
from nim_serve.ray import membership_process
from nim_serve.ray.membership_process import MembershipProcess
from nim_serve.system.process import ProcessInfo
from nim_serve.vllm.engine_watch import EngineWatch, Server

from tests.unit.words.stage import FIRST, GATHERS, JOINED, LOADS, MODEL, SERVES, LastWords, Stage, Stopping
from tests.unit.words.writers import Lines, writes

LOST = (e.Ended(Scope.ENGINE), e.Ended(Scope.RAY))


def broken(stage: Stage, what: str, scope: Scope = Scope.ENGINE) -> Lines:
    """A fault while it serves."""
    return stage.leader(*SERVES, e.Broken(scope, what))


def ended(stage: Stage, what: str) -> Lines:
    """The same with healing switched off."""
    return stage.leader(*SERVES, e.Broken(Scope.ENGINE, what), *LOST, NIM_STACK_HEAL_TRIES="0")


def deaths() -> Iterator[str]:
    """How processes end: by themselves, killed, and so that only their own parent knows how."""
    for code in (1, -9, 137, None):
        yield how_it_ended("vLLM", code)


@writes("fault")
def a_process_that_ended(stage: Stage) -> Iterator[Lines]:
    for what in deaths():
        yield broken(stage, what)
    yield stage.leader(*SERVES, e.Broken(Scope.ENGINE, how_it_ended("vLLM", -9)), role="server")


@writes("bus-error")
def a_process_without_shared_memory(stage: Stage) -> Iterator[Lines]:
    for name in ("vLLM", "rank (process 7)"):
        yield broken(stage, how_it_ended(name, -signal.SIGBUS))
        yield ended(stage, how_it_ended(name, -signal.SIGBUS))


@writes("exit")
def a_process_that_ended_for_good(stage: Stage) -> Iterator[Lines]:
    for what in deaths():
        yield ended(stage, what)
    alone = (e.ModelDone(), e.EngineUp(), e.Proved(), e.Broken(Scope.ENGINE, how_it_ended("vLLM", 1)), *LOST)
    yield stage.leader(*alone, role="server", NIM_STACK_HEAL_TRIES="0")


@writes("exit")
def after_the_last_try(stage: Stage) -> Iterator[Lines]:
    again = (*LOST, e.Tick(), *GATHERS[1:])
    yield stage.leader(
        *SERVES, e.Broken(Scope.RAY, "raylet has gone"), *again, e.Broken(Scope.RAY, "raylet has gone"), *LOST,
        NIM_STACK_HEAL_TRIES="1",
    )  # fmt: skip


@writes("fault")
def a_process_that_is_stopped(stage: Stage) -> Iterator[Lines]:
    """A rank below this process, as the process table shows it."""
    own = os.getpid()
    with subprocess.Popen(["sleep", "60"]) as child, selectors.DefaultSelector() as selector:
        table = {child.pid: ProcessInfo(child.pid, own, "T", "ray::RayWorkerP")}
        watch = PidWatch(selector)
        found = [event for now in (0.0, STOPPED_SECONDS) for event in watch.look(own, table, now)]
        watch.forget(Scope.RAY)
        child.kill()
    (event,) = found
    assert isinstance(event, e.Broken)
    yield broken(stage, event.what)


class FakeVllm(Server):
    """A server of vLLM that answers as it is told."""

    def __init__(self, status: int | None, sample: Sample | None = None) -> None:
        super().__init__(1)
        self.status, self.sample = status, sample

    def health(self) -> int | None:
        return self.status

    def look(self) -> Sample | None:
        return self.sample


def polled(server: FakeVllm, *, until: float) -> str:
    """What the health poll says of it in the end."""
    now = 0.0
    poll = HealthPoll(server, 120.0, lambda _: None, lambda: now)
    while now <= until:
        for event in poll.poll(draining=False):
            if isinstance(event, e.Broken):
                return event.what
        now += 5.0
    raise AssertionError(now)


@writes("fault")
def an_engine_that_is_sick(stage: Stage) -> Iterator[Lines]:
    yield broken(stage, polled(FakeVllm(503), until=0.0))
    yield broken(stage, polled(FakeVllm(None), until=SILENT_SERVER_SECONDS))
    yield broken(stage, polled(FakeVllm(200, Sample(3, (1.0,))), until=200.0))


@writes("fault")
def an_engine_that_generates_nothing(stage: Stage) -> Iterator[Lines]:
    """A server of vLLM that answers with an error, and one that does not answer."""

    def refuse(*_: object) -> tuple[int, None, bytes]:
        return 500, None, b"EngineCore died"

    server = Server(1)
    yield stage.leader(*LOADS, e.EngineUp(), e.Proved(server.generate("a/b", 1.0)))
    stage.patch.setattr(server, "_ask", refuse)
    yield stage.leader(*LOADS, e.EngineUp(), e.Proved(server.generate("a/b", 1.0)))


@writes("fault")
def a_watch_that_fails(stage: Stage) -> Iterator[Lines]:
    posted: list[Event] = []

    class Failing(FakeVllm):
        def health(self) -> int | None:
            raise ValueError("Invalid header value")

    watch = EngineWatch(Failing(200), "a/b", 120.0, posted.append)
    for _ in range(500):
        if posted:
            break
        time.sleep(0.01)
    watch.close()
    (event,) = posted
    assert isinstance(event, e.Broken)
    yield broken(stage, event.what)


@writes("fault")
def a_load_that_takes_too_long(stage: Stage) -> Iterator[Lines]:
    yield stage.leader(*LOADS, 7200.0, e.Tick())


@writes("fault")
def a_fault_of_a_worker(stage: Stage) -> Iterator[Lines]:
    yield stage.leader(*SERVES, e.Heard(replace(JOINED, fault=how_it_ended("raylet", -9), fault_in_ray=True)))


@writes("exit")
def what_does_not_end(stage: Stage) -> Iterator[Lines]:
    late = (CLEAR_SECONDS, e.Tick())
    yield stage.leader(*SERVES, e.Broken(Scope.RAY, "raylet has gone"), *late)
    joined = (e.Connected("10.0.0.1", "10.0.0.2"), e.Ordered(FIRST), e.ModelDone(), e.RayStarted())
    yield stage.worker(*joined, e.Broken(Scope.RAY, "raylet has gone"), *late)


def unstarted(stage: Stage, action: e.RoleAction, *, ray: bool = True) -> Iterator[tuple[Lines, list[Event]]]:
    """A leader at its pod's limit of processes: what it says, and what its machine is told."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    stage.environment(MODEL)
    with Stopping() as stop, stage.patch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        config = stage.config(NIM_NUM_COMPUTE_NODES="1")
        leader = Leader(config, 6379, "127.0.0.1", [], Health(str(stage.directory)), stop, ray=ray)
        lines = stage.said(lambda: leader.perform(action, 0.0))
        yield lines, list(leader._posted)
        leader.close()


@writes("fault")
def nothing_can_be_started(stage: Stage) -> Iterator[Lines]:
    for action, before in ((e.StartRay(), GATHERS[:1]), (e.AskMembers(), GATHERS[:2]), (e.StartEngine(), LOADS)):
        for _, events in unstarted(stage, action):
            yield stage.leader(*before, *events)


@writes("task-not-started", text="ray start cannot be started: ", unread="The fault that follows from it is read.")
def task_not_started(stage: Stage) -> Iterator[Lines]:
    for lines, _ in unstarted(stage, e.StartRay()):
        yield lines


@writes("task-too-slow", text="ray start takes too long and is ended", unread="The fault that follows from it is read.")
def task_too_slow(stage: Stage) -> Iterator[Lines]:
    stage.environment(MODEL)

    def act() -> None:
        with Stopping() as stop:
            leader = Leader(
                stage.config(NIM_NUM_COMPUTE_NODES="1"), 6379, "127.0.0.1", [], Health(str(stage.directory)), stop,
                ray=True,
            )  # fmt: skip
            leader.start_task("ray start", ["sleep", "60"], os.environ, limit=0.0)
            while leader.tasks:
                leader._turn()
            leader.close()

    yield stage.said(act)


@writes("fault")
def ray_that_stops_answering(stage: Stage) -> Iterator[Lines]:
    """The process that asks Ray, for which there is none here, so that it ends with an error."""
    stage.patch.setenv("PYTHONPATH", str(Path(membership_process.__file__).parents[2]))
    asking = MembershipProcess("127.0.0.1:1", 2, 2)
    for _ in range(1000):
        if (news := asking.news()) is not None:
            break
        time.sleep(0.01)
    asking.close()
    assert news is not None
    yield stage.leader(*GATHERS[:2], news)


@writes("exit")
def a_port_that_is_taken(stage: Stage) -> Iterator[Lines]:
    def refuse() -> e.Exit:
        raise AssertionError

    config = stage.config(NIM_HEALTH_PORT="8001")
    with stage.patch.context() as patch:
        patch.setattr("nim_serve.cli.serve_health", _taken)
        yield stage.said(lambda: stage.supervise(config, "leader", refuse))


def _taken(*_: object) -> None:
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


@writes("traceback", text="Traceback .most recent call last.:", unread="The line after it says the same in a sentence.")
def a_traceback(stage: Stage) -> Iterator[Lines]:
    (lines,) = a_fault_of_the_supervisor(stage)
    yield [line for line in lines if "exiting: " not in line and not isinstance(line, LastWords)]


@writes("exit")
def a_fault_of_the_supervisor(stage: Stage) -> Iterator[Lines]:
    def fail() -> e.Exit:
        raise RuntimeError("can't start new thread")

    yield stage.said(lambda: stage.supervise(stage.config(), "leader", fail))


@writes("larger-fault", text="the fault is larger: ", unread="The line of the fault that it grew from is read.")
def larger_fault(stage: Stage) -> Iterator[Lines]:
    larger = (e.Broken(Scope.ENGINE, how_it_ended("rank", -9)), e.Broken(Scope.RAY, how_it_ended("raylet", -9)))
    yield stage.leader(*SERVES, *larger)


@writes(
    "lost-at-the-end",
    text="requests in flight are lost: ",
    unread="The pod leaves anyway, and nothing is to be mended.",
)
def lost_at_the_end(stage: Stage) -> Iterator[Lines]:
    yield stage.leader(*SERVES, e.StopAsked(), e.Broken(Scope.ENGINE, how_it_ended("rank", -9)))


@writes(
    "status-not-written",
    text="the API port answers not ready, as ",
    unread="What the system says at the end of the line is read, for example: No space left on device.",
)
def status_not_written(stage: Stage) -> Iterator[Lines]:
    yield stage.said(lambda: Health(str(stage.directory / "nowhere")).show(e.Status.READY))


@writes("starts-ray")
def starts_ray(stage: Stage) -> Iterator[Lines]:
    for lines, _ in unstarted(stage, e.StartRay()):
        yield lines[:1]


@writes("starts-vllm")
def starts_vllm(stage: Stage) -> Iterator[Lines]:
    for ray in (True, False):
        for lines, _ in unstarted(stage, e.StartEngine(), ray=ray):
            yield lines
