"""The launcher on a stage: its own code says what it says, and no process is started."""

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import pytest
from nim_serve import cli
from nim_serve.contract.serve_config import ServeConfig, parse_environment
from nim_serve.decide import events as e
from nim_serve.decide.events import Event, RoleAction
from nim_serve.decide.following import Following
from nim_serve.decide.leading import Leading
from nim_serve.decide.membership import Member
from nim_serve.decide.messages import Order, Report
from nim_serve.model import model as model_module
from nim_serve.pod.health_port import Health
from nim_serve.pod.leader import Leader
from nim_serve.pod.stopping import StopRequest
from nim_serve.pod.supervisor import Supervisor
from nim_serve.system import logs

MODEL = {"NIM_MODEL_PATH": "hf://a/b", "HF_ENDPOINT": "https://huggingface.co"}
GROUP = {**MODEL, "NIM_TENSOR_PARALLEL_SIZE": "2", "NIM_NUM_COMPUTE_NODES": "2"}
HEAD = "nim-0.nim.models"
BOTH = (Member("10.0.0.1", 1, 1), Member("10.0.0.2", 1, 1))
FIRST = Order("life.1", 1, "10.0.0.1:6379", "gathers the group")
JOINED = Report(worker="1", address="10.0.0.2", nodes=2, gpus=1, epoch="life.1", engine=1)
GATHERS: tuple[Event, ...] = (e.ModelDone(), e.RayStarted(), e.Heard(JOINED))
LOADS: tuple[Event, ...] = (*GATHERS, e.Members(BOTH))
SERVES: tuple[Event, ...] = (*LOADS, e.EngineUp(), e.Proved())


class LastWords(str):
    """A line of the termination message, rather than of the log."""

    __slots__ = ()


class Player(Supervisor):
    """A supervisor that says what its machine wants said, and does nothing else."""

    def perform(self, action: RoleAction, now: float) -> None:
        pass

    def service(self, now: float) -> list[Event]:  # noqa: ARG002 (as in the supervisor)
        return []

    def task_ended(self, name: str, code: int) -> list[Event]:  # noqa: ARG002 (as in the supervisor)
        return []

    def end(self, scope: e.Scope, grace: float, now: float) -> None:
        pass

    def play(self, machine: Leading | Following, events: tuple[Event | float, ...]) -> e.Exit | None:
        """Give the machine events, and let so many seconds pass where there is a number; the exit it came to."""
        now = 0.0
        for event in (*events, e.Tick()):
            if isinstance(event, float):
                now += event
                continue
            for action in machine.handle(event, now):
                self._do(action, now)
        return self._exit


class Stage:
    """Runs parts of the launcher, and keeps the lines that a container's log would have."""

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        self.directory, self.patch = directory, patch
        self.last_words = directory / "termination-log"
        patch.setattr(cli, "become_subreaper", lambda: None)
        patch.setattr(model_module, "REASON", directory / "reason")
        patch.setattr(StopRequest, "install", lambda _: None)

    def environment(self, given: Mapping[str, str]) -> None:
        """Have nothing but this in the environment."""
        for name in list(os.environ):
            self.patch.delenv(name)
        for name, value in {"PATH": "/usr/bin", "NIM_STACK_TERMINATION_LOG": str(self.last_words), **given}.items():
            self.patch.setenv(name, value)

    def config(self, **given: str) -> ServeConfig:
        """The environment of a group, and this beside it."""
        own = {"NIM_STACK_TERMINATION_LOG": str(self.last_words), "NIM_CACHE_PATH": str(self.directory)}
        return parse_environment({**GROUP, **own, **given})

    def said(self, act: Callable[[], object]) -> list[str]:
        """Run it; what the container's log and its termination message have then, one line each."""
        with self.listening() as heard:
            act()
        return heard()

    @contextlib.contextmanager
    def listening(self) -> Iterator[Callable[[], list[str]]]:
        self.last_words.unlink(missing_ok=True)
        stream = io.StringIO()
        kept = logs.LOGGER.handlers[:], logs.LOGGER.level, logs.LOGGER.propagate
        with contextlib.redirect_stderr(stream), contextlib.redirect_stdout(stream):
            logs.configure("INFO", jsonl=False)
            try:
                yield lambda: [*stream.getvalue().splitlines(), *self._last_words()]
            finally:
                logs.LOGGER.handlers[:], logs.LOGGER.level, logs.LOGGER.propagate = kept

    def _last_words(self) -> list[LastWords]:
        return (
            [LastWords(line) for line in self.last_words.read_text().splitlines()] if self.last_words.exists() else []
        )

    def leader(self, *events: Event | float, role: str = "leader", **given: str) -> list[str]:
        """A leader to which this happens: what it says, and its exit if it comes to one."""
        config = self.config(**given)
        ray = role == "leader"
        nodes, gpus = (config.nodes, config.world_size) if ray else (1, 1)
        machine = Leading(nodes, gpus, "10.0.0.1:6379", "life", config.limits, ray=ray, now=0.0)
        machine.start()
        return self._play(config, role, machine, events)

    def worker(self, *events: Event | float, fetch: bool = False, **given: str) -> list[str]:
        """A worker to which this happens: what it says, and its exit if it comes to one."""
        config = self.config(**given)
        machine = Following(Report(worker="1", address="10.0.0.2", nodes=2, gpus=1), config.limits, now=0.0)
        machine.start(fetch)
        return self._play(config, "worker", machine, events)

    def _play(
        self, config: ServeConfig, role: str, machine: Leading | Following, events: tuple[Event | float, ...]
    ) -> list[str]:
        def act() -> None:
            with Stopping() as stop:
                player = Player(role, config, Health(str(self.directory)), stop)
                ended = player.play(machine, events)
                player.close()
            if ended is not None:
                self.supervise(config, role, lambda: ended)

        return self.said(act)

    def supervise(self, config: ServeConfig, role: str, serve: Callable[[], e.Exit]) -> int:
        """Have the launcher run a role that serves like this."""

        class Role:
            log = logs.Log(role)

            def serve(self) -> e.Exit:
                return serve()

        make = cast("Callable[[Health, StopRequest], Leader]", lambda *_: Role())
        return cli.supervise(config, make, in_group=False)


class Stopping(StopRequest):
    """A request to stop whose pipe is closed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._readable)
        os.close(self._writable)
