"""`nim-stack doctor --all-reduce` on the good cluster, with an API server that plays its part."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_stack.cli import clusters
from nim_stack.cli.main import main
from nim_stack.deployment.keys import Keys
from nim_stack.operations.doctor import examine
from nim_stack.plan import plan_deployment
from tests.unit.all_reduce_api import LOGS, Api, ended
from tests.unit.test_doctor import SETTINGS, Cluster


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command on the good cluster, with an API server that plays."""

    def run(api: Api, *options: str, **settings: Any) -> int:
        stack = {"config": {"nim-stack:nim": SETTINGS | settings, "nim-stack:hfToken": {"secure": "x"}}}
        (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump(stack))
        monkeypatch.setattr(clusters.Target, "reader", lambda _: api)
        plan = plan_deployment(SETTINGS | settings, keys=Keys(hub=True))
        monkeypatch.setattr(examine, "read", lambda *_, **__: Cluster().of(plan).snapshot)
        monkeypatch.setattr("secrets.token_hex", lambda _: "a")
        return main(["doctor", "-s", "prod", "-C", str(tmp_path), *options])

    return run


def test_the_command_shows_figures_and_findings(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert doctor(Api(ended(0), ended(1), logs=LOGS), "--all-reduce") == 0
    said = capsys.readouterr()
    assert "256 MiB  10.000 ms" in said.out
    assert "26.8 GB/s (256 MiB, 2 ranks on 2 nodes)" in said.out
    assert (
        "Creating Job prove/prove-all-reduce-a and a headless Service of that name: 2 pods with 1 GPUs each" in said.err
    )
    assert signal.getsignal(signal.SIGTERM) is before


def test_programs_get_the_figures_beside_the_findings(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(Api(ended(0), ended(1), logs=LOGS), "--all-reduce", "--json", fabric="tcp") == 0
    found = [entry for entry in json.loads(capsys.readouterr().out) if entry["check"] == "all-reduce"]
    assert [entry["level"] for entry in found] == ["ok", "ok"]
    assert found[-1]["measured"]["sizes"][0]["busBandwidth"] == 26.844


def test_what_could_not_be_measured_is_a_problem(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(Api(ended(0, 1), ended(1)), "--all-reduce") == 1
    assert "not measured: prove-all-reduce-a-0 ended with Error (1)" in capsys.readouterr().out


def test_without_the_option_nothing_is_made(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    api = Api()
    assert doctor(api) == 0
    assert (api.made, api.deleted) == ({}, [])
    assert doctor(api, "--size", "1Gi", "--minutes", "5") == 2
    assert "--size, --minutes: only with --all-reduce." in capsys.readouterr().err


def test_one_node_has_no_network_to_measure(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    api = Api()
    doctor(api, "--all-reduce", nodes=1)
    assert "there is no network between nodes to measure" in capsys.readouterr().out
    assert api.made == {}


@pytest.mark.parametrize("size", ["1Ki", "16Gi", "x", "0Mi"])
def test_sizes_that_cannot_be_are_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "-s", "prod", "--all-reduce", "--size", size])
    assert "use a size from 1Mi to 8Gi" in capsys.readouterr().err
