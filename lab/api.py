"""A few calls to the lab's API server, for set-up and status; people and tests use kubectl."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from lab import pki
from lab.address import API_URL
from lab.console import LabError
from nim_stack.base.documents import Json


def administrator() -> ssl.SSLContext:
    """Certificates of the lab's administrator, and of the authority that the API server's is from."""
    context = ssl.create_default_context(cafile=str(pki.PKI / "ca.crt"))
    context.load_cert_chain(pki.PKI / "admin.crt", pki.PKI / "admin.key")
    return context


class Api:
    """Talks to the API server as the lab's administrator; the caller must be inside the sealed network."""

    def __init__(self) -> None:
        self._context = administrator()

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Json:
        """One request; raises urllib.error.HTTPError for a refusal."""
        request = urllib.request.Request(
            API_URL + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": content_type, "Accept": "application/json"},
        )
        with urllib.request.urlopen(request, context=self._context, timeout=10) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith("{") else {"text": text}

    def ensure(self, collection: str, document: Json) -> None:
        """Create an object unless it is there."""
        try:
            self.call("POST", collection, document)
        except urllib.error.HTTPError as refusal:
            if refusal.code != 409:
                raise LabError(f"{collection}: {refusal.code} {refusal.read().decode()[:500]}") from refusal


def wait_for(what: str, check: Callable[[], bool], seconds: float, hint: str) -> None:
    """Wait until the check holds; connection errors count as "not yet".

    Raises:
        LabError: it did not hold in time; the message carries the hint.
    """
    deadline = time.monotonic() + seconds
    last = ""
    while time.monotonic() < deadline:
        try:
            if check():
                return
        except (OSError, KeyError) as not_yet:
            last = f" (last: {not_yet})"
        time.sleep(0.1)
    raise LabError(f"{what} not ready after {seconds:.0f} s{last}; {hint}")
