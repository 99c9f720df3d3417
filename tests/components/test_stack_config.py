"""The stack file: read in one place, refused as a whole."""

import asyncio
import json
from pathlib import Path
from typing import Any, Literal

import pulumi
import pytest
import yaml

from nim_stack.components.stack_config import read_stack_config
from nim_stack.plan import plan_deployment
from tests.components.recorder import deploy, known
from tests.unit.rule_cases_file import ENCRYPTED_SETTINGS, KEY_IN_CLEAR

NIM: dict[str, Any] = {
    "model": "hf://org/tiny",
    "nodes": 2,
    "gpusPerNode": 1,
    "name": "tiny",
    "image": "registry.example/open-nim:1",
    "storage": {"storageClass": "shared"},
}


def read(nim: Any, *, secret: dict[str, str] | None = None, clear: dict[str, str] | None = None) -> Any:
    found: list[Any] = []
    keys = {f"nim-stack:{key}": value for key, value in {**(secret or {}), **(clear or {})}.items()}
    text = nim if isinstance(nim, str) else json.dumps(nim)
    deploy(
        lambda: found.append(read_stack_config()),
        config={"nim-stack:nim": text, **keys},
        secret_keys=tuple(f"nim-stack:{key}" for key in secret or {}),
    )
    return found[0]


def problems(refused: pytest.ExceptionInfo[pulumi.RunError]) -> list[str]:
    """The lines between the one that names the file and the one that names the documentation."""
    return str(refused.value).splitlines()[1:-1]


def test_arguments_of_the_stack() -> None:
    args = read(NIM)
    assert args == {"settings": NIM, "plan": plan_deployment(NIM)}
    assert args["plan"].settings.name == "tiny"


def test_keys_arrive_as_secrets() -> None:
    secrets: list[Any] = []

    def program() -> None:
        args = read_stack_config()
        keys: tuple[Literal["ngc_api_key", "hf_token"], ...] = ("ngc_api_key", "hf_token")
        for key in keys:
            output = pulumi.Output.from_input(args[key])
            known(pulumi.Output.from_input(asyncio.ensure_future(output.is_secret())), secrets)

    keys = {"nim-stack:ngcApiKey": "nvapi-x", "nim-stack:hfToken": "hf_x"}
    deploy(program, config={"nim-stack:nim": json.dumps(NIM), **keys}, secret_keys=tuple(keys))
    assert secrets == [True, True]


def test_the_refusal_names_the_stack_file_and_has_every_problem() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        read(NIM | {"nodes": 0, "storage": {}}, clear={"ngcApiKey": "nvapi-x"})
    head, *_, foot = str(refused.value).splitlines()
    assert head == "Pulumi.test.yaml: 3 settings cannot work; nothing was changed."
    assert [problem.split(":")[0].split(" = ")[0] for problem in problems(refused)] == [
        "  - NIM004 ngcApiKey",
        "  - NIM003 nim.nodes",
        "  - NIM060 nim.storage",
    ]
    assert foot == "`nim-stack rules NIM003 NIM004 NIM060` prints the cause and the cure of each code."


def test_a_key_in_clear_is_refused_and_not_repeated() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        read(KEY_IN_CLEAR.settings, clear={"hfToken": "hf_in_clear"})
    assert problems(refused) == [f"  - {KEY_IN_CLEAR.code} {KEY_IN_CLEAR.message}"]
    assert "hf_in_clear" not in str(refused.value)


def test_encrypted_settings_are_refused() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        read(NIM, secret={"nim": json.dumps(ENCRYPTED_SETTINGS.settings)})
    assert problems(refused) == [f"  - {ENCRYPTED_SETTINGS.code} {ENCRYPTED_SETTINGS.message}"]


@pytest.mark.parametrize("nim", ["text", "[1]", "3"])
def test_settings_that_are_no_mapping(nim: str) -> None:
    with pytest.raises(pulumi.RunError, match="three suffice: model, nodes"):
        read(nim)


def test_an_empty_stack_file_says_what_is_needed() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"nim.model: it is required.*\n.*nim.nodes: it is required.*\n.*nim.storage"
    ):
        read({})


def test_a_refusal_has_the_lines_of_the_stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _project(tmp_path, monkeypatch, NIM | {"nodes": 0})
    with pytest.raises(pulumi.RunError) as refused:
        read(NIM | {"nodes": 0})
    assert problems(refused)[0].startswith("  - Pulumi.test.yaml:4:5: NIM003 nim.nodes = 0")


def test_settings_of_another_source_have_no_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `--config-file`: the file of the stack is there, and says something else."""
    _project(tmp_path, monkeypatch, NIM)
    with pytest.raises(pulumi.RunError) as refused:
        read(NIM | {"nodes": 0})
    assert problems(refused)[0].startswith("  - NIM003 nim.nodes = 0")


def _project(folder: Path, monkeypatch: pytest.MonkeyPatch, nim: dict[str, Any]) -> None:
    (folder / "Pulumi.yaml").write_text("name: nim-stack\nruntime: python\n")
    (folder / "Pulumi.test.yaml").write_text(yaml.safe_dump({"config": {"nim-stack:nim": nim}}, sort_keys=False))
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PWD", raising=False)
