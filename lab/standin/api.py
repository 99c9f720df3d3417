"""The Kubernetes API over HTTP: discovery, requests, and errors in the server's words."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from lab.console import LabError
from lab.standin.values import Obj

APPLY, JSON_PATCH = "application/apply-patch+yaml", "application/json-patch+json"


class ApiError(LabError):
    """An answer that is not a success (code 0: there was none), or a kind that is absent (reason NoMatch)."""

    def __init__(self, code: int, message: str, reason: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.code, self.reason, self.kind = code, reason, kind


@dataclass(frozen=True)
class Api:
    """One API server, and who we are there; `warn` receives the warnings that it sends with its answers."""

    server: str
    namespace: str
    pool: urllib3.PoolManager
    headers: dict[str, str]
    warn: Callable[[str], None] = print
    kinds: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, content: str = "application/json", **query: str) -> Obj:
        """Send one request; raises ApiError."""
        url, headers = f"{self.server}{path}?{urlencode(query)}", {**self.headers, "Content-Type": content}
        try:
            answer = self.pool.request(method, url, body=body and json.dumps(body), headers=headers)
        except urllib3.exceptions.HTTPError as failure:
            raise ApiError(0, f"the API server {self.server} cannot be reached: {failure}") from failure
        for text in re.findall(r'299 \S+ "((?:[^"\\]|\\.)*)"', answer.headers.get("Warning", "")):
            self.warn(re.sub(r"\\(.)", r"\1", text))
        plain_text = {"message": answer.data.decode(errors="replace").strip()}  # of a path that no API group serves
        result: Obj = json.loads(answer.data) if answer.data.startswith(b"{") else plain_text
        if answer.status >= 400:
            about, kind = result.get("message", ""), (result.get("details") or {}).get("kind", "")
            raise ApiError(answer.status, about, result.get("reason", ""), kind)
        return result

    def get(self, obj: Obj) -> Obj:
        """Fetch the live object."""
        return self.call("GET", self.path(obj, obj["metadata"]["name"]))

    def path(self, obj: Obj, name: str = "") -> str:
        """Return the path of the object's collection or, with a name, of the object."""
        if not (kind := self.kind(obj)):
            missing = f'no matches for kind "{obj["kind"]}" in version "{obj["apiVersion"]}"'
            raise ApiError(404, missing, "NoMatch")
        space = f"/namespaces/{obj.get('metadata', {}).get('namespace') or 'default'}" if kind[1] else ""
        return f"{_root(obj['apiVersion'])}{space}/{kind[0]}" + (f"/{quote(name, safe='')}" if name else "")

    def kind(self, obj: Obj) -> tuple[str, bool] | None:
        """Return the plural name of the object's kind and whether it is namespaced; None when the server has it not."""
        version, kind = str(obj.get("apiVersion")), str(obj.get("kind"))
        if kind not in self.kinds.get(version, {}):  # looked up anew each time: its definition may come
            try:
                listed = self.call("GET", _root(version))["resources"]
            except ApiError:
                return None
            self.kinds[version] = {r["kind"]: (r["name"], r["namespaced"]) for r in listed if "/" not in r["name"]}
        return self.kinds[version].get(kind)


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
