"""The leader pod: model, Ray head, all nodes and GPUs, then vLLM; it fails as soon as any part of the group is gone.

vLLM itself would start on an incomplete cluster and wait half an hour, and would miss a dead worker for minutes while a
request is in flight (vllm#16259), so both ends are checked here.
"""

import os
import time

from nim_serve import engine
from nim_serve.contract import ServeConfig
from nim_serve.gathering import gather
from nim_serve.logs import Log
from nim_serve.membership import Member
from nim_serve.outcome import GroupFailedError, StoppedError
from nim_serve.process import Child
from nim_serve.ray_node import DAEMONS, Daemon, head_command, node_environment
from nim_serve.reach import Lost
from nim_serve.steps import POLL_SECONDS, Reaper, fetch_model, first_gone, start_ray
from nim_serve.stopping import StopRequest

WATCH_SECONDS = 1.0
NODE_LOST_SECONDS = 10.0
ENGINE_GRACE_SECONDS = 15.0


class Leader:
    """The leader role, from start to end."""

    def __init__(self, config: ServeConfig, port: int, own_ip: str, extra: list[str], stop: StopRequest) -> None:
        self.config, self.port, self.own_ip, self.extra, self.stop = config, port, own_ip, extra, stop
        self.log = Log("leader")
        self.seconds: dict[str, float] = {}

    def run(self) -> None:
        """Serve until told to stop.

        Raises:
            GroupFailedError: a part of the group is missing or gone.
            StoppedError: SIGTERM.
        """
        started = time.monotonic()
        fetch_model(self.config, self.log, self.stop)
        started = self._note("model", started)
        daemons = self.start_head()
        started = self._note("ray", started)
        members = gather(self.config, self.own_ip, self.port, self.log, self.stop)
        started = self._note("join", started)
        command = engine.command(self.config, self.extra, ray=True)
        address = f"{self.own_ip}:{self.port}"
        self.log.info("starting vLLM", command=" ".join(command[1:]))
        server = Child("vllm", command, engine.environment(self.config, os.environ, self.own_ip, address))
        try:
            self.watch(server, daemons, self.others(members), started)
        finally:
            server.stop(ENGINE_GRACE_SECONDS)

    def _note(self, phase: str, since: float) -> float:
        now = time.monotonic()
        self.seconds[phase] = round(now - since, 1)
        return now

    def start_head(self) -> list[Daemon]:
        """Ray's head on this pod."""
        self.log.info("starting the Ray head", address=f"{self.own_ip}:{self.port}", gpus=self.config.gpus_per_node)
        command = head_command(self.config, self.own_ip, self.port)
        daemons = start_ray(command, node_environment(os.environ, self.own_ip), DAEMONS, self.stop)
        if daemons is None:
            raise GroupFailedError("the Ray head did not start; the lines above are Ray's own")
        return daemons

    def others(self, members: list[Member]) -> list[Lost]:
        """A watch on each worker's raylet."""
        return [Lost(m.address, m.port, NODE_LOST_SECONDS) for m in members if m.address != self.own_ip]

    def watch(self, server: Child, daemons: list[Daemon], workers: list[Lost], started: float) -> None:
        """Until vLLM, a daemon of this node or a worker is gone; says once when vLLM serves."""
        serving = False
        checked = 0.0
        reaper = Reaper(server.pid, *(daemon.pid for daemon in daemons))
        while not self.stop.wait(WATCH_SECONDS if serving else POLL_SECONDS):
            code = server.poll()
            if code is not None:
                raise GroupFailedError(f"vLLM ended by itself with exit code {code}")
            if time.monotonic() - checked >= WATCH_SECONDS:
                checked = time.monotonic()
                reaper.tick(checked)
                reason = first_gone(daemons) or next((r for w in workers if (r := w.check(checked))), None)
                if reason:
                    raise GroupFailedError(f"the group is broken: {reason}")
            if not serving and engine.healthy(self.config.server_port):
                serving = True
                self._note("engine", started)
                self.log.info("serving", port=self.config.server_port, **{f"{k}_s": v for k, v in self.seconds.items()})
        raise StoppedError
