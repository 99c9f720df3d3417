"""Stand-ins on loopback for what a command meets on its way to a cluster: an API server with TLS, a proxy, plugins."""

import json
import select
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Request

NAME = "api.internal"
"""What the certificate of the API server is for, beside the address 127.0.0.1 when it is asked for."""
DATE = "Sat, 31 Jan 2026 10:00:30 GMT"


@dataclass(frozen=True)
class Authority:
    """Certificates of one authority, made with the machine's openssl."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        folder.mkdir(parents=True, exist_ok=True)
        _openssl(folder, "ca", "/CN=test authority", "basicConstraints=critical,CA:TRUE")
        return cls(folder)

    def issue(self, name: str, extension: str) -> tuple[Path, Path]:
        """Certificate and key, such as for `subjectAltName=IP:127.0.0.1`."""
        _openssl(self.folder, name, f"/CN={name}/O=testers", extension, "-CA", "ca.crt", "-CAkey", "ca.key")
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"


def _openssl(folder: Path, name: str, subject: str, extension: str, *more: str) -> None:
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    files = ("-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", subject, "-addext", extension)
    subprocess.run(["openssl", *new, *files, *more], cwd=folder, check=True, capture_output=True)


@dataclass
class FakeCluster:
    """An API server: answers by path, and what it was asked."""

    port: int = 0
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """Status, and an object or the bytes of a page; without an entry 404."""
    tokens: set[str] | None = None
    """Bearer tokens that are known; None asks for none."""
    wants_certificate: bool = False
    location: str = "https://login.example/sign-in"
    """Where a redirect leads."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request."""
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)
    """Server name of each TLS handshake."""
    forwarded: list[bytes] = field(default_factory=list)
    """Channel of each message of a port-forward."""
    clients: list[str] = field(default_factory=list)
    """Common names of clients' certificates."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        if path == "/version" and path not in self.answers:
            return 200, {"gitVersion": "v1.35.4"}
        return self.answers.get(f"{method} {path}", self.answers.get(path, (404, {"message": f"no {path}"})))


@contextmanager
def serving(authority: Authority, *names: str) -> Iterator[FakeCluster]:
    """An API server whose certificate is for these names: `IP:127.0.0.1` unless others are given."""
    fake = FakeCluster()
    wanted = ",".join(names or ("IP:127.0.0.1",))
    certificate, key = authority.issue(wanted.replace(":", "-"), f"subjectAltName={wanted}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.sni_callback = lambda _, name, __: fake.server_names.append(name)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionError, ssl.SSLError):
                self.close_connection = True

        def _any(self) -> None:
            path = self.path.partition("?")[0]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.asked.append((self.command, self.path))
            fake.bodies.append(body)
            fake.headers.append({key.lower(): value for key, value in self.headers.items()})
            peer = dict(pair for part in (self.connection.getpeercert() or {}).get("subject", ()) for pair in part)
            fake.clients += [peer["commonName"]] if peer else []
            status, found = fake.answer(self.command, path)
            known = fake.tokens is None or self.headers.get("Authorization", "").removeprefix("Bearer ") in fake.tokens
            if not known or (fake.wants_certificate and not peer):
                status, found = 401, {"message": "Unauthorized"}
            if known and status == 101:
                self._forward(found)
                return
            page = isinstance(found, bytes)
            content = found if page else json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Date", DATE)
            self.send_header("Content-Type", "text/html" if page else "application/json")
            self.send_header("Content-Length", str(len(content)))
            if 300 <= status < 400:
                self.send_header("Location", fake.location)
            self.end_headers()
            self.wfile.write(content)

        def _forward(self, port: int | bytes) -> None:
            """A port-forward as a kubelet does it: to this port of loopback, or this error of the pod."""
            self.close_connection = True
            server = WSConnection(ConnectionType.SERVER)
            server.initiate_upgrade_connection([(k.encode(), v.encode()) for k, v in self.headers.items()], self.path)
            (asked,) = list(server.events())
            assert isinstance(asked, Request)
            assert asked.subprotocols == ["v4.channel.k8s.io"]
            self.connection.sendall(server.send(AcceptConnection(subprotocol=asked.subprotocols[0])))

            def send(channel: int, data: bytes) -> None:
                self.connection.sendall(server.send(BytesMessage(bytes([channel]) + data)))

            wanted = int(self.path.partition("ports=")[2]).to_bytes(2, "little")
            send(0, wanted)
            send(1, wanted)
            if isinstance(port, bytes):
                send(1, port)
                return
            assert isinstance(self.connection, ssl.SSLSocket)
            with socket.create_connection(("127.0.0.1", port), 5) as there:
                while True:
                    ready = self.connection.pending() or select.select([self.connection, there], [], [], 10)[0]
                    if isinstance(ready, list) and there in ready:
                        data = there.recv(32768)
                        if not data:
                            self.connection.sendall(server.send(CloseConnection(code=1000)))
                            return
                        send(0, data)
                    if isinstance(ready, int) or self.connection in ready:
                        server.receive_data(self.connection.recv(65536) or None)
                        for event in server.events():
                            if isinstance(event, CloseConnection):
                                return
                            if isinstance(event, BytesMessage):
                                fake.forwarded.append(bytes(event.data[:1]))
                                there.sendall(event.data[1:])

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._any
            raise AttributeError(name)

        def send_response(self, code: int, message: str | None = None) -> None:
            self.send_response_only(code, message)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests' output is for the tests."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, Any]:
            plain, address = super().get_request()
            return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that refuses the certificate ends the handshake, which is what some tests want."""

    with Server(("127.0.0.1", 0), Handler) as server:
        fake.port = server.server_port
        with _thread(server):
            yield fake


@dataclass
class FakeProxy:
    """A proxy that knows where names lead, and what it was asked to connect to."""

    port: int = 0
    routes: dict[str, int] = field(default_factory=dict)
    """Port on loopback by `host:port`."""
    refuses: int | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def proxying() -> Iterator[FakeProxy]:
    """A proxy for CONNECT."""
    fake = FakeProxy()

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            fake.asked.append(self.path)
            if fake.refuses is not None or self.path not in fake.routes:
                self.send_error(fake.refuses or 502)
                return
            with socket.create_connection(("127.0.0.1", fake.routes[self.path]), 5) as there:
                self.send_response(200)
                self.end_headers()
                _relay(self.connection, there)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests' output is for the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        fake.port = server.server_port
        with _thread(server):
            yield fake


def _relay(here: socket.socket, there: socket.socket) -> None:
    other = {here: there, there: here}
    while True:
        for ready in select.select([here, there], [], [], 10)[0] or [here]:
            found = ready.recv(65536)
            if not found:
                return
            other[ready].sendall(found)


@contextmanager
def _thread(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def plugin(folder: Path, program: str, name: str = "plugin") -> str:
    """A credential plugin: a command whose Python program is given."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport json, os, sys\n{program}\n")
    path.chmod(0o755)
    return str(path)


def credential(**status: str) -> str:
    """Program of a plugin that gives this, in the version that it is asked for."""
    return (
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        f"print(json.dumps({{'apiVersion': info['apiVersion'], 'kind': 'ExecCredential', 'status': {status!r}}}))"
    )


def kubeconfig(server: str, user: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    """One cluster, one user, one context; `_` in a keyword is a hyphen."""
    found = {key.replace("_", "-"): value for key, value in cluster.items()}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": server, **found}}],
        "users": [{"name": "u", "user": user if user is not None else {"token": "t"}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }
