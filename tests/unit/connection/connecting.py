"""How the tests of this folder connect, and what they write into kubeconfigs."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from nim_stack.operations.cluster.errors import ClusterUnreachableError
from nim_stack.operations.cluster.reader import Reader, connect
from nim_stack.settings import Cluster
from tests.unit.fake_cluster import Authority

VERSION = "v1.35.4"
"""What the stand-in for the API server says that it is."""


def reader(folder: Path, *documents: Any, context: str | None = None) -> Reader:
    """Of these files, as KUBECONFIG names them; text is written as it is."""
    files = []
    for position, document in enumerate(documents):
        file = folder / f"config-{position}"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        files.append(str(file))
    os.environ["KUBECONFIG"] = os.pathsep.join(files)
    try:
        return connect(Cluster(context=context))
    finally:
        del os.environ["KUBECONFIG"]


def refusal(folder: Path, *documents: Any, context: str | None = None) -> ClusterUnreachableError:
    with pytest.raises(ClusterUnreachableError) as found:
        reader(folder, *documents, context=context).clock()
    return found.value


def data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def trusting(authority: Authority) -> dict[str, Any]:
    """What a cluster's section says of its authority."""
    return {"certificate_authority": str(authority.certificate)}


def asks(command: str, version: str = "v1", **more: Any) -> dict[str, Any]:
    """A user with a credential plugin."""
    given = {"command": command, "apiVersion": f"client.authentication.k8s.io/{version}", "interactiveMode": "Never"}
    return {"exec": given | more}
