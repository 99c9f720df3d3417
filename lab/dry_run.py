"""What the API server says to objects without making them: server-side apply as a dry run, with strict fields. It goes
through everything that a real one does, webhooks and Pod Security included. One connection for all objects: kubectl
takes longer to start than the API server for a whole deployment."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from urllib.parse import urlencode

from lab.address import API_PORT, GATEWAY
from lab.api import administrator
from lab.console import LabError
from lab.inside import inside
from nim_stack.base.documents import Json

_QUERY = urlencode({"dryRun": "All", "fieldManager": "dry-run", "force": "true", "fieldValidation": "Strict"})
WEBHOOK_SECONDS = 60.0
"""LWS's replicas are ready before their webhooks listen, one after the other."""
_NOT_ANSWERING = "failed calling webhook"


@dataclass(frozen=True)
class Verdict:
    """The answer for one object."""

    refusal: str
    """The API server's message; empty when it would take the object."""
    warnings: tuple[str, ...]
    made: Json = field(repr=False)
    """The object as it would be stored, with all that defaults and webhooks add."""


def dry_run(objects: Sequence[Json]) -> list[Verdict]:
    """Verdicts in the order of the objects, whose namespaces must exist.

    Raises:
        LabError: the lab is not up, or knows a kind not at all.
    """
    return inside(_Session(tuple(objects)))


@dataclass
class _Session:
    """All requests of one call, in the child process that is inside the sealed network."""

    objects: tuple[Json, ...]
    _kinds: dict[str, Json] = field(default_factory=dict)

    def __call__(self) -> list[Verdict]:
        self._patience = time.monotonic() + WEBHOOK_SECONDS
        self._connection = HTTPSConnection(GATEWAY, API_PORT, context=administrator(), timeout=30)
        return [self._verdict(manifest) for manifest in self.objects]

    def _verdict(self, manifest: Json) -> Verdict:
        path = f"{self._path(manifest)}?{_QUERY}"
        status, warnings, answer = self._request("PATCH", path, manifest)
        while _NOT_ANSWERING in answer.get("message", "") and time.monotonic() < self._patience:
            time.sleep(1)
            status, warnings, answer = self._request("PATCH", path, manifest)
        taken = status in (200, 201)
        return Verdict("" if taken else answer["message"], warnings, answer if taken else {})

    def _path(self, manifest: Json) -> str:
        version, kind = manifest["apiVersion"], manifest["kind"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if version not in self._kinds:
            _, _, known = self._request("GET", root)
            found = [one for one in known.get("resources", ()) if "/" not in one["name"]]
            self._kinds[version] = {one["kind"]: one for one in found}
        if kind not in self._kinds[version]:
            raise LabError(f"the API server knows no {kind} of {version}")
        resource, metadata = self._kinds[version][kind], manifest["metadata"]
        space = f"/namespaces/{metadata['namespace']}" if resource["namespaced"] else ""
        return f"{root}{space}/{resource['name']}/{metadata['name']}"

    def _request(self, method: str, path: str, body: Json | None = None) -> tuple[int, tuple[str, ...], Json]:
        headers = {"Accept": "application/json"}
        if body is not None:  # JSON is YAML, the form in which configurations are applied
            headers["Content-Type"] = "application/apply-patch+yaml"
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        warnings = re.findall(r'299 \S+ "((?:[^"\\]|\\.)*)"', ", ".join(answer.headers.get_all("Warning", [])))
        return answer.status, tuple(warnings), json.loads(answer.read())
