"""Which API server, and as whom: kubeconfig files read and merged as kubectl does it, else the pod's service account.

The rules are those of client-go (k8s.io/client-go v0.36.2, tools/clientcmd): of several files in KUBECONFIG the first
that names something counts, a file that is not there is passed over, and a relative path belongs to its own file.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from nim_stack.operations.cluster.errors import KubeconfigError

Section = Mapping[str, Any]
_KINDS: Final = {"clusters": "cluster", "users": "user", "contexts": "context"}
_PATHS: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_CONTENT: Final = "the given kubeconfig"
"""What messages call a kubeconfig that was given as content, which may hold credentials."""
_SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True)
class Access:
    """One context: the sections of its cluster and its user, with absolute paths."""

    server: str
    cluster: Section
    user: Section
    """Empty when the context names no user: requests are then without credentials."""


def load(kubeconfig: str | None, context: str | None) -> Access:
    """The context of that name, else the current one, of the kubeconfig, else of KUBECONFIG or of ~/.kube/config; where
    there is none of these, the service account of the pod that this runs in.

    Args:
        kubeconfig: path of a file, or its content, as pulumi-kubernetes takes either. Content has several lines or is
            a JSON object.
        context: name of a context; None is the current one.

    Raises:
        KubeconfigError: there is no such file or context, or it cannot be used.
    """
    if kubeconfig is not None and ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{")):
        here = Path.cwd() / _CONTENT  # relative paths in it belong to the working directory, as for client-go
        return _chosen(_merged([(here, _parsed(kubeconfig, _CONTENT))]), _CONTENT, context)
    files = _files(kubeconfig)
    if not files:
        return _service_account(context)
    return _chosen(_merged((file, _read(file)) for file in files), " and ".join(map(str, files)), context)


def _chosen(found: Mapping[str, Any], where: str, context: str | None) -> Access:
    name = context or found["current-context"]
    if not name:
        raise KubeconfigError(f"{where} has no current context: it has {_names(found['contexts'])}")
    if name not in found["contexts"]:
        raise KubeconfigError(f"there is no context {name!r} in {where}: it has {_names(found['contexts'])}")
    chosen = found["contexts"][name]
    cluster, user = chosen.get("cluster"), chosen.get("user")
    if cluster not in found["clusters"]:
        known = _names(found["clusters"])
        raise KubeconfigError(f"context {name!r} names the cluster {cluster!r}: {where} has {known}")
    if user and user not in found["users"]:
        raise KubeconfigError(f"context {name!r} names the user {user!r}: {where} has {_names(found['users'])}")
    server = str(found["clusters"][cluster].get("server") or "").rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise KubeconfigError(f"the server of cluster {cluster!r} is {server!r}, and no http or https URL")
    return Access(server, found["clusters"][cluster], found["users"][user] if user else {})


def _files(path: str | None) -> list[Path]:
    if path is not None:
        return [Path(path).expanduser()]
    named = [Path(part).expanduser() for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    if named:
        there = [file for file in dict.fromkeys(named) if file.exists()]
        if not there:
            raise KubeconfigError(f"KUBECONFIG names {', '.join(map(str, named))}, which is not there")
        return there
    usual = Path("~/.kube/config").expanduser()
    return [usual] if usual.exists() or not _in_cluster() else []


def _read(file: Path) -> Section:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as trouble:
        raise KubeconfigError(f"{file}: {trouble.strerror}") from trouble
    except UnicodeDecodeError as trouble:
        raise KubeconfigError(f"{file} is not YAML: {' '.join(str(trouble).split())[:200]}") from trouble
    return _parsed(text, str(file))


def _parsed(text: str, where: str) -> Section:
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as trouble:
        # What a parser says of content quotes it, and with it a token.
        why = type(trouble).__name__ if where == _CONTENT else " ".join(str(trouble).split())[:200]
        raise KubeconfigError(f"{where} is not YAML: {why}") from (None if where == _CONTENT else trouble)
    if found is None:
        raise KubeconfigError(f"{where} is empty")
    if not isinstance(found, Mapping):
        raise KubeconfigError(f"{where} is not a mapping with clusters, users and contexts")
    return found


def _merged(documents: Iterable[tuple[Path, Section]]) -> dict[str, Any]:
    merged: dict[str, Any] = {"current-context": "", **{kind: {} for kind in _KINDS}}
    for file, document in documents:
        merged["current-context"] = merged["current-context"] or str(document.get("current-context") or "")
        for kind, key in _KINDS.items():
            entries = document.get(kind) or []
            if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
                raise KubeconfigError(f"{kind} of {file} is not a list of entries with a name and a {key}")
            for entry in entries:
                section = entry.get(key) or {}
                if not isinstance(section, Mapping):
                    raise KubeconfigError(f"{kind}.{entry.get('name')}.{key} of {file} is not a mapping")
                merged[kind].setdefault(entry.get("name"), _absolute(section, file.absolute().parent))
    return merged


def _absolute(section: Section, folder: Path) -> Section:
    found = dict(section)
    for key in _PATHS:
        if found.get(key):
            found[key] = str(folder / str(found[key]))
    plugin = found.get("exec")
    if isinstance(plugin, Mapping) and os.sep in str(plugin.get("command") or ""):
        found["exec"] = {**plugin, "command": str(folder / str(plugin["command"]))}
    return found


def _names(entries: Mapping[Any, Any]) -> str:
    return ", ".join(map(str, entries)) or "none"


def _in_cluster() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ and (_SERVICE_ACCOUNT / "token").exists()


def _service_account(context: str | None) -> Access:
    if context is not None:
        raise KubeconfigError(f"there is no kubeconfig here, and so no context {context!r}")
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    cluster = {"server": server, "certificate-authority": str(_SERVICE_ACCOUNT / "ca.crt")}
    return Access(server, cluster, {"tokenFile": str(_SERVICE_ACCOUNT / "token")})
