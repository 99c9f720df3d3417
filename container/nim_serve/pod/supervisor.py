"""The first process of a pod: turns what happens into events, asks the state machine, and does what it says.

One loop, which never blocks for long; what does block (names, HTTP, downloads, Ray's client) is in a thread or in a
process of its own. The two roles add what only they do.
"""

import contextlib
import os
import selectors
import signal
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol, assert_never

from nim_serve.contract.limits import RAY_START_SECONDS
from nim_serve.contract.serve_config import ServeConfig
from nim_serve.decide import events as e
from nim_serve.decide.events import Action, Event, RoleAction, Scope
from nim_serve.pod.health_port import Health
from nim_serve.pod.pid_watch import ENGINE, RANK, PidWatch
from nim_serve.pod.stopping import StopRequest
from nim_serve.ray.node import adopted_daemons, node_environment
from nim_serve.system.ending import Ending
from nim_serve.system.logs import Log
from nim_serve.system.process import Child, ProcessInfo, descendants, process_table, reap
from nim_serve.system.shared_memory import SharedMemoryCleanup, remove_ray_session
from nim_serve.system.wait_log import WaitLog

TICK_SECONDS = 0.25
ENDING_SECONDS = 0.05
LOOK_SECONDS = 1.0
REAP_SECONDS = 10.0


class Machine(Protocol):
    """What decides: `Leading` or `Following`."""

    def handle(self, event: Event, now: float) -> list[Action]:
        """Decide what to do about one event at this time, in seconds of the monotonic clock."""


class Task(Child):
    """A child process that does one thing and ends, at the latest at its deadline."""

    def __init__(self, name: str, args: Sequence[str], environment: Mapping[str, str], deadline: float) -> None:
        """Start it; `deadline` is a time of the monotonic clock, in seconds.

        Raises:
            OSError: it cannot be started, for example at the pod's limit of processes.
        """
        super().__init__(name, args, environment)
        self.deadline = deadline


class Supervisor(ABC):
    """Runs the loop and keeps the processes and the log; what differs between leader and worker is abstract here."""

    def __init__(self, role: str, config: ServeConfig, health: Health, stop: StopRequest) -> None:
        """Start nothing yet; `role` is the name that the log lines carry."""
        self.config, self.health, self.stop = config, health, stop
        self.log = Log(role)
        self.wait_log = WaitLog(self.log)
        self.selector = selectors.DefaultSelector()
        self.pid_watch = PidWatch(self.selector)
        self.tasks: dict[str, Task] = {}
        """The processes that do one thing and end, by name: `download`, `ray start`."""
        self.server: Child | None = None
        self.cleanups = {Scope.RAY: SharedMemoryCleanup()}
        self._ending: tuple[Scope, Ending] | None = None
        self._exit: e.Exit | None = None
        self._posted: deque[Event] = deque()
        self._looked = self._reaped = float("-inf")
        self._readable, self._writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.selector.register(self._readable, selectors.EVENT_READ)
        self.selector.register(stop, selectors.EVENT_READ, stop)

    # For the role to fill in

    @abstractmethod
    def perform(self, action: RoleAction, now: float) -> None:
        """Do what only this role does, or does in its own way."""

    @abstractmethod
    def service(self, now: float) -> list[Event]:
        """Give the events that only this role notices; called at every turn of the loop."""

    @abstractmethod
    def task_ended(self, name: str, code: int) -> list[Event]:
        """Give the events that follow from the end of a task, by its name and exit code."""

    # The loop

    def post(self, event: Event) -> None:
        """Queue an event for the machine; any thread may call it."""
        self._posted.append(event)
        self.wake()

    def wake(self) -> None:
        """Make the loop turn now; any thread may call it."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._writable, b".")

    def run(self, machine: Machine, first: list[Action]) -> e.Exit:
        """Do the first actions, turn until the machine says exit, and give that exit."""
        now = time.monotonic()
        for action in first:
            self._do(action, now)
        while self._exit is None:
            for event in [*self._turn(), e.Tick()]:
                now = time.monotonic()
                for action in machine.handle(event, now):
                    self._do(action, now)
            self.health.turned_at = now
        return self._exit

    def _turn(self) -> list[Event]:
        """Sleep until something happens, or for a tick; give what happened."""
        found: list[Event] = []
        for key, _ in self.selector.select(ENDING_SECONDS if self._ending else TICK_SECONDS):
            if key.data is self.stop:
                # It stays readable for ever.
                self.selector.unregister(self.stop)
                found.append(e.StopAsked())
            elif key.fd == self._readable:
                os.read(self._readable, 4096)
            else:
                found += self.pid_watch.ended(key.data)
        now = time.monotonic()
        while self._posted:
            found.append(self._posted.popleft())
        for name, child in list(self.tasks.items()):
            if now >= child.deadline:
                self.log.error(f"{name} takes too long and is ended")
                child.signal(signal.SIGKILL)
            code = child.poll()
            if code is not None:
                del self.tasks[name]
                found += self.task_ended(name, code)
        return found + self.service(now) + self._look(now)

    def _look(self, now: float) -> list[Event]:
        """Give the events that only the process table tells."""
        if self._ending is None and now - self._looked < LOOK_SECONDS:
            return []
        self._looked = now
        table = process_table()
        if self._ending is not None:
            reap(self._own_children())
            scope, ending = self._ending
            if not ending.done(table, now):
                return []
            self._ending = None
            return self._ended(scope)
        if now - self._reaped >= REAP_SECONDS:
            self._reaped = now
            reap(self._own_children())
        return self.pid_watch.look(os.getpid(), table, now)

    def _own_children(self) -> tuple[int, ...]:
        """Give the numbers of the processes whose exit code somebody waits for."""
        server = (self.server.pid,) if self.server else ()
        return (*self.pid_watch.pids, *(child.pid for child in self.tasks.values()), *server, *self.further_children())

    def further_children(self) -> tuple[int, ...]:
        """Give the numbers of the processes that the role waits for itself; none unless it says so."""
        return ()

    def start_ray(self, command: Sequence[str], own_ip: str) -> None:
        """Run `ray start` as the task of this name; it leaves daemons and ends."""
        self.start_task("ray start", command, node_environment(os.environ, own_ip), RAY_START_SECONDS)

    def ray_started(self, code: int, expected: tuple[str, ...]) -> e.RayStarted:
        """Say what became of `ray start`, of its exit code and the daemons that it should leave, and watch these."""
        daemons = adopted_daemons(expected)
        if code != 0 or set(daemons) != set(expected):
            return e.RayStarted(f"Ray did not start (exit code {code}); the lines above are Ray's own")
        for name, pid in daemons.items():
            self.pid_watch.add(pid, name, Scope.RAY)
        self.cleanups[Scope.ENGINE] = SharedMemoryCleanup()
        return e.RayStarted()

    def start_task(self, name: str, command: Sequence[str], environment: Mapping[str, str], limit: float) -> None:
        """Start a process that does one thing; `task_ended` hears of its end, at the latest after `limit` seconds."""
        try:
            self.tasks[name] = Task(name, command, environment, time.monotonic() + limit)
        except OSError as error:  # at the pod's limit of processes, for one
            self.log.error(f"{name} cannot be started: {error}")
            for event in self.task_ended(name, 1):
                self.post(event)

    # What both roles do

    def _do(self, action: Action, now: float) -> None:
        match action:
            case e.Say(level, message, fields):
                getattr(self.log, level)(message, **dict(fields))
            case e.Wait(reason, waited, left):
                self.wait_log.because(reason, waited, left)
            case e.Show(status, reason):
                self.health.show(status, reason)
            case e.Exit():
                self._exit = action
            case e.End(scope, grace):
                self.end(scope, grace, now)
            case e.FetchModel() | e.StartRay() | e.AskMembers() | e.StartEngine() | e.Prove() | e.Tell():
                self.perform(action, now)
            case _:
                assert_never(action)

    def end(self, scope: Scope, grace: float, now: float) -> None:
        """Begin to end the engine and its ranks, or everything; the event `Ended` follows when nothing is left.

        `grace` is the time between SIGTERM and SIGKILL, in seconds.
        """
        self.pid_watch.forget(scope)
        me, server = os.getpid(), self.server.pid if self.server else -1
        if scope is Scope.RAY:
            self.tasks.clear()
            self._ending = (scope, Ending(lambda table: descendants(me, table), grace, now))
            return

        def engine(table: Mapping[int, ProcessInfo]) -> list[ProcessInfo]:
            below = descendants(me, table)
            return [info for info in below if info.group == server or info.name.startswith((RANK, ENGINE))]

        # vLLM ends its own ranks when it is asked; those of a worker's pod are ended by it as well.
        self._ending = (scope, Ending(engine, grace, now, polite=lambda info: info.pid == server))

    def _ended(self, scope: Scope) -> list[Event]:
        if self.server is not None:
            self.server.poll()
            self.server = None
        for known in [known for known in (Scope.ENGINE, Scope.RAY) if known <= scope and known in self.cleanups]:
            if removed := self.cleanups[known].remove():
                self.log.info(f"removed {len(removed)} files that ended processes left in shared memory")
        if scope is Scope.RAY:
            remove_ray_session()
        return [e.Ended(scope)]

    def close(self) -> None:
        """Close the selector and the pipe: nothing is watched any more."""
        self.selector.close()
        os.close(self._readable)
        os.close(self._writable)
