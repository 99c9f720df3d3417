"""`nim-stack render`: what it prints, and what it says is missing."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from nim_stack.cli.main import main
from nim_stack.deployment.keys import EVERY_KEY, Keys
from nim_stack.manifests.render import made_secrets
from tests.examples import STACKS, Example

ROOT = Path(__file__).parents[2]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["render", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def kinds(text: str) -> list[str]:
    return [document["kind"] for document in yaml.safe_load_all(text)]


def test_a_stack_is_printed_as_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "-s", "prod", "-C", str(ROOT))
    assert (code, err) == (0, "")
    assert kinds(out) == ["Namespace", "PersistentVolumeClaim", "Service", "LeaderWorkerSet"]
    assert not out.startswith("#")


def test_what_is_not_printed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "-s", "dev", "-C", str(ROOT))
    assert out.startswith("# Not here, because it has a file of its own: the LWS release, http")
    _, out, _ = run(capsys, "-s", "download-job", "-C", str(STACKS), "--assume", "ngcApiKey", "--assume", "hfToken")
    assert out.startswith(
        "# Not here, because made from keys: the Secrets kimi-k2-ngc-api, kimi-k2-ngc-pull, kimi-k2-hf"
    )


def test_warnings_go_beside_the_objects(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "-s", "dev", "-C", str(ROOT))
    assert code == 0
    assert re.match(r"warning: (\S*/)?Pulumi\.dev\.yaml:\d+:\d+: NIM030 nim\.tensorParallel = 2", err)
    assert "LeaderWorkerSet" in kinds(out)


def test_a_stack_that_lacks_its_key_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "-s", "production", "-C", str(STACKS))
    assert (code, out) == (1, "")
    assert "NIM070 ngcApiKey" in err


def test_secrets_that_exist_are_not_made() -> None:
    plan = Example("405b-model-free").plan
    assert made_secrets(replace(plan, keys=EVERY_KEY)) == []
    plan = Example("air-gapped").plan
    assert made_secrets(replace(plan, keys=Keys(ngc=True))) == ["deepseek-r1-ngc-api"]
