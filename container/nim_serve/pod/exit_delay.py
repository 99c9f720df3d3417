"""A delay between the last line of a pod's log and the pod's exit.

LeaderWorkerSet makes the whole group anew when a container of it exits: at once, without a back-off, and the logs go
with the pods. Where the next group would end the same way, this slows the loop down and leaves the log to be read.
"""

import time
from collections.abc import Callable

from nim_serve.pod.health_port import Health
from nim_serve.pod.stopping import StopRequest
from nim_serve.system.logs import Log

EXIT_DELAY_SECONDS = 60.0
TURN_SECONDS = 1.0
"""How often health is told that this process lives: the pod is not ready, but its supervisor is not late either."""


def delay_exit(
    log: Log, stop: StopRequest, health: Health | None = None, now: Callable[[], float] = time.monotonic
) -> None:
    """Say that the exit is delayed, and wait, but not past a request to stop; `now` gives the time in seconds."""
    if stop.requested:
        return
    log.info(
        "the pod waits before it exits, so that its log can be read and LWS does not create the group again in a loop",
        seconds=round(EXIT_DELAY_SECONDS),
    )
    until = now() + EXIT_DELAY_SECONDS
    while (left := until - now()) > 0 and not stop.wait(min(TURN_SECONDS, left)):
        if health is not None:
            health.turned_at = now()
