"""A worker pod: it waits for the leader, joins its Ray cluster, and leaves when either is gone.

All waiting happens inside the process: a container that exits is restarted, and a restart makes LeaderWorkerSet
recreate the whole group.
"""

import os
import time

from nim_serve.cache import cached_model
from nim_serve.contract import ServeConfig
from nim_serve.logs import Log
from nim_serve.outcome import GroupFailedError, StoppedError
from nim_serve.ray_node import Daemon, node_environment, worker_command
from nim_serve.reach import Attempt, Lost, attempt
from nim_serve.steps import Reaper, fetch_model, first_gone, start_ray
from nim_serve.stopping import StopRequest
from nim_serve.waiting import Patience

RETRY_SECONDS = 0.3
WATCH_SECONDS = 1.0
HEAD_LOST_SECONDS = 10.0
CACHE_LAG_SECONDS = 90.0
"""How long another pod's file may take to appear on a network file system that caches directories."""


class Worker:
    """The worker role, from start to end."""

    def __init__(self, config: ServeConfig, head: str, port: int, stop: StopRequest) -> None:
        self.config, self.head, self.port, self.stop = config, head, port, stop
        self.log = Log("worker")

    def run(self) -> None:
        """Serve until told to stop.

        Raises:
            GroupFailedError: the leader did not come, or either side has gone.
            StoppedError: SIGTERM.
        """
        if not self.config.shared_cache:
            fetch_model(self.config, self.log, self.stop)
        patience = Patience(self.log, self.config.join_timeout)
        daemons = None
        while daemons is None:
            head = self.wait_for_head(patience)
            self.check_model()
            daemons = self.join(head, patience)
        self.log.info("joined", seconds=round(patience.waited, 1), gpus=self.config.gpus_per_node)
        self.watch(daemons, Lost(self.head, self.port, HEAD_LOST_SECONDS))

    def wait_for_head(self, patience: Patience) -> Attempt:
        """Until the leader's Ray answers: no name yet, no pod yet and no port yet are all normal."""
        while not (found := attempt(self.head, self.port)).reached:
            if patience.over:
                raise GroupFailedError(
                    f"the leader did not answer within {self.config.join_timeout} s: {found.problem}"
                )
            patience.because(f"for the leader: {found.problem}")
            if self.stop.wait(RETRY_SECONDS):
                raise StoppedError
        return found

    def check_model(self) -> None:
        """The leader starts Ray when the model is complete, so a shared cache shows it here too."""
        if self.config.model.kind == "path":
            fetch_model(self.config, self.log, self.stop)
            return
        place = cached_model(self.config.cache_path, self.config.model)
        patience = Patience(self.log, CACHE_LAG_SECONDS)
        while not place.complete():
            if patience.over:
                raise GroupFailedError(
                    f"the leader has {self.config.model.name}, but {place.directory} in this pod has not: mount the "
                    "same volume in every pod, or set NIM_STACK_SHARED_CACHE=0 so that every pod downloads"
                )
            patience.because(f"for {place.marker.name} to appear in the shared cache")
            if self.stop.wait(RETRY_SECONDS):
                raise StoppedError

    def join(self, head: Attempt, patience: Patience) -> list[Daemon] | None:
        """One try; None for another, until the deadline."""
        own_ip = self.config.host_ip or head.own or ""
        command = worker_command(self.config, own_ip, head.peer or self.head, self.port)
        self.log.info("joining", head=f"{head.peer}:{self.port}", own=own_ip, gpus=self.config.gpus_per_node)
        daemons = start_ray(command, node_environment(os.environ, own_ip), ("raylet",), self.stop)
        if daemons is None and patience.over:
            raise GroupFailedError(f"Ray could not join {head.peer}:{self.port} within {self.config.join_timeout} s")
        return daemons

    def watch(self, daemons: list[Daemon], leader: Lost) -> None:
        """Until this node's raylet or the leader is gone."""
        reaper = Reaper(*(daemon.pid for daemon in daemons))
        while not self.stop.wait(WATCH_SECONDS):
            reaper.tick(time.monotonic())
            reason = first_gone(daemons) or leader.check(time.monotonic())
            if reason:
                raise GroupFailedError(f"left the group: {reason}")
        raise StoppedError
