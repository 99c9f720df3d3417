"""The Kubernetes API over HTTP: discovery, requests, and errors in the server's words."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from lab.console import LabError
from lab.standin.cluster import Cluster
from lab.standin.values import Obj

APPLY, JSON_PATCH = "application/apply-patch+yaml", "application/json-patch+json"


class ApiError(LabError):
    """An answer that is not a success (code 0: there was none), or a kind that is absent (reason NoMatch)."""

    def __init__(self, code: int, message: str, reason: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.code, self.reason, self.kind = code, reason, kind


@dataclass(frozen=True)
class Api:
    """One API server; `warn` receives the warnings that it sends with its answers."""

    cluster: Cluster
    warn: Callable[[str], None] = print
    kinds: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, content: str = "application/json", **query: str) -> Obj:
        """Send one request; raises ApiError."""
        url = self.cluster.server + path + (f"?{urlencode(query)}" if query else "")
        data, headers = None if body is None else json.dumps(body), {**self.cluster.headers, "Content-Type": content}
        try:
            answer = self.cluster.pool.request(method, url, body=data, headers=headers)
        except urllib3.exceptions.HTTPError as failure:
            raise ApiError(0, f"the API server {self.cluster.server} cannot be reached: {failure}") from failure
        for text in re.findall(r'299 \S+ "((?:[^"\\]|\\.)*)"', answer.headers.get("Warning", "")):
            self.warn(re.sub(r"\\(.)", r"\1", text))
        try:
            result: Obj = json.loads(answer.data)
        except ValueError:  # a path that no API group serves is answered in plain text
            result = {"message": answer.data.decode(errors="replace").strip()}
        if answer.status >= 400:
            about, kind = result.get("message", ""), (result.get("details") or {}).get("kind", "")
            raise ApiError(answer.status, about, result.get("reason", ""), kind)
        return result

    def get(self, obj: Obj) -> Obj:
        """Fetch the live object."""
        return self.call("GET", self.path(obj, obj["metadata"]["name"]))

    def path(self, obj: Obj, name: str = "") -> str:
        """Return the path of the object's collection or, with a name, of the object."""
        plural, namespaced = self._kind(obj)
        space = f"/namespaces/{obj.get('metadata', {}).get('namespace') or 'default'}" if namespaced else ""
        return f"{_root(obj['apiVersion'])}{space}/{plural}" + (f"/{quote(name, safe='')}" if name else "")

    def exists(self, obj: Obj) -> bool:
        """Say whether the server has the object's kind."""
        try:
            return bool(self._kind(obj))
        except ApiError:
            return False

    def namespaced(self, obj: Obj) -> bool:
        """Say whether objects of this kind live in namespaces; of a kind that is absent it is assumed."""
        return not self.exists(obj) or self._kind(obj)[1]

    def _kind(self, obj: Obj) -> tuple[str, bool]:
        version, kind = str(obj.get("apiVersion")), str(obj.get("kind"))
        if kind not in self.kinds.get(version, {}):  # looked up anew each time: its definition may come
            try:
                listed = self.call("GET", _root(version))["resources"]
            except ApiError as failure:
                if failure.code != 404:
                    raise
                listed = []
            self.kinds[version] = {r["kind"]: (r["name"], r["namespaced"]) for r in listed if "/" not in r["name"]}
        if kind not in self.kinds[version]:
            raise ApiError(404, f'no matches for kind "{kind}" in version "{version}"', "NoMatch")
        return self.kinds[version][kind]


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
