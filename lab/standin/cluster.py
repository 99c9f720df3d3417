"""The lab's API server: found by kubeconfig as any client does (lightkube), and no other is accepted."""

import base64
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import yaml
from lightkube import ConfigError, KubeConfig
from lightkube.config.client_adapter import Client, ConnectionParams
from lightkube.config.models import Cluster

from lab.console import LabError
from lab.paths import STATE
from lab.standin.values import Obj

TEXTS: dict[str, str] = json.loads(Path(__file__).with_name("texts.json").read_text())
APPLY, JSON_PATCH = "application/apply-patch+yaml", "application/json-patch+json"
_CA = STATE / "pki" / "ca.crt"


class ApiError(LabError):
    """An answer that is not a success (code 0: there was none), or a kind that is absent (reason NoMatch)."""

    def __init__(self, code: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Api:
    """Requests to the API server, in a preview dry runs; `warn` receives the warnings that come with its answers."""

    client: httpx2.Client
    namespace: str
    warn: Callable[[str], None] = print
    preview: bool = False
    kinds: dict[str, dict[str, str]] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, content: str = "application/json", **query: str) -> Obj:
        """Send one request; nothing is returned for what is absent. Raises ApiError, in the server's words."""
        query |= {"dryRun": "All"} if self.preview and method != "GET" else {}
        try:
            answer = self.client.request(method, path, json=body, params=query, headers={"Content-Type": content})
        except httpx2.TransportError as failure:
            raise ApiError(0, f"the API server {self.client.base_url} cannot be reached: {failure}") from failure
        for text in re.findall(r'299 \S+ ("(?:[^"\\]|\\.)*")', answer.headers.get("Warning", "")):
            self.warn(json.loads(text))
        result: Obj = answer.json() if answer.text.startswith("{") else {"message": answer.text.strip()}
        if answer.status_code == 404 and method in ("GET", "DELETE"):
            return {}
        if answer.is_error:
            raise ApiError(answer.status_code, result.get("message", ""), result.get("reason", ""))
        return result

    def find(self, obj: Obj) -> Obj:
        """Fetch the live object; nothing when it, or its kind, is absent."""
        return self.call("GET", self.path(obj)) if self.collection(obj) else {}

    def path(self, obj: Obj) -> str:
        """Return the object's path; the collection's is the part before its name."""
        if not (collection := self.collection(obj)):
            raise ApiError(404, f'no matches for kind "{obj["kind"]}" in version "{obj["apiVersion"]}"', "NoMatch")
        meta = obj["metadata"]
        return f"{collection.format(namespace=meta.get('namespace') or 'default')}/{meta['name']}"

    def collection(self, obj: Obj) -> str:
        """Return the path of all objects of the kind, with {namespace} if they have one; "" if the server has none."""
        version, kind = str(obj.get("apiVersion")), str(obj.get("kind"))
        if kind not in self.kinds.get(version, {}):  # looked up anew each time: its definition may come
            group, space = f"/apis/{version}" if "/" in version else f"/api/{version}", "/namespaces/{namespace}"
            listed = [one for one in self.call("GET", group).get("resources", []) if "/" not in one["name"]]
            self.kinds[version] = {r["kind"]: f"{group}{space * r['namespaced']}/{r['name']}" for r in listed}
        return self.kinds[version].get(kind, "")


def connect(given: Any, context: str | None, namespace: str | None) -> Api:
    """Open the cluster that the provider's `kubeconfig` (content or path) or the ambient one names: only the lab's."""
    content = yaml.safe_load(given) if isinstance(given, str) else given
    path = given or os.environ.get("KUBECONFIG", "~/.kube/config")
    try:
        config = KubeConfig.from_dict(content) if isinstance(content, dict) else KubeConfig.from_file(path)
        chosen: Any = config.get(context)
        found, data, file = chosen.cluster, chosen.cluster.certificate_auth_data, chosen.cluster.certificate_auth
        authority = base64.b64decode(data) if data else Path(chosen.abs_file(file)).read_bytes() if file else b""
    except (ConfigError, LookupError, OSError) as failure:
        raise LabError(f"kubeconfig: {failure} (the lab's is {STATE}/kubeconfig, from `lab up`)") from failure
    verified = found.server.startswith("https://") and not found.insecure and _CA.is_file()
    if not verified or authority.strip() != _CA.read_bytes().strip():
        raise LabError(TEXTS["foreign_cluster"].format(context=chosen.context_name, server=found.server, lab=STATE))
    ours = chosen._replace(cluster=Cluster(server=found.server, certificate_auth=str(_CA)))  # that CA alone is trusted
    return Api(Client(ours, ConnectionParams(httpx2.Timeout(60), trust_env=False)), namespace or chosen.namespace)
