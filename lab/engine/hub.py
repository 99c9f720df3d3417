"""The hub stand-in: one model over the routes of the Hugging Face hub, for machines that cannot reach it.

It answers as the hub does as far as huggingface_hub can tell: model information, file tree, files with ETag and commit,
ranges, and the errors for a missing or wrong token. It counts every request by route and client, so that a test can say
who downloaded what. Plain files under /downloads/ stand for what else a cluster fetches over HTTP.

`python -m lab.engine.hub --host 10.0.0.1 --port 8080 --token T --model-dir DIR --model-id owner/name [--downloads DIR]`
"""

import argparse
import hmac
import json
import re
import threading
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lab.engine.repository import Repository

CHUNK = 1 << 20


class Counts:
    """How often each client asked for each route."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter: Counter[tuple[str, str]] = Counter()

    def add(self, client: str, route: str) -> None:
        with self._lock:
            self._counter[client, route] += 1

    def reset(self) -> None:
        with self._lock:
            self._counter.clear()

    def report(self) -> list[dict[str, Any]]:
        """One row for each client and route."""
        with self._lock:
            return [{"client": c, "route": r, "count": n} for (c, r), n in sorted(self._counter.items())]


class Hub(ThreadingHTTPServer):
    """The server with what it serves."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], repository: Repository, token: str, downloads: Path | None) -> None:
        super().__init__(address, Handler)
        self.repository, self.token, self.downloads = repository, token, downloads
        self.counts = Counts()


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of the client of the Hugging Face hub."""

    protocol_version = "HTTP/1.1"
    server: Hub

    def do_HEAD(self) -> None:
        """The client asks for the size, the ETag and the commit first."""
        self._route()

    def do_GET(self) -> None:
        """The client gets lists of files, their contents, and information about a revision."""
        self._route()

    def _route(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path == "/_lab/requests":
            return self._json(HTTPStatus.OK, self.server.counts.report())
        if path == "/_lab/reset":
            self.server.counts.reset()
            return self._json(HTTPStatus.OK, [])
        if path.startswith("/downloads/"):
            self.server.counts.add(self.client_address[0], f"{self.command} {path}")
            return self._download(path.removeprefix("/downloads/"))
        return self._hub(path)

    def _hub(self, path: str) -> None:
        repository = self.server.repository
        name = re.escape(repository.name)
        info = re.fullmatch(rf"/api/models/{name}(?:/revision/(.+))?", path)
        tree = re.fullmatch(rf"/api/models/{name}/tree/([^/]+)(?:/(.*))?", path)
        file = re.fullmatch(rf"/{name}/resolve/([^/]+)/(.+)", path)
        kind = "info" if info else "tree" if tree else "file" if file else "unknown"
        self.server.counts.add(self.client_address[0], f"{self.command} {kind}" + (f" {file[2]}" if file else ""))
        if not self._authorized():
            return None
        found = info or tree or file
        if found is None:
            return self._error(HTTPStatus.NOT_FOUND, "RepoNotFound", "Repository not found")
        if found[1] not in (None, "main", repository.commit):
            return self._error(HTTPStatus.NOT_FOUND, "RevisionNotFound", f"Invalid rev id: {found[1]}")
        if info:
            return self._json(HTTPStatus.OK, repository.info())
        if tree:
            return self._json(HTTPStatus.OK, repository.tree())
        entry = repository.files.get(found[2])
        if entry is None:
            return self._error(HTTPStatus.NOT_FOUND, "EntryNotFound", "Entry not found")
        return self._file(entry.path, {"ETag": f'"{entry.etag}"', "X-Repo-Commit": repository.commit})

    def _authorized(self) -> bool:
        given = self.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            return True
        # The hub's own words: with no token it hides the model, with a wrong one it says so.
        if given:
            self._error(HTTPStatus.UNAUTHORIZED, "", "Invalid credentials in Authorization header")
        else:
            self._error(HTTPStatus.UNAUTHORIZED, "GatedRepo", "Access to this model is restricted. Please log in.")
        return False

    def _download(self, name: str) -> None:
        root = self.server.downloads
        path = (root / name).resolve() if root else None
        if root is None or path is None or not path.is_relative_to(root.resolve()) or not path.is_file():
            return self._error(HTTPStatus.NOT_FOUND, "", "not found")
        return self._file(path, {})

    def _file(self, path: Path, headers: dict[str, str]) -> None:
        size = path.stat().st_size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        end = min(int(wanted[2]) if wanted and wanted[2] else size - 1, size - 1)
        if wanted and start > end:
            self._start(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, {"Content-Range": f"bytes */{size}"})
            return
        if wanted:
            headers = {**headers, "Content-Range": f"bytes {start}-{end}/{size}"}
        status = HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK
        self._start(status, end - start + 1, {"Accept-Ranges": "bytes", **headers})
        if self.command == "HEAD":
            return
        with path.open("rb") as source:
            source.seek(start)
            left = end - start + 1
            while left and (chunk := source.read(min(CHUNK, left))):
                self.wfile.write(chunk)
                left -= len(chunk)

    def _error(self, status: HTTPStatus, code: str, message: str) -> None:
        named = {"X-Error-Code": code} if code else {}
        self._json(status, {"error": message}, {**named, "X-Error-Message": message})

    def _json(self, status: HTTPStatus, value: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self._start(status, len(body), {"Content-Type": "application/json", **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _start(self, status: HTTPStatus, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the repository on the port until the process is ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--token", required=True)
    parser.add_argument("--model-dir", type=Path, required=True)
    parser.add_argument("--model-id", required=True)
    parser.add_argument("--downloads", type=Path)
    given = parser.parse_args(arguments)
    repository = Repository.read(given.model_id, given.model_dir)
    hub = Hub((given.host, given.port), repository, given.token, given.downloads)
    print(f"hub stand-in: {given.model_id} at http://{given.host}:{hub.server_port}", flush=True)
    hub.serve_forever()


if __name__ == "__main__":
    main()
