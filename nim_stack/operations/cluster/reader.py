"""Requests to an API server, with objects as it writes them.

Objects stay plain JSON, since a typed client drops the fields that it does not know, and what went wrong may stand in
one of them.
"""

import base64
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime

import httpcore2
import httpx2

from nim_stack.base.documents import Json
from nim_stack.base.http import explained
from nim_stack.operations.cluster.client import TIMEOUT, client, proxy_url
from nim_stack.operations.cluster.errors import CannotReadError, Cause, ClusterUnreachableError, KubeconfigError
from nim_stack.operations.cluster.kubeconfig import load
from nim_stack.settings import Cluster

_LOG_SECONDS = 6.0
_FIRST_BYTES = 65536


class Reader:
    """GET requests to one API server, and the requests that store nothing or that a command was started for."""

    def __init__(self, client: httpx2.Client, way: str = "") -> None:
        """Args:
        way: what leads to the server beside the network, in words, such as ` through the proxy p:3128`.
        """
        self._client = client
        self._way = way

    def get(self, path: str, **query: str) -> Json | None:
        """One object or list; None when there is none of this name, or no such kind.

        Raises:
            CannotReadError: forbidden, or an error of the server.
            ClusterUnreachableError: no connection, unknown credentials, or no API server.
        """
        answer = self._request("GET", path, query)
        if answer.status_code == 404:
            return None
        self._accept(answer, path)
        return self._object(answer, path)

    def text(self, path: str, **query: str) -> str:
        """A log.

        Raises:
            CannotReadError: forbidden, no such log, or an error of the server.
            ClusterUnreachableError: no connection, or unknown credentials.
        """
        answer = self._request("GET", path, query, timeout=_LOG_SECONDS)
        self._accept(answer, path)
        return answer.text

    def send(self, method: str, path: str, body: Json | None = None, **query: str) -> Json:
        """POST or DELETE, for what a command was started to make: access reviews, the Jobs of smoke and doctor.

        Raises:
            CannotReadError: refused: forbidden, invalid, there already, or not there.
            ClusterUnreachableError: no connection, unknown credentials, or no API server.
        """
        answer = self._request(method, path, query, body)
        self._accept(answer, path)
        return self._object(answer, path)

    @contextmanager
    def upgraded(self, path: str, protocol: str, **query: str) -> Iterator[tuple[socket.socket, bytes]]:
        """A connection that speaks WebSocket with this subprotocol, and the first bytes that the server sends on it.

        Raises:
            CannotReadError: forbidden, or the server refuses it.
            ClusterUnreachableError: no connection, unknown credentials, or a way that has no such connection.
        """
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
            "Sec-WebSocket-Protocol": protocol,
        }
        with ExitStack() as stack:
            try:
                answer = stack.enter_context(self._client.stream("GET", path, params=query, headers=headers))
                if answer.status_code != 101:
                    answer.read()
                    self._known(answer)
                    self._accept(answer, path)
                    raise self._no_api_server(answer, path, "it opens no WebSocket")
                stream = answer.extensions["network_stream"]
                connection = stream.get_extra_info("socket")
                if not isinstance(connection, socket.socket):
                    why = "a port-forward through an https proxy is not supported"
                    text = f"{self.server} cannot be reached{self._way}: {why}."
                    raise ClusterUnreachableError(text, "proxy")
                first = stream.read(_FIRST_BYTES, TIMEOUT.read)
            except (httpx2.HTTPError, httpcore2.TimeoutException, httpcore2.NetworkError, OSError) as failure:
                raise self._unreachable(failure) from failure
            connection.settimeout(None)
            yield connection, first

    @property
    def server(self) -> str:
        """The URL of the API server, with the path before the API when the kubeconfig has one."""
        return str(self._client.base_url)

    def clock(self) -> tuple[str, str]:
        """The server's version and its time (ISO 8601, UTC), by which the times in objects are read.

        Raises:
            ClusterUnreachableError: no connection, no answer in time, unknown credentials, or no API server.
        """
        try:
            answer = self._request("GET", "/version", {})
        except CannotReadError:
            text = f"{self.server} cannot be reached{self._way}: it does not answer within {TIMEOUT.read:.0f} s."
            raise ClusterUnreachableError(text, "silent") from None
        try:
            self._accept(answer, "/version")
            date = parsedate_to_datetime(answer.headers["Date"])
            return str(answer.json()["gitVersion"]), date.strftime("%Y-%m-%dT%H:%M:%SZ")
        except (CannotReadError, LookupError, TypeError, ValueError) as odd:
            raise self._no_api_server(answer, "/version", str(odd)) from odd

    def _request(
        self, method: str, path: str, query: dict[str, str], body: Json | None = None, timeout: float | None = None
    ) -> httpx2.Response:
        try:
            answer = self._client.request(method, path, params=query, json=body, timeout=timeout or TIMEOUT)
        except httpx2.ReadTimeout:
            # Of one request: the API server asks a kubelet for a log, and that may be what does not answer.
            raise CannotReadError("no answer in time", "silent") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as failure:
            raise self._unreachable(failure) from failure
        self._known(answer)
        return answer

    def _unreachable(self, failure: Exception) -> ClusterUnreachableError:
        why = explained(failure)
        causes: dict[str, Cause] = {"certificate": "certificate", "proxy": "proxy", "silent": "silent"}
        text = f"{self.server} cannot be reached{self._way}: {why}."
        return ClusterUnreachableError(text, causes.get(why.cause, "unreachable"))

    def _known(self, answer: httpx2.Response) -> None:
        if answer.status_code == 401:
            raise ClusterUnreachableError(
                f"{self.server} does not know these credentials, or they have expired (401): log in again, or choose "
                "another context (nim.cluster.context, --context).",
                "credentials",
            )

    def _accept(self, answer: httpx2.Response, path: str) -> None:
        if answer.is_redirect:
            raise self._no_api_server(answer, path, f"it leads to {answer.headers.get('Location', 'another place')}")
        if answer.is_error:
            try:
                message = str(answer.json().get("message", ""))
            except (ValueError, AttributeError):
                message = answer.text.strip()
            cause: Cause = "forbidden" if answer.status_code == 403 else "refused"
            raise CannotReadError(message[:500] or f"{path}: HTTP {answer.status_code}", cause)

    def _object(self, answer: httpx2.Response, path: str) -> Json:
        try:
            found = answer.json()
        except ValueError as odd:
            raise self._no_api_server(answer, path, str(odd)) from None
        if not isinstance(found, dict):
            raise self._no_api_server(answer, path, "its answer is no object")
        return found

    def _no_api_server(self, answer: httpx2.Response, path: str, odd: str) -> ClusterUnreachableError:
        return ClusterUnreachableError(
            f"{self.server} does not answer {path} as an API server does (HTTP {answer.status_code}: {odd}); is the "
            "address in the kubeconfig that of a proxy or a login page?",
            "page",
        )


def connect(cluster: Cluster) -> Reader:
    """A reader of the cluster that the settings name, else of KUBECONFIG's, as the stack itself finds it.

    Raises:
        KubeconfigError: there is no kubeconfig that can be used.
        ClusterUnreachableError: the credential plugin fails.
    """
    try:
        access = load(cluster.kubeconfig, cluster.context)
        proxy = proxy_url(access.cluster)
        way = f" through the proxy {proxy.host}:{proxy.port or proxy.scheme}" if proxy else ""
        return Reader(client(access), way)
    except (LookupError, TypeError, ValueError, AttributeError, OSError, httpx2.InvalidURL) as odd:
        raise KubeconfigError(f"it is not as Kubernetes writes one ({type(odd).__name__}: {odd})") from odd
