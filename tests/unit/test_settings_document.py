"""What is written from the settings: the page, and the schema for editors."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from nim_stack.cli.main import main
from nim_stack.deployment.keys import Keys
from nim_stack.plan import plan_deployment
from nim_stack.settings import StackSettings
from nim_stack.settings import json_schema as schema
from nim_stack.settings import page as document
from nim_stack.values.kubernetes.schema import definitions
from tests.examples import NAMES, STACKS, Example
from tests.json_schema import complaints
from tests.unit.strategies import likely, sound

ROOT = Path(__file__).parents[2]
SCHEMA = schema.stack_file_schema()
SMALL: dict[str, Any] = {"model": "a", "nodes": 2, "storage": {"storageClass": "a"}}


def found(settings: Any, **others: Any) -> list[str]:
    """What an editor would mark in a stack file with these settings."""
    return list(complaints({"config": {"nim-stack:nim": settings, **others}}, SCHEMA, SCHEMA))


def test_the_page_is_that_of_the_settings(
    written_file: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    written_file("docs/settings.md", document.page())
    main(["settings", "--markdown"])
    assert capsys.readouterr().out == document.page()


def test_the_schema_is_that_of_the_settings(
    written_file: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    written_file(schema.FILE, schema.text())
    main(["settings", "--json-schema"])
    assert capsys.readouterr().out == schema.text()


def test_the_page_has_every_setting_once_and_describes_it() -> None:
    rows = [row for section in document.sections() for row in section.rows]
    assert len({row.path for row in rows}) == len(rows)
    assert [row.path for row in rows if not row.description or not row.kind] == []
    tops = {row.path.split(".")[0].removesuffix("[]") for row in rows}
    assert tops == {info.alias for info in StackSettings.model_fields.values()}


def test_the_description_of_a_mapping_names_all_that_it_has() -> None:
    """It is what a refusal of the mapping says; `another place` stands for the six kinds of storage."""
    short = [
        f"{path}: {description}"
        for path, description, fields in _mappings(schema.settings_schema())
        if re.match("Mapping with (?!fields of)", description) and "another place" not in description
        if not fields <= set(re.findall(r"[A-Za-z]\w*", description))
    ]
    assert short == []


def _mappings(whole: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """Path, description and fields of each setting that is a mapping of settings."""
    for owner, definition in {"": whole, **whole["$defs"]}.items():
        for option in definition.get("anyOf", [definition]):
            for name, value in option.get("properties", {}).items():
                for form in (value, *value.get("anyOf", [])):
                    target = whole["$defs"].get(str(form.get("$ref", "")).rpartition("/")[2], {})
                    if target.get("properties"):
                        yield f"{owner}.{name}", value.get("description", ""), set(target["properties"])


def test_the_example_of_the_page_is_planned() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", document.page(), re.DOTALL)
    settings = yaml.safe_load(shown)["config"]["nim-stack:nim"]
    assert settings.keys() == {"model", "nodes", "storage"}
    assert plan_deployment(settings, keys=Keys(ngc=True)).nodes == 2
    assert found(settings) == []


def test_the_settings_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    assert re.search(r"^pods.leader.resources +mapping as resources", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("path", [*ROOT.glob("Pulumi.*.yaml"), *STACKS.glob("*.yaml")], ids=lambda path: path.name)
def test_a_stack_file_of_this_repository_is_valid(path: Path) -> None:
    assert list(complaints(yaml.safe_load(path.read_text()), SCHEMA, SCHEMA)) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_example_tells_editors_where_the_schema_is(name: str) -> None:
    (said,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", Example(name).text, re.MULTILINE)
    assert (STACKS / said).resolve() == ROOT / schema.FILE


@given(sound() | likely())
def test_whatever_the_program_reads_is_valid(settings: dict[str, Any]) -> None:
    StackSettings.model_validate(settings)
    assert found(settings) == []


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(SMALL | {"lws": "existing"}, id="a mode as a word"),
        pytest.param(SMALL | {"lws": {"mode": "install", "sha256": "0" * 64}}, id="a mode with its settings"),
        pytest.param(
            SMALL | {"secrets": {"ngcApiSecret": "ngc", "hfTokenSecret": {"name": "hf", "key": "token"}}},
            id="a Secret as a name and with its key",
        ),
        pytest.param(SMALL | {"nodes": None, "precision": None, "ingress": None}, id="null"),
        pytest.param(
            SMALL
            | {"pods": {"tolerations": [{"key": "a", "operator": "Exists"}], "patch": {"spec": {"$patch": "replace"}}}},
            id="Kubernetes in a list and in a patch",
        ),
        pytest.param(
            SMALL | {"networkPolicy": {"egress": [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": "https"}]}]}},
            id="ports by number and by name",
        ),
    ],
)
def test_short_and_long_forms_are_valid(settings: dict[str, Any]) -> None:
    StackSettings.model_validate(settings)
    assert found(settings) == []


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param({"nodez": 2}, "/config/nim-stack:nim: 'nodez' is not known", id="a misspelled setting"),
        pytest.param(
            {"max_model_len": 2},
            "/config/nim-stack:nim: 'max_model_len' is not known",
            id="a setting in the spelling of Python",
        ),
        pytest.param({"nodes": 0}, "/config/nim-stack:nim/nodes: 0 against minimum 1", id="a number below its range"),
        pytest.param(
            {"nodes": "two"},
            "/config/nim-stack:nim/nodes: 'two' is not integer or null",
            id="text in place of a number",
        ),
        pytest.param(
            {"ports": {"ray": 70000}},
            "/config/nim-stack:nim/ports/ray: 70000 against maximum 65535",
            id="a port above its range",
        ),
        pytest.param(
            {"lws": "no"}, "/config/nim-stack:nim/lws: 'no' has none of the forms", id="a mode that does not exist"
        ),
        pytest.param(
            {"precision": "fp4"},
            "/config/nim-stack:nim/precision: 'fp4' has none of the forms",
            id="a precision that does not exist",
        ),
        pytest.param(
            {"pods": {"labels": {"-": "a"}}},
            "/config/nim-stack:nim/pods/labels: '-' is not known",
            id="a label key of no valid form",
        ),
        pytest.param(
            {"pods": {"tolerations": [{"keys": "a"}]}},
            "/config/nim-stack:nim/pods/tolerations/0: 'keys' is not known",
            id="a misspelled field of Kubernetes",
        ),
        pytest.param(
            {"pods": {"volumeMounts": [{"name": "a"}]}},
            "/config/nim-stack:nim/pods/volumeMounts/0: {'name': 'a'} against required ['mountPath', 'name']",
            id="a missing field of Kubernetes",
        ),
        pytest.param(
            {"storage": {"nfs": {"server": "a"}}},
            "/config/nim-stack:nim/storage/nfs: {'server': 'a'} has none of the forms",
            id="a missing field of a setting",
        ),
        pytest.param(
            {"passthroughArgs": "--x"},
            "/config/nim-stack:nim/passthroughArgs: '--x' is not array",
            id="text in place of a list",
        ),
    ],
)
def test_what_the_program_refuses_by_its_form_is_marked(change: dict[str, Any], text: str) -> None:
    assert found(SMALL | change) == [text]
    if "max_model_len" not in change:  # The library takes the fields' Python names too; a stack file is in camelCase.
        with pytest.raises(ValueError, match="validation error"):
            StackSettings.model_validate(SMALL | change)


def test_keys_are_encrypted_and_other_configuration_is_let_through() -> None:
    assert found(SMALL, **{"nim-stack:ngcApiKey": {"secure": "AAAB"}, "aws:region": "us-east-1", "other:x": [1]}) == []
    assert found(SMALL, **{"nim-stack:hfToken": "hf_clear"}) == [
        "/config/nim-stack:hfToken: 'hf_clear' is not object",
    ]


@pytest.mark.parametrize(
    "key", [pytest.param("team-llm:nim", id="of another project"), pytest.param("nim", id="without its project")]
)
def test_the_settings_of_any_project_are_marked(key: str) -> None:
    mistaken = {"config": {key: SMALL | {"nodez": 2}}, "encryptionsalt": "v1:x"}
    assert list(complaints(mistaken, SCHEMA, SCHEMA)) == [f"/config/{key}: 'nodez' is not known"]


def test_a_stack_file_whose_settings_come_from_elsewhere_is_no_mistake() -> None:
    assert list(complaints({"environment": ["team/dev"]}, SCHEMA, SCHEMA)) == []


def test_a_patch_may_leave_out_and_take_away() -> None:
    found_ = definitions("core_v1.PodTemplateSpec", required=False)
    root = {"$defs": found_, "$ref": "#/$defs/core_v1.PodTemplateSpec.patch"}
    patch = {"spec": {"hostIPC": True, "nodeName": None, "containers": [{"$patch": "delete", "name": "a"}]}}
    assert list(complaints(patch, root, root)) == []
    assert list(complaints({"spec": {"hostIpc": True}}, root, root)) != []


def test_every_reference_has_its_definition() -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"].removeprefix("#/$defs/")
            for item in value.values():
                yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    used = set(references(json.loads(schema.text())))
    assert used == SCHEMA["$defs"].keys()
