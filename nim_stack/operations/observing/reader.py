"""Reading a cluster: kubeconfig, TLS and credentials by lightkube, objects as the API server writes them.

Objects stay plain JSON, since a typed client drops the fields that it does not know, and what went wrong may stand in
one of them.
"""

import os
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from lightkube import ConfigError, KubeConfig
from lightkube.config.client_adapter import Client, ConnectionParams

from nim_stack.operations.observing.errors import CannotReadError, ClusterUnreachableError
from nim_stack.settings import Cluster

Json = dict[str, Any]
_TIMEOUT = httpx2.Timeout(20)
_LOG_SECONDS = 6.0


class Reader:
    """GET requests to one API server, and the two kinds of POST that store nothing or are asked for by name."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def get(self, path: str, **query: str) -> Json | None:
        """One object or list; None when there is none of this name, or no such kind.

        Raises:
            CannotReadError: forbidden, or an error of the server.
            ClusterUnreachableError: no connection, or unknown credentials.
        """
        answer = self._request("GET", path, query)
        if answer.status_code == 404:
            return None
        self._accept(answer, path)
        found: Json = answer.json()
        return found

    def text(self, path: str, **query: str) -> str:
        """A log."""
        answer = self._request("GET", path, query, timeout=_LOG_SECONDS)
        self._accept(answer, path)
        return answer.text

    def send(self, method: str, path: str, body: Json | None = None) -> Json:
        """POST or DELETE, for what a command was started to make: access reviews, the Jobs of smoke and doctor."""
        answer = self._request(method, path, {}, body)
        self._accept(answer, path)
        found: Json = answer.json()
        return found

    @property
    def server(self) -> str:
        """Its address."""
        return str(self._client.base_url)

    def clock(self) -> tuple[str, str]:
        """The server's version and its time (ISO 8601, UTC), by which the times in objects are read."""
        answer = self._request("GET", "/version", {})
        try:
            self._accept(answer, "/version")
            date = parsedate_to_datetime(answer.headers["Date"])
            return str(answer.json()["gitVersion"]), date.strftime("%Y-%m-%dT%H:%M:%SZ")
        except (CannotReadError, LookupError, TypeError, ValueError) as odd:
            raise ClusterUnreachableError(
                f"{self.server} does not answer /version as an API server does (HTTP {answer.status_code}: {odd}); is "
                "the address in the kubeconfig that of a proxy or a login page?"
            ) from odd

    def _request(
        self, method: str, path: str, query: dict[str, str], body: Json | None = None, timeout: float | None = None
    ) -> httpx2.Response:
        try:
            answer = self._client.request(method, path, params=query, json=body, timeout=timeout or _TIMEOUT)
        except httpx2.ReadTimeout:
            # Of one request: the API server asks a kubelet for a log, and that may be what does not answer.
            raise CannotReadError("no answer in time") from None
        except (httpx2.TransportError, ConfigError, OSError) as failure:
            raise ClusterUnreachableError(_unreachable(str(self._client.base_url), failure)) from failure
        if answer.status_code == 401:
            raise ClusterUnreachableError(
                f"{self._client.base_url} does not know these credentials (401): log in again, or choose another "
                "context (nim.cluster.context, --context)."
            )
        return answer

    @staticmethod
    def _accept(answer: httpx2.Response, path: str) -> None:
        if answer.is_error:
            try:
                message = str(answer.json().get("message", ""))
            except ValueError:
                message = answer.text.strip()
            raise CannotReadError(message[:500] or f"{path}: HTTP {answer.status_code}")


def connect(cluster: Cluster) -> Reader:
    """A reader of the cluster that the settings name, else of KUBECONFIG's, as the stack itself finds it.

    Raises:
        ClusterUnreachableError: no usable kubeconfig.
    """
    try:
        config = _kubeconfig(cluster.kubeconfig, cluster.context)
        chosen = config.get(cluster.context)
        if chosen is None or chosen.user is None:
            raise ConfigError("the context names no user")
        return Reader(Client(chosen, ConnectionParams(timeout=_TIMEOUT)))
    except (ConfigError, LookupError, OSError, ValueError, TypeError) as failure:
        raise ClusterUnreachableError(
            f"the kubeconfig cannot be used: {failure}. Set KUBECONFIG, or nim.cluster.kubeconfig and .context."
        ) from failure


def _kubeconfig(given: str | None, context: str | None) -> KubeConfig:
    """The file of the settings or of KUBECONFIG; of several files the first that has the context."""
    if given is not None:
        return KubeConfig.from_file(given)
    files = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    if len(files) < 2:
        return KubeConfig.from_file(files[0]) if files else KubeConfig.from_env()
    configs = [KubeConfig.from_file(file) for file in files if os.path.exists(file)]  # noqa: PTH110
    wanted = context or next((config.current_context for config in configs if config.current_context), None)
    return next((config for config in configs if wanted in config.contexts), configs[0])


def _unreachable(server: str, failure: Exception) -> str:
    if "auth exec api version" in str(failure) or "auth-provider" in str(failure):
        return (
            f"{failure}. Run `kubectl proxy` and use a kubeconfig whose server is http://127.0.0.1:8001 "
            "(nim.cluster.kubeconfig, --kubeconfig)."
        )
    return f"{server} cannot be reached: {failure}."
