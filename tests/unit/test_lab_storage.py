"""The provisioner of the embedded cluster: whose claims it serves, and how it lets them grow."""

from pathlib import Path
from typing import Any

import pytest

from lab import storage
from lab.storage import PROVISIONER, provision
from nim_stack.base.documents import Json


class Cluster:
    """Takes the place of the API server; what is written is kept."""

    def __init__(self, *claims: Json) -> None:
        self.claims = list(claims)
        self.written: list[tuple[str, str, Json]] = []

    def call(self, method: str, path: str, body: Any = None, _content_type: str = "application/json") -> Json:
        if method == "GET":
            return {"items": self.claims if path.endswith("persistentvolumeclaims") else []}
        self.written.append((method, path, body))
        return {}

    def ensure(self, collection: str, document: Json) -> None:
        self.written.append(("POST", collection, document))


def claim(wanted: str, has: str | None, *, provisioner: str = PROVISIONER, phase: str = "Bound") -> Json:
    spec: Json = {"accessModes": ["ReadWriteMany"], "storageClassName": "any", "resources": {"requests": {}}}
    spec["resources"]["requests"]["storage"] = wanted
    status: Json = {"phase": phase if has else "Pending"}
    if has:
        spec["volumeName"] = "pvc-1"
        status["capacity"] = {"storage": has}
    annotations = {"volume.kubernetes.io/storage-provisioner": provisioner}
    metadata = {"namespace": "nim", "name": "cache", "uid": "1", "annotations": annotations}
    return {"metadata": metadata, "spec": spec, "status": status}


@pytest.fixture(autouse=True)
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(storage, "EXPORT", tmp_path)
    return tmp_path


def run(cluster: Cluster) -> list[tuple[str, str, Json]]:
    provision(cluster)  # type: ignore[arg-type]
    return cluster.written


def test_a_waiting_claim_gets_a_volume_of_its_class_and_size(export: Path) -> None:
    ((_, path, made),) = run(Cluster(claim("3Gi", None)))
    assert path == "/api/v1/persistentvolumes"
    assert made["spec"]["storageClassName"] == "any"
    assert made["spec"]["capacity"] == {"storage": "3Gi"}
    assert (export / "pvc-1").is_dir()


def test_a_claim_that_grew_gets_its_volume_first_and_then_its_status() -> None:
    written = run(Cluster(claim("2Gi", "1Gi")))
    assert [(method, path) for method, path, _ in written] == [
        ("PATCH", "/api/v1/persistentvolumes/pvc-1"),
        ("PATCH", "/api/v1/namespaces/nim/persistentvolumeclaims/cache/status"),
    ]
    assert written[0][2] == {"spec": {"capacity": {"storage": "2Gi"}}}
    assert written[1][2]["status"]["capacity"] == {"storage": "2Gi"}


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(claim("2Gi", "2Gi"), id="a claim of its size"),
        pytest.param(claim("2Gi", "1Gi", provisioner="other.example/nfs"), id="a larger claim of another provisioner"),
        pytest.param(claim("2Gi", None, provisioner="other.example/nfs"), id="a new claim of another provisioner"),
        pytest.param(claim("2Gi", "1Gi", phase="Lost"), id="a claim that is lost"),
    ],
)
def test_what_has_its_size_or_is_somebody_elses_is_left_alone(left: Json) -> None:
    assert run(Cluster(left)) == []
