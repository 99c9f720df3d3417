"""The leader's first process, or that of a pod that serves alone: what `Leading` decides, done."""

import os
import time
from typing import assert_never

from nim_serve.contract.serve_config import ServeConfig, heartbeat_port
from nim_serve.decide import events as e
from nim_serve.decide.events import Event, RoleAction, Scope, Status
from nim_serve.decide.leading import Leading
from nim_serve.heartbeat import Listener
from nim_serve.model.model import download_problem, fetch_command, local_problem
from nim_serve.pod.health_port import Health
from nim_serve.pod.stopping import StopRequest
from nim_serve.pod.supervisor import Supervisor
from nim_serve.ray.membership_process import MembershipProcess
from nim_serve.ray.node import DAEMONS, head_command
from nim_serve.system.process import Child
from nim_serve.system.shared_memory import SharedMemoryCleanup
from nim_serve.system.tcp_connect import accepts_connections
from nim_serve.vllm import engine
from nim_serve.vllm.engine_watch import EngineWatch

DOWNLOAD_SECONDS = float("inf")
"""The startup probe bounds it: only the deployment knows how large the model is."""


class Leader(Supervisor):
    """Keeps the processes of the leader: Ray's head, the engine, and the heartbeat of its workers."""

    def __init__(
        self,
        config: ServeConfig,
        port: int,
        own_ip: str,
        extra: list[str],
        health: Health,
        stop: StopRequest,
        *,
        ray: bool,
    ) -> None:
        """Listen for workers when the group has any.

        `port` is that of the Ray head, `own_ip` the pod's address, `extra` are further arguments for vLLM, and `ray` is
        False for a pod that serves alone.

        Raises:
            OSError: the heartbeat port is taken.
        """
        super().__init__("leader" if ray else "server", config, health, stop)
        self.port, self.own_ip, self.extra, self.ray = port, own_ip, extra, ray
        self.engine_watch: EngineWatch | None = None
        self.membership: MembershipProcess | None = None
        self.listener: Listener | None = None
        self._head_comes = False
        if config.nodes > 1 and ray:
            group = os.environ.get("LWS_LEADER_ADDRESS")
            self.listener = Listener(self.selector, heartbeat_port(config, port), config.nodes, group)

    def serve(self) -> e.Exit:
        """Run until the machine says exit, and give that exit."""
        address = f"{self.own_ip}:{self.port}"
        life = f"{time.time_ns():x}"
        config = self.config
        leading = Leading(
            config.nodes, config.world_size, address, life, config.limits, ray=self.ray, now=time.monotonic()
        )
        try:
            return self.run(leading, leading.start())
        finally:
            if self.listener is not None:
                # The process may live on for a while, and whoever reads nothing must not look frozen.
                self.listener.close()

    def perform(self, action: RoleAction, now: float) -> None:
        """Do what only a leader does, or does in its own way."""
        match action:
            case e.FetchModel():
                self._fetch()
            case e.StartRay():
                self.log.info(
                    "starting the Ray head", address=f"{self.own_ip}:{self.port}", gpus=self.config.gpus_per_node
                )
                self.start_ray(head_command(self.config, self.own_ip, self.port), self.own_ip)
                self._head_comes = True
            case e.AskMembers():
                self._close_membership()
                try:
                    self.membership = MembershipProcess(
                        f"{self.own_ip}:{self.port}", self.config.nodes, self.config.world_size
                    )
                except OSError as error:
                    self.post(e.Members(problem=f"Ray cannot be asked who is there: {error}"))
            case e.StartEngine():
                self._close_membership()
                try:
                    self._start_engine()
                except (OSError, RuntimeError) as error:  # no process, or no thread: the pod's limit of both
                    self.post(e.Broken(Scope.ENGINE, f"vLLM cannot be started: {error}"))
            case e.Prove():
                assert self.engine_watch is not None  # it has just said that the engine is up
                try:
                    self.engine_watch.prove(self.config.limits.load)
                except RuntimeError as error:
                    self.post(e.Proved(str(error)))
            case e.Tell(message):
                if self.listener is not None:
                    self.listener.tell(message, now)  # type: ignore[arg-type]  # a leader tells orders
            case _:
                assert_never(action)

    def _fetch(self) -> None:
        if self.config.model.kind == "path":
            problem = local_problem(self.config)
            self.post(e.ModelDone(problem, final=bool(problem)))
        else:
            self.start_task("download", fetch_command(), os.environ, DOWNLOAD_SECONDS)

    def _start_engine(self) -> None:
        command = engine.command(self.config, self.extra, ray=self.ray)
        address = f"{self.own_ip}:{self.port}" if self.ray else None
        environment = engine.environment(self.config, os.environ, self.own_ip, str(self.health.file), address)
        self.log.info("starting vLLM", command=" ".join(command[1:]))
        # What was there before it, with Ray or without, is not the engine's.
        self.cleanups[Scope.ENGINE] = SharedMemoryCleanup()
        self.server = Child("vllm", command, environment)
        self.pid_watch.add(self.server.pid, "vLLM", Scope.ENGINE, self.server.poll)
        server = engine.server(self.config, os.environ, self.extra)
        name = engine.served_names(self.config)[0]
        self.engine_watch = EngineWatch(server, name, self.config.limits.stall, self.post)

    def end(self, scope: Scope, grace: float, now: float) -> None:
        """Begin to end the engine or everything; neither the engine nor Ray is asked anything from now on."""
        self._close_membership()
        self._head_comes = False
        if self.engine_watch is not None:
            self.engine_watch.close()
            self.engine_watch = None
        self._posted.clear()
        super().end(scope, grace, now)

    def _close_membership(self) -> None:
        if self.membership is not None:
            self.membership.close()
            self.membership = None

    def further_children(self) -> tuple[int, ...]:
        """Give the number of the process that asks Ray."""
        return (self.membership.pid,) if self.membership is not None else ()

    def service(self, now: float) -> list[Event]:
        """Give what the workers, the Ray head and the process that asks Ray have said."""
        found = self.listener.service(now) if self.listener is not None else []
        if self._head_comes and accepts_connections(self.own_ip, self.port):  # an own port answers at once
            self._head_comes = False
            found.append(e.HeadListens())
        if self.membership is not None and (news := self.membership.news()) is not None:
            found.append(news)
        if self.engine_watch is not None:
            self.engine_watch.draining = self.health.status is Status.DRAINING
        return found

    def task_ended(self, name: str, code: int) -> list[Event]:
        """Say what the end of the download or of `ray start` means."""
        if name == "download":
            return [e.ModelDone(download_problem(code) if code else "")]
        self._head_comes = False
        return [self.ray_started(code, DAEMONS)]
