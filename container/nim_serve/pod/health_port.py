"""Health on a port of its own (NIM_HEALTH_PORT): it answers from the first moment, also while the engine restarts.

Ready is what the supervisor says; live is that its loop turns, whatever the engine does.
"""

import contextlib
import os
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from nim_serve.contract.serve_config import HEALTH_LIVE_PATH, HEALTH_READY_PATH
from nim_serve.decide.events import Status
from nim_serve.system.logs import Log
from nim_serve.vllm.middleware import health_body

LATE_SECONDS = 5.0
"""A pod that was frozen has not looked yet what became of its group."""

LIVE_SECONDS = 60.0
"""A supervisor that has not turned for so long never will."""


class Health:
    """What the supervisor says of itself; a file carries it to vLLM's middleware, which answers on the API port."""

    def __init__(self, directory: str | None = None) -> None:
        """Begin as starting; the file is made in `directory`, or in that for temporary files."""
        self.file = Path(directory or tempfile.gettempdir()) / f"nim-serve-status.{os.getpid()}"
        self.status, self.reason = Status.STARTING, ""
        self.turned_at = time.monotonic()
        """When the supervisor's loop turned last, in seconds of the monotonic clock."""
        self._writes = True

    def show(self, status: Status, reason: str = "") -> None:
        """Answer with this status and reason from now on."""
        self.status, self.reason = status, reason
        fresh = self.file.with_suffix(".new")
        try:
            fresh.write_text(status)
            fresh.replace(self.file)
            self._writes = True
        except OSError as error:  # a full disk, for one
            # Better no file than an old one: the middleware takes its absence for not ready.
            self.close()
            if self._writes:
                Log("health").error(f"the API port answers not ready, as {self.file} cannot be written: {error}")
            self._writes = False

    def answer(self, path: str) -> tuple[int, bytes] | None:
        """Give HTTP status and body for one of the two paths; None for any other path."""
        if path == HEALTH_LIVE_PATH:
            live = time.monotonic() - self.turned_at < LIVE_SECONDS
            return (200, health_body("live")) if live else (503, health_body("not live"))
        if path == HEALTH_READY_PATH:
            late = time.monotonic() - self.turned_at
            if late >= LATE_SECONDS:
                return 503, health_body("not ready", f"the supervisor was late by {late:.0f} s")
            ready = self.status is Status.READY
            reason = f"{self.status}: {self.reason}" if self.reason else str(self.status)
            return (200, health_body("ready")) if ready else (503, health_body("not ready", reason))
        return None

    def close(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self.file.unlink(missing_ok=True)


def serve_health(port: int, health: Health) -> ThreadingHTTPServer:
    """Start to answer in the background.

    Raises:
        OSError: the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # of a client that connects and says nothing

        def do_GET(self) -> None:
            answer = health.answer(self.path)
            if answer is None:
                self.send_error(404)
                return
            status, body = answer
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes are not news."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True, name="health").start()
    return server
