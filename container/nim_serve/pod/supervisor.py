"""The first process of a pod: turns what happens into events, asks the state machine, and does what it says.

One loop, which never blocks for long; what does block (names, HTTP, downloads, Ray's client) is in a thread or in a
process of its own. The two roles add what only they do.
"""

import contextlib
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from nim_serve.contract.limits import RAY_START_SECONDS
from nim_serve.contract.serve_config import ServeConfig
from nim_serve.decide import events as e
from nim_serve.decide.events import Action, Event, Scope
from nim_serve.pod.health_port import Health
from nim_serve.pod.pid_watch import ENGINE, RANK, Watched
from nim_serve.pod.stopping import StopRequest
from nim_serve.ray.node import adopted_daemons, node_environment
from nim_serve.system.ending import Ending
from nim_serve.system.logs import Log
from nim_serve.system.process import Child, ProcessInfo, descendants, process_table, reap
from nim_serve.system.shared_memory import Leftovers, remove_ray_session
from nim_serve.system.waiting import Waiting

TICK_SECONDS = 0.25
ENDING_SECONDS = 0.05
LOOK_SECONDS = 1.0
REAP_SECONDS = 10.0


class Machine(Protocol):
    """What decides; `Leading` or `Following`."""

    def handle(self, event: Event, now: float) -> list[Action]:
        """What to do about one event."""


class Task(Child):
    """A child with a deadline."""

    def __init__(self, name: str, args: Sequence[str], environment: Mapping[str, str], deadline: float) -> None:
        super().__init__(name, args, environment)
        self.deadline = deadline


class Supervisor:
    """The loop, the processes, the log; `perform` and `service` belong to the role."""

    def __init__(self, role: str, config: ServeConfig, health: Health, stop: StopRequest) -> None:
        self.config, self.health, self.stop = config, health, stop
        self.log = Log(role)
        self.waiting = Waiting(self.log)
        self.selector = selectors.DefaultSelector()
        self.watched = Watched(self.selector)
        self.tasks: dict[str, Task] = {}
        """Processes that do one thing and end: `download`, `ray start`, `members`."""
        self.server: Child | None = None
        self.leftovers = {Scope.RAY: Leftovers()}
        self._ending: tuple[Scope, Ending] | None = None
        self._exit: e.Exit | None = None
        self._posted: deque[Event] = deque()
        self._looked = self._reaped = float("-inf")
        self._readable, self._writable = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.selector.register(self._readable, selectors.EVENT_READ)
        self.selector.register(stop, selectors.EVENT_READ, stop)

    # For the role to fill in

    def perform(self, action: Action, now: float) -> None:
        """What only this role does."""
        raise NotImplementedError

    def service(self, now: float) -> list[Event]:
        """What only this role hears."""
        raise NotImplementedError

    def task_ended(self, name: str, code: int) -> list[Event]:
        """What the end of a task means."""
        raise NotImplementedError

    # The loop

    def post(self, event: Event) -> None:
        """From any thread: an event for the machine."""
        self._posted.append(event)
        self.wake()

    def wake(self) -> None:
        """From any thread: turn now."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._writable, b".")

    def run(self, machine: Machine, first: list[Action]) -> e.Exit:
        """Until the machine says exit."""
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
        """Sleep until something happens, or for a tick; what happened."""
        found: list[Event] = []
        for key, _ in self.selector.select(ENDING_SECONDS if self._ending else TICK_SECONDS):
            if key.data is self.stop:
                # It stays readable for ever.
                self.selector.unregister(self.stop)
                found.append(e.StopAsked())
            elif key.fd == self._readable:
                os.read(self._readable, 4096)
            else:
                found += self.watched.ended(key.data)
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
        """What only the process table tells."""
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
        return self.watched.look(os.getpid(), table, now)

    def _own_children(self) -> tuple[int, ...]:
        """Those whose exit code somebody waits for."""
        server = (self.server.pid,) if self.server else ()
        return (*self.watched.pids, *(child.pid for child in self.tasks.values()), *server, *self.further_children())

    def further_children(self) -> tuple[int, ...]:
        """Those that the role waits for itself."""
        return ()

    def start_ray(self, command: Sequence[str], own_ip: str) -> None:
        """Run `ray start`; it leaves daemons and ends."""
        self.start_task("ray start", command, node_environment(os.environ, own_ip), RAY_START_SECONDS)

    def ray_started(self, code: int, expected: tuple[str, ...]) -> e.RayStarted:
        """What `ray start` came to; its daemons are watched from now on."""
        daemons = adopted_daemons(expected)
        if code != 0 or set(daemons) != set(expected):
            return e.RayStarted(f"Ray did not start (exit code {code}); the lines above are Ray's own")
        for name, pid in daemons.items():
            self.watched.add(pid, name, Scope.RAY)
        self.leftovers[Scope.ENGINE] = Leftovers()
        return e.RayStarted()

    def start_task(self, name: str, command: Sequence[str], environment: Mapping[str, str], limit: float) -> None:
        """Start a process that does one thing; `task_ended` hears of its end, which comes within the limit."""
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
                self.waiting.because(reason, waited, left)
            case e.Show(status, reason):
                self.health.show(status, reason)
            case e.Exit():
                self._exit = action
            case e.End(scope, grace):
                self.end(scope, grace, now)
            case _:
                self.perform(action, now)

    def end(self, scope: Scope, grace: float, now: float) -> None:
        """Begin to end the engine and its ranks, or everything; `Ended` follows when nothing is left."""
        self.watched.forget(scope)
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
        for known in [known for known in (Scope.ENGINE, Scope.RAY) if known <= scope and known in self.leftovers]:
            if removed := self.leftovers[known].remove():
                self.log.info(f"removed {len(removed)} files that ended processes left in shared memory")
        if scope is Scope.RAY:
            remove_ray_session()
        return [e.Ended(scope)]

    def close(self) -> None:
        """Nothing is watched any more."""
        self.selector.close()
        os.close(self._readable)
        os.close(self._writable)
