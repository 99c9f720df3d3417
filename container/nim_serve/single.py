"""One pod that serves alone: model, then vLLM without Ray."""

import os
import time

from nim_serve import engine
from nim_serve.contract import ServeConfig
from nim_serve.leader import ENGINE_GRACE_SECONDS
from nim_serve.logs import Log
from nim_serve.outcome import GroupFailedError, StoppedError
from nim_serve.process import Child
from nim_serve.steps import POLL_SECONDS, Reaper, fetch_model
from nim_serve.stopping import StopRequest


def serve_alone(config: ServeConfig, own_ip: str, extra: list[str], stop: StopRequest) -> None:
    """Serve until told to stop, or until vLLM ends."""
    log = Log("server")
    fetch_model(config, log, stop)
    command = engine.command(config, extra, ray=False)
    log.info("starting vLLM", command=" ".join(command[1:]))
    started = time.monotonic()
    server = Child("vllm", command, engine.environment(config, os.environ, own_ip))
    serving = False
    reaper = Reaper(server.pid)
    try:
        while not stop.wait(POLL_SECONDS if not serving else 1.0):
            reaper.tick(time.monotonic())
            code = server.poll()
            if code is not None:
                raise GroupFailedError(f"vLLM ended by itself with exit code {code}")
            if not serving and engine.healthy(config.server_port):
                serving = True
                log.info("serving", port=config.server_port, engine_s=round(time.monotonic() - started, 1))
        raise StoppedError
    finally:
        server.stop(ENGINE_GRACE_SECONDS)
