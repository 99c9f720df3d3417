"""Health on a port of its own (NIM_HEALTH_PORT): it answers from the first moment, before vLLM listens."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nim_serve.contract import HEALTH_LIVE_PATH, HEALTH_READY_PATH
from nim_serve.middleware import health_body


def serve_health(port: int, ready: Callable[[], bool]) -> ThreadingHTTPServer:
    """Start answering in the background; live while the launcher lives, ready when `ready` says so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == HEALTH_LIVE_PATH:
                self._answer(200, "live")
            elif self.path == HEALTH_READY_PATH:
                is_ready = ready()
                self._answer(200 if is_ready else 503, "ready" if is_ready else "not ready")
            else:
                self.send_error(404)

        def _answer(self, status: int, state: str) -> None:
            body = health_body(state)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Probes are not news."""

    server = ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True, name="health").start()
    return server
