"""Credential plugins: the command in a kubeconfig that gets a token or a client certificate.

The protocol is client.authentication.k8s.io (k8s.io/client-go v0.36.2, plugin/pkg/client/auth/exec): the command is
told in KUBERNETES_EXEC_INFO what is wanted, and prints an ExecCredential.
"""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from nim_stack.base.redaction import without_keys
from nim_stack.operations.cluster.errors import ClusterUnreachableError
from nim_stack.operations.cluster.kubeconfig import Section

_VERSIONS: Final = tuple(f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
_SECONDS: Final = 60.0
"""For a plugin that asks nobody."""


@dataclass(frozen=True)
class Credential:
    """What a plugin gave: a token, a certificate with its key (PEM), or both."""

    token: str | None
    certificate: str | None
    key: str | None
    expires: datetime | None
    """Time from which it is no longer good, or None when the plugin names none."""

    @property
    def expired(self) -> bool:
        """Whether the time from which the credential is no longer good has come; False when none is named."""
        return self.expires is not None and datetime.now(UTC) >= self.expires


class Plugin:
    """The plugin of one user of a kubeconfig, and what it gave last."""

    def __init__(self, given: Section, cluster: Section) -> None:
        """Args:
        given: section `exec` of the user.
        cluster: section of the cluster, which a plugin may ask to be told.

        Raises:
            ClusterUnreachableError: the section cannot be used.
        """
        self._given, self._cluster = given, cluster
        self._lock = threading.Lock()
        self._last: Credential | None = None
        self.command = str(given.get("command") or "")
        self._version = given.get("apiVersion")
        if not self.command or self._version not in _VERSIONS:
            raise self._failed(f"has the apiVersion {self._version!r}: possible are {', '.join(_VERSIONS)}")

    def credential(self, refused: Credential | None = None) -> Credential:
        """What the plugin gave last, or a new one when that has expired or is the one that the server refused.

        Raises:
            ClusterUnreachableError: the plugin is missing, fails, or prints something else.
        """
        with self._lock:
            if self._last is None or self._last.expired or self._last is refused:
                self._last = self._read(self._run())
            return self._last

    def _run(self) -> str:
        mode = self._given.get("interactiveMode") or "IfAvailable"
        terminal = mode != "Never" and sys.stdin is not None and sys.stdin.isatty()
        if mode == "Always" and not terminal:
            raise self._failed("asks questions (interactiveMode Always), and there is no terminal")
        spec: dict[str, Any] = {"interactive": terminal}
        if self._given.get("provideClusterInfo"):
            spec["cluster"] = self._told()
        info = {"apiVersion": self._version, "kind": "ExecCredential", "spec": spec}
        own = {str(one["name"]): str(one["value"]) for one in self._given.get("env") or ()}
        try:
            ended = subprocess.run(
                [self.command, *map(str, self._given.get("args") or ())],
                env={**os.environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)},
                stdin=None if terminal else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if terminal else subprocess.PIPE,
                timeout=None if terminal else _SECONDS,
                check=False,
            )
        except FileNotFoundError:
            hint = " ".join(str(self._given.get("installHint") or "Install it, or add its folder to PATH").split())
            raise self._failed(f"is not installed here. {hint}") from None
        except OSError as trouble:
            raise self._failed(f"cannot be started: {trouble.strerror}") from None
        except subprocess.TimeoutExpired:
            raise self._failed(f"does not end within {_SECONDS:.0f} s") from None
        if ended.returncode != 0:
            said = " ".join((ended.stderr or b"").decode(errors="replace").split())[-500:]
            why = f": {without_keys(said)}" if said else ""
            raise self._failed(f"ended with exit code {ended.returncode}{why}")
        return ended.stdout.decode(errors="replace")

    def _read(self, text: str) -> Credential:
        """Raises: ClusterUnreachableError: it is no credential. What was printed is not repeated: it may be secret."""
        try:
            found = json.loads(text)
            status, version = found["status"], found["apiVersion"]
            if version != self._version:
                raise self._failed(f"answers in {version}, where the kubeconfig says {self._version}")
            until = status.get("expirationTimestamp")
            expires = datetime.fromisoformat(until) if until else None
            if expires is not None and expires.tzinfo is None:
                expires = expires.replace(tzinfo=UTC)
            given = Credential(
                status.get("token"), status.get("clientCertificateData"), status.get("clientKeyData"), expires
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self._failed("does not print an ExecCredential") from None
        if not given.token and not (given.certificate and given.key):
            raise self._failed("gives neither a token nor a certificate with its key")
        return given

    def _told(self) -> Mapping[str, Any]:
        names = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
        told = {name: self._cluster[name] for name in names if self._cluster.get(name)}
        if file := self._cluster.get("certificate-authority"):
            told.setdefault("certificate-authority-data", base64.b64encode(Path(file).read_bytes()).decode())
        for extension in self._cluster.get("extensions") or ():
            if extension.get("name") == "client.authentication.k8s.io/exec":
                told["config"] = extension.get("extension")
        return told

    def _failed(self, what: str) -> ClusterUnreachableError:
        return ClusterUnreachableError(f"the kubeconfig's credential plugin {self.command!r} {what}.", "plugin")
