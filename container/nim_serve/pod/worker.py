"""A worker's first process: what `Following` decides, done.

All waiting happens inside the process: a container that exits is restarted, and a restart makes LeaderWorkerSet
recreate the whole group.
"""

import os
import socket
import time
from typing import assert_never

from nim_serve.contract.serve_config import ServeConfig, heartbeat_port
from nim_serve.decide import events as e
from nim_serve.decide.events import Event, RoleAction
from nim_serve.decide.following import Following
from nim_serve.decide.messages import Report
from nim_serve.heartbeat import Caller
from nim_serve.model.cache import cached_model
from nim_serve.model.model import download_problem, fetch_command, local_problem
from nim_serve.pod.health_port import Health
from nim_serve.pod.stopping import StopRequest
from nim_serve.pod.supervisor import Supervisor
from nim_serve.ray.node import worker_command

CACHE_LAG_SECONDS = 90.0
"""How long another pod's file may take to appear on a network file system that caches directories."""


class Worker(Supervisor):
    """Keeps the worker's part of the Ray cluster, and its connection to the leader."""

    def __init__(self, config: ServeConfig, head: str, port: int, health: Health, stop: StopRequest) -> None:
        """Begin to call the leader; `head` is its name or address, `port` that of its Ray head."""
        super().__init__("worker", config, health, stop)
        self.head, self.port, self.own_ip = head, port, config.host_ip or ""
        self.caller = Caller(self.selector, head, heartbeat_port(config, port), self.wake)
        self._looking_since: float | None = None

    def serve(self) -> e.Exit:
        """Run until the machine says exit, and give that exit."""
        own = Report(
            worker=os.environ.get("LWS_WORKER_INDEX") or self.own_ip or socket.gethostname(),
            group=self.head,
            nodes=self.config.nodes,
            address=self.own_ip,
            gpus=self.config.gpus_per_node,
        )
        following = Following(own, self.config.limits, now=time.monotonic())
        # With a shared cache the leader fetches, and says so by starting Ray.
        fetch = not self.config.shared_cache and self.config.model.kind == "hf"
        try:
            return self.run(following, following.start(fetch))
        finally:
            # The process may live on for a while, and whoever reads nothing must not look frozen.
            self.caller.close()

    def perform(self, action: RoleAction, now: float) -> None:
        """Do what only a worker does, or does in its own way.

        Raises:
            AssertionError: the action belongs to leaders.
        """
        match action:
            case e.FetchModel():
                self._fetch(now)
            case e.StartRay(head):
                host, _, port = head.rpartition(":")
                self.log.info("joining", head=head, own=self.own_ip, gpus=self.config.gpus_per_node)
                self.start_ray(worker_command(self.config, self.own_ip, host, int(port)), self.own_ip)
            case e.Tell(message):
                self.caller.tell(message, now)  # type: ignore[arg-type]  # a worker tells reports
            case e.AskMembers() | e.StartEngine() | e.Prove():
                raise AssertionError(action)
            case _:
                assert_never(action)

    def _fetch(self, now: float) -> None:
        if self.config.model.kind == "path":
            problem = local_problem(self.config)
            self.post(e.ModelDone(problem, final=bool(problem)))
        elif self.config.shared_cache:
            self._looking_since = now
        else:
            self.start_task("download", fetch_command(), os.environ, float("inf"))

    def service(self, now: float) -> list[Event]:
        """Give what the leader has said, and whether the model has appeared in the shared cache."""
        found = self.caller.service(now)
        for event in found:
            if isinstance(event, e.Connected):
                # Without VLLM_HOST_IP: the address from which the leader is accepts_connections.
                self.own_ip = self.own_ip or event.own
        if self._looking_since is not None:
            place = cached_model(self.config.cache_path, self.config.model)
            if place.complete():
                self._looking_since = None
                found.append(e.ModelDone())
            elif now - self._looking_since >= CACHE_LAG_SECONDS:
                self._looking_since = None
                found.append(
                    e.ModelDone(
                        f"the leader has {self.config.model.name}, but {place.directory} in this pod has not: mount "
                        "the same volume in every pod, or set NIM_STACK_SHARED_CACHE=0 so that every pod downloads",
                        final=True,
                    )
                )
        return found

    def task_ended(self, name: str, code: int) -> list[Event]:
        """Say what the end of the download or of `ray start` means."""
        if name == "download":
            return [e.ModelDone(download_problem(code) if code else "")]
        return [self.ray_started(code, ("raylet",))]
