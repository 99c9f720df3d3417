"""Which API server to speak to: the kubeconfig's, if it is the lab's."""

import base64
import os
import ssl
import tempfile
from pathlib import Path
from typing import Any

import urllib3
import yaml

from lab.console import LabError
from lab.paths import STATE
from lab.standin import TEXTS
from lab.standin.api import Api
from lab.standin.values import Obj

_CA, _KUBECONFIG = STATE / "pki" / "ca.crt", STATE / "kubeconfig"


def connect(given: Any, context: str | None, namespace: str | None) -> Api:
    """Open the cluster that the provider's `kubeconfig` (content or path) or the ambient one names: only the lab's."""
    where, folder, config = _load(given)
    chosen = _named(config, "context", name := context or config.get("current-context"), where)
    cluster, user = (_named(config, kind, chosen.get(kind), where) for kind in ("cluster", "user"))
    server = str(cluster.get("server")).rstrip("/")
    verified = server.startswith("https://") and not cluster.get("insecure-skip-tls-verify")
    if not verified or not _same_certificate(_bytes(cluster, "certificate-authority", folder), _CA):
        about = {"where": where, "context": name, "server": server, "ca": _CA, "kubeconfig": _KUBECONFIG}
        raise LabError(TEXTS["foreign_cluster"].format(**about))
    tls, headers = ssl.create_default_context(cadata=_CA.read_text()), {}
    if certificate := _bytes(user, "client-certificate", folder):
        with tempfile.NamedTemporaryFile() as pair:  # the ssl module reads certificates from files only
            pair.write(certificate + b"\n" + _bytes(user, "client-key", folder))
            pair.flush()
            tls.load_cert_chain(pair.name)
    elif token := user.get("token") or _bytes(user, "tokenFile", folder).decode().strip():
        headers["Authorization"] = f"Bearer {token}"
    else:
        raise LabError(f"{where}: user {chosen.get('user')!r} has neither client-certificate nor token: {list(user)}")
    # Repeated when a kept connection turns out closed, whatever the method; statuses are the caller's to judge.
    retries = urllib3.Retry(total=3, status=0, backoff_factor=0.1, allowed_methods=None)
    pool = urllib3.PoolManager(ssl_context=tls, maxsize=64, retries=retries, timeout=60)
    return Api(server, namespace or chosen.get("namespace") or "default", pool, headers)


def _load(given: Any) -> tuple[str, Path, Obj]:
    if isinstance(given, dict) or "\n" in (given or "") or (given or "").startswith("{"):
        return "the provider's kubeconfig", Path(), given if isinstance(given, dict) else yaml.safe_load(given)
    names = [given] if given else os.environ.get("KUBECONFIG", "~/.kube/config").split(os.pathsep)
    for path in (Path(name).expanduser() for name in names):
        if path.is_file():
            return str(path), path.parent, yaml.safe_load(path.read_text())
    raise LabError(f"no kubeconfig: {', '.join(names)} does not exist; the lab's is {_KUBECONFIG} (`lab up`)")


def _named(config: Obj, kind: str, name: Any, where: str) -> Obj:
    found = {entry.get("name"): entry.get(kind) or {} for entry in config.get(f"{kind}s") or []}
    if name not in found:
        raise LabError(f"{where} has no {kind} named {name!r}; it has {', '.join(map(repr, found)) or 'none'}")
    return dict(found[name])


def _bytes(entry: Obj, field: str, folder: Path) -> bytes:
    try:
        data = entry.get(f"{field}-data")
        return base64.b64decode(data) if data else (folder / entry[field]).read_bytes() if entry.get(field) else b""
    except OSError as failure:
        raise LabError(f"kubeconfig: {field} {folder / entry[field]}: {failure.strerror}") from failure


def _same_certificate(one: bytes, other: Path) -> bool:
    try:
        return ssl.PEM_cert_to_DER_cert(one.decode().strip()) == ssl.PEM_cert_to_DER_cert(other.read_text().strip())
    except (OSError, ValueError):  # no lab, or no certificate
        return False
