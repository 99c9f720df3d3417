"""Steps that both roles take: the model into the cache, Ray started, everything ended."""

import os
import sys
from collections.abc import Mapping, Sequence

from nim_serve.cache import cached_model, model_path
from nim_serve.contract import ServeConfig
from nim_serve.logs import Log
from nim_serve.outcome import GroupFailedError, StoppedError
from nim_serve.process import Child, end_descendants, reap
from nim_serve.ray_node import Daemon, adopted_daemons
from nim_serve.stopping import StopRequest

POLL_SECONDS = 0.1
RAY_START_SECONDS = 120.0
RAY_GRACE_SECONDS = 5.0
REAP_SECONDS = 10.0


def run_child(child: Child, stop: StopRequest, limit: float | None = None) -> int | None:
    """Wait for a child; its exit code, or None when it took longer than the limit (it is ended then).

    Raises:
        StoppedError: asked to stop meanwhile; the child is ended first.
    """
    waited = 0.0
    while (code := child.poll()) is None:
        if stop.wait(POLL_SECONDS):
            child.stop(RAY_GRACE_SECONDS)
            raise StoppedError
        waited += POLL_SECONDS
        if limit is not None and waited >= limit:
            child.stop(RAY_GRACE_SECONDS)
            return None
    return code


def fetch_model(config: ServeConfig, log: Log, stop: StopRequest) -> None:
    """Get the model into this pod's cache, or fail; a finished one costs a look at its marker only."""
    path = model_path(config)
    if config.model.kind == "path":
        if not (path / "config.json").is_file():
            raise GroupFailedError(
                f"NIM_MODEL_PATH={config.model.name!r} holds no config.json in this pod: mount the model there, "
                "or use hf://<owner>/<model>"
            )
        return
    if cached_model(config.cache_path, config.model).complete():
        log.info("model is in the cache", model=config.model.name, path=path)
        return
    code = run_child(Child("download", [sys.executable, "-m", "nim_serve.fetch"], os.environ), stop)
    if code != 0:
        raise GroupFailedError(f"the model could not be downloaded (exit code {code}); the lines above say why")


def start_ray(
    command: Sequence[str], environment: Mapping[str, str], expected: tuple[str, ...], stop: StopRequest
) -> list[Daemon] | None:
    """Run `ray start`, which leaves daemons to us; None when it failed, for the caller to try again or give up."""
    code = run_child(Child("ray start", command, environment), stop, RAY_START_SECONDS)
    daemons = adopted_daemons(expected)
    if code == 0 and {daemon.name for daemon in daemons} == set(expected):
        return daemons
    end_descendants(RAY_GRACE_SECONDS)
    return None


def first_gone(daemons: Sequence[Daemon]) -> str | None:
    """How the first daemon that ended did so."""
    return next((reason for daemon in daemons if (reason := daemon.gone())), None)


class Reaper:
    """Collects what probes and `kubectl exec` leave to PID 1, now and then; never those that somebody waits for."""

    def __init__(self, *keep: int) -> None:
        self._keep = keep
        self._last = 0.0

    def tick(self, now: float) -> None:
        """Called at every turn of a watch."""
        if now - self._last >= REAP_SECONDS:
            self._last = now
            reap(self._keep)
