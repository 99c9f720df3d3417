"""The runs that were recorded from plugin 4.34.2, again with the plugin in use: same steps, same state."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import environment
from lab.observe import get, kubectl
from lab.plugin import refuses_taken_names
from tests.engine.conftest import Engine

pytestmark = pytest.mark.cluster

FOLDER = Path(__file__).with_name("recorded")
RECORDED = json.loads((FOLDER / "state.json").read_text())["runs"]
OWNERS = yaml.safe_load((FOLDER / "differences.yaml").read_text())["owners"]
"""Run → resource → who owns its fields, where the lab's build differs."""
SECRET = "4dabf18193072939515e22adb298388d"
VOLATILE = {"uid", "resourceVersion", "creationTimestamp", "time", "clusterIP", "clusterIPs", "__fieldManager"}


def comparable(value: Any, key: str = "") -> Any:
    """Replace what differs from cluster to cluster, and decrypt the marks of secrets."""
    if isinstance(value, dict) and SECRET in value:
        return {"secret": comparable(value["value"] if "value" in value else json.loads(value["plaintext"]))}
    if isinstance(value, dict):
        return {k: "…" if k in VOLATILE else comparable(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if key == "manager" or key == "name":
        return re.sub(r"-[0-9a-f]{8}$", "-########", value)
    return value


def owners(outputs: dict[str, Any]) -> list[str]:
    """Who has which fields of the object, and by which operation."""
    return [f"{one['manager']} {one['operation']}" for one in outputs["metadata"].get("managedFields", [])]


def assert_state_is_recorded(engine: Engine, run: str) -> None:
    """The whole state, field owners included; of those that differ as listed, who they are."""
    state = engine.state()
    differing = {} if environment.installed_plugin() else OWNERS[run]
    for name, properties in RECORDED[run].items():
        if properties is None:
            assert name not in state
            continue
        found, was = comparable(state[name]["outputs"]), comparable(properties)
        if name in differing:
            assert {"recorded": owners(was), "built": owners(found)} == differing[name], name
            found["metadata"].pop("managedFields", None)
            was["metadata"].pop("managedFields", None)
        assert found == was, name


def test_01_preview_shows_all_and_creates_nothing(engine: Engine) -> None:
    ops = engine.preview(STEP="create")
    assert set(ops.values()) == {"create"}
    assert len(ops) == 8
    assert not [n for n in get("namespaces")["items"] if n["metadata"]["name"] == "fx"]


def test_02_up_keeps_the_recorded_state(engine: Engine) -> None:
    assert "Skipping await logic" in engine.up(STEP="create")
    assert_state_is_recorded(engine, "02-up-create")


def test_03_unchanged(engine: Engine) -> None:
    engine.unchanged(STEP="create")


def test_04_preview_of_a_changed_service_port_fails(engine: Engine) -> None:
    """Its creator owns the old port until the first update, and a dry run gives nobody's fields away."""
    if not refuses_taken_names():
        pytest.skip("the plugin in use creates by server-side apply, so that the port is its own from the beginning")
    text = engine.run("preview", fails=True, STEP="change")
    assert (
        'the Kubernetes API server reported that "fx/leader" failed to fully initialize or become live: '
        'Service "leader" is invalid: spec.ports[1].name: Duplicate value: "http"'
    ) in text


def test_05_up_works_nevertheless_and_replaces_what_cannot_change(engine: Engine) -> None:
    text = engine.up(STEP="change")
    assert re.search(r"~ 1 updated\s+\+-4 replaced", text)
    order = [re.search(rf"{name} {what}", text) for name, what in (
        ("secret-fixed-name", "deleted original"), ("secret-fixed-name", "created replacement"),
        ("configmap-autonamed", "created replacement"), ("configmap-autonamed", "deleted original"),
    )]  # fmt: skip
    starts = [match.start() for match in order if match]
    assert starts[0] < starts[1]
    assert starts[2] < starts[3]
    assert_state_is_recorded(engine, "05-up-change")
    engine.unchanged(STEP="change")


def test_06_refresh_finds_an_edit_and_a_deletion(engine: Engine) -> None:
    edit = [{"op": "replace", "path": "/spec/ports/0/port", "value": 9999}]
    kubectl("-n", "fx", "patch", "service", "leader", "--type=json", "-p", json.dumps(edit))
    kubectl("-n", "fx", "delete", "secret", "ngc-api")
    text = engine.run("refresh", "--yes", "--skip-preview", STEP="change")
    assert re.search(r"~ 1 updated\s+- 1 deleted", text)
    assert_state_is_recorded(engine, "06-refresh")


def test_07_up_repairs_both(engine: Engine) -> None:
    assert re.search(r"\+ 1 created\s+~ 1 updated", engine.up(STEP="change"))
    assert_state_is_recorded(engine, "07-up-repair")


def test_07b_growing_an_unbound_claim_is_refused_at_preview(engine: Engine) -> None:
    text = engine.run("preview", fails=True, STEP="grow")
    assert 'PersistentVolumeClaim "grow" is invalid: spec: Forbidden: spec is immutable after creation' in text


def test_08_destroy_waits_until_all_is_gone(engine: Engine) -> None:
    assert "- 8 deleted" in engine.run("destroy", "--yes", "--skip-preview")
    assert not [n for n in get("namespaces")["items"] if n["metadata"]["name"] == "fx"]
