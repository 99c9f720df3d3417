"""A steady load of completions, and a look at health beside it: one JSON line for each request and each change.

`python -m lab.engine.load http://10.0.0.1:8000 --model NAME --health http://10.0.0.1:8001 --workers 2 --pause 0.3`
It runs until it is ended. Times are seconds of the clock that all processes of a machine share (CLOCK_MONOTONIC).
"""

import argparse
import http.client
import json
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

HEALTH_POLL_SECONDS = 0.1
HEALTH_TIMEOUT_SECONDS = 1.0
"""A probe that is not answered counts as failed, as for a kubelet."""

_LOCK = threading.Lock()
_READY = threading.Event()


def note(**line: Any) -> None:
    """Print one line of JSON; the lines of several threads do not mix."""
    with _LOCK:
        print(json.dumps(line), flush=True)


def ask(url: str, method: str, path: str, body: dict[str, Any] | None, timeout: float) -> int:
    """The status of one answer that was read whole.

    Raises:
        OSError, http.client.HTTPException: there was none.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        data = json.dumps(body) if body is not None else None
        connection.request(method, path, data, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def complete_for_ever(url: str, body: dict[str, Any], pause: float, timeout: float, follow: bool) -> None:
    """Send completion requests one after another, and note how each ended; never returns."""
    while True:
        if follow:
            _READY.wait()
        started = time.monotonic()
        try:
            status = ask(url, "POST", "/v1/completions", body, timeout)
            error = None if status == 200 else f"status {status}"
        except (OSError, http.client.HTTPException) as failed:
            error = f"{type(failed).__name__}: {failed}"
        note(kind="request", at=started, seconds=round(time.monotonic() - started, 3), error=error)
        time.sleep(pause)


def watch_for_ever(url: str) -> None:
    """Say when ready begins and when it ends."""
    before: bool | None = None
    while True:
        try:
            ready = ask(url, "GET", "/v1/health/ready", None, HEALTH_TIMEOUT_SECONDS) == 200
        except (OSError, http.client.HTTPException):
            ready = False
        if ready != before:
            note(kind="ready", at=time.monotonic(), ready=ready)
            before = ready
            (_READY.set if ready else _READY.clear)()
        time.sleep(HEALTH_POLL_SECONDS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Send requests and watch the health endpoint until the process is ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--model", required=True)
    parser.add_argument("--health", required=True)
    parser.add_argument("--workers", type=int, default=2, help="0: only health is watched")
    parser.add_argument("--pause", type=float, default=0.3, help="seconds between the requests of a worker")
    parser.add_argument("--follow", action="store_true", help="send only while it is ready, as a Service does")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--timeout", type=float, default=120)
    given = parser.parse_args(arguments)
    body = {"model": given.model, "prompt": "The quick brown", "max_tokens": given.tokens, "temperature": 0}
    body["ignore_eos"] = True
    for _ in range(given.workers):
        words = (given.url, body, given.pause, given.timeout, given.follow)
        threading.Thread(target=complete_for_ever, args=words, daemon=True).start()
    watch_for_ever(given.health)


if __name__ == "__main__":
    main()
