"""The programs that make a cluster and deploy into it: the first preview shows each object whole.

Cloud packages are stand-ins (standin_cloud_packages.py).
"""

import base64
import hashlib
import json
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.operations.cluster.kubeconfig import load
from tests.components.recorder import Recording, deploy, is_secret, reveal
from tests.components.standin_cloud_packages import standing_in
from tests.unit.release_fixture import MANIFEST

EXAMPLES = Path(__file__).parents[2] / "examples"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the wire marks a value that is not known (sdk/go/common/resource/plugin/rpc.go)."""
KUBECONFIG = json.dumps(
    {
        "clusters": [{"name": "made", "cluster": {"server": "https://made.example"}}],
        "contexts": [{"name": "made", "context": {"cluster": "made"}}],
        "current-context": "made",
    }
)
NIM = {
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "registry.example/open-nim:1",
    "storage": {"storageClass": "shared", "retain": False},
}
GIVEN: dict[str, dict[str, Any]] = {
    "eks": {"vpcId": "vpc-1", "subnetIds": '["subnet-1", "subnet-2"]', "nodeRoleArn": "arn:aws:iam::1:role/nodes"},
    "gke": {"zone": "us-central1-a"},
    "aks": {"location": "eastus2"},
}
MADE: dict[str, dict[str, Any]] = {
    "eks": {"models": {"kubeconfigJson": KUBECONFIG}},
    "gke": {
        "models": {
            "name": "made",
            "endpoint": "made.example",
            "masterAuth": {"clusterCaCertificate": base64.b64encode(b"authority").decode()},
        }
    },
    "aks": {"models": {"name": "made"}},
}
CLOUDS = [pytest.param(cloud, id=f"the program for {cloud.upper()}") for cloud in GIVEN]


def declared(cloud: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((EXAMPLES / cloud / "Pulumi.yaml").read_text())
    return found


def run(cloud: str, folder: Path, **options: Any) -> Recording:
    manifest = folder / "manifests.yaml"
    manifest.write_text(MANIFEST)
    lws = {"mode": "install", "manifest": str(manifest), "sha256": hashlib.sha256(MANIFEST.encode()).hexdigest()}
    project = declared(cloud)
    defaults = {key: str(about["default"]) for key, about in project["config"].items() if "default" in about}
    config = {**defaults, **GIVEN[cloud], "nim": json.dumps({**NIM, "lws": lws})}
    with standing_in(base64.b64encode(KUBECONFIG.encode()).decode()), pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("KUBECONFIG", str(folder / "of-another-cluster"))
        return deploy(
            lambda: runpy.run_path(str(EXAMPLES / cloud / "__main__.py")),
            config={f"{project['name']}:{key}": value for key, value in config.items()},
            project=project["name"],
            **options,
        )


def objects(recording: Recording) -> dict[str, Any]:
    kinds = {name: request.type for name, request in recording.requests.items()}
    return {name: recording.inputs(name) for name, kind in kinds.items() if kind.startswith("kubernetes:")}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_first_preview_shows_what_up_makes(cloud: str, tmp_path: Path) -> None:
    first = objects(run(cloud, tmp_path, unconfigured=True))
    assert UNKNOWN not in str(first)
    assert first["nim-server-group"]["spec"]["leaderWorkerTemplate"]["size"] == 2
    assert first == objects(run(cloud, tmp_path, live=MADE[cloud]))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_first_preview_says_that_no_cluster_has_judged_it(cloud: str, tmp_path: Path) -> None:
    said = "The cluster was not asked in this preview"
    assert [line for line in run(cloud, tmp_path, unconfigured=True).log if said in line] != []
    assert [line for line in run(cloud, tmp_path, live=MADE[cloud], preview=True).log if said in line] == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_object_goes_to_the_cluster_that_the_program_makes(cloud: str, tmp_path: Path) -> None:
    recording = run(cloud, tmp_path, live=MADE[cloud])
    assert {recording.provider(name) for name in objects(recording)} == {"nim-cluster", "nim-cluster-adopting"}
    for provider in ("nim-cluster", "nim-cluster-adopting"):
        told = recording.inputs(provider)["kubeconfig"]
        assert is_secret(told)
        assert load(reveal(told), None).server == "https://made.example"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_model_comes_after_the_nodes(cloud: str, tmp_path: Path) -> None:
    assert "gpus" in run(cloud, tmp_path, live=MADE[cloud]).dependencies("nim")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_setting_is_declared_and_read_and_each_package_is_pinned(cloud: str) -> None:
    text = (EXAMPLES / cloud / "__main__.py").read_text()
    for key, about in declared(cloud)["config"].items():
        assert about["description"]
        assert f'"{key}")' in text
    pins = [
        line for line in (EXAMPLES / cloud / "requirements.txt").read_text().splitlines() if not line.startswith("#")
    ]
    assert [pin.partition("==")[0].replace("-", "_") in text for pin in pins] == [True]
