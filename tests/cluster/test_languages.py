"""Programs in YAML and TypeScript: the examples, deployed with a model of the lab's, under the real language hosts."""

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import deployment, languages
from lab.languages import PLUGIN, SCHEMA, Program
from lab.observe import Leader, kubectl, pods
from lab.paths import REPO
from lab.stacks import SECRETS

pytestmark = pytest.mark.cluster

EXAMPLES = REPO / "examples"
PROMPT = "The quick brown fox"
LANGUAGES = ["yaml", "typescript"]


@pytest.fixture(scope="module")
def lws(lab: None) -> Iterator[None]:
    """LWS, which a stack of its own installs."""
    deployment.install_lws()
    yield
    deployment.remove_lws()


def settings(language: str) -> dict[str, Any]:
    """Those of the lab's own stack, in a namespace of its own."""
    found: dict[str, Any] = yaml.safe_load((REPO / "Pulumi.dev.yaml").read_text())["config"]["nim-stack:nim"]
    own = {"lws": {"mode": "existing"}, "name": language, "namespace": f"nim-{language}"}
    return found | own | {"storage": found["storage"] | {"retain": False}}


def program(language: str, folder: Path, wanted: dict[str, Any]) -> Program:
    """The example of a language with other settings, and with the key that the lab's hub asks for."""
    made = Program(EXAMPLES / language, folder)
    file = made.folder / ("Pulumi.yaml" if language == "yaml" else "index.ts")
    text = file.read_text().replace("ngcApiKey", "hfToken")
    if language == "yaml":
        document = yaml.safe_load(text)
        document["resources"]["chat"]["properties"]["settings"] = wanted
        file.write_text(yaml.safe_dump(document, sort_keys=False))
    else:
        literal = re.sub(r'"(\w+)": ', r"\1: ", json.dumps(wanted))
        changed, count = re.subn(r"settings: \{.*?\n    \},", f"settings: {literal},", text, flags=re.DOTALL)
        assert count == 1
        file.write_text(changed)
        languages.prepare_typescript(made.folder)
    made.pulumi("stack", "init")
    made.pulumi("config", "set", "--secret", "hfToken", stdin=SECRETS["nim-stack:hfToken"])
    return made


@pytest.fixture(scope="module", params=LANGUAGES)
def deployed(request: pytest.FixtureRequest, lws: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program of a language after `pulumi up`."""
    language = request.param
    made = program(language, tmp_path_factory.mktemp(language), settings(language))
    try:
        made.pulumi("up", "--yes", "--skip-preview")
        yield made
    finally:
        made.attempt("destroy", "--yes", "--skip-preview")
        kubectl("delete", "namespace", f"nim-{language}", "--ignore-not-found")


def outputs(made: Program) -> dict[str, Any]:
    printed = made.pulumi("stack", "output", "--json")
    found: dict[str, Any] = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    return found


def test_the_model_answers(deployed: Program) -> None:
    found = outputs(deployed)
    assert found["gpus"] == 2
    leader = Leader.of(found["endpoint"])
    assert leader.namespace == f"nim-{deployed.folder.name}"
    assert leader.chat(PROMPT).strip()


def test_the_group_is_that_of_python(deployed: Program) -> None:
    language = deployed.folder.name
    group = pods(f"nim-{language}", language)
    assert [len(pod.ranks) for pod in group] == [1, 1]


def test_unchanged_up_changes_nothing(deployed: Program) -> None:
    deployed.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")


def test_the_key_is_nowhere_in_the_state(deployed: Program) -> None:
    key = SECRETS["nim-stack:hfToken"]
    spellings = (key, base64.b64encode(key.encode()).decode())
    encrypted, shown = (deployed.pulumi("stack", "export", *more) for more in ((), ("--show-secrets",)))
    assert [one for one in spellings if one in encrypted] == []
    assert [one for one in spellings if one in shown], "the state has the key, encrypted"


def test_destroy_leaves_nothing(deployed: Program) -> None:
    deployed.pulumi("destroy", "--yes", "--skip-preview")
    left = kubectl("get", "namespaces", "-o", "name")
    assert f"namespace/nim-{deployed.folder.name}" not in left.splitlines()


@pytest.fixture(params=LANGUAGES)
def refused(request: pytest.FixtureRequest, lab: None, tmp_path: Path) -> str:
    """What a preview prints of settings that cannot work."""
    made = program(request.param, tmp_path, settings(request.param) | {"nodes": 3})
    code, printed = made.attempt("preview")
    assert code != 0
    return printed


def test_what_cannot_work_is_refused_in_the_words_of_python_without_a_traceback(refused: str) -> None:
    assert "NimStack chat: one setting cannot work; nothing was changed." in refused
    assert "NIM022 nim.tensorParallel × nim.pipelineParallel" in refused
    assert "Traceback" not in refused
    assert ".py" not in refused


def test_a_misspelt_setting_does_not_compile_in_typescript(lab: None, tmp_path: Path) -> None:
    right = program("typescript", tmp_path / "right", settings("typescript"))
    assert languages.compile_errors(right.folder) == ""
    wrong = settings("typescript")
    wrong["nodess"] = wrong.pop("nodes")
    misspelt = program("typescript", tmp_path / "wrong", wrong)
    errors = languages.compile_errors(misspelt.folder)
    assert "'nodess' does not exist in type 'StackSettingsArgs'" in errors
    assert "Did you mean to write 'nodes'?" in errors


def test_a_misspelt_setting_is_an_error_in_yaml(lab: None, tmp_path: Path) -> None:
    wrong = settings("yaml")
    wrong["nodess"] = wrong.pop("nodes")
    code, printed = program("yaml", tmp_path, wrong).attempt("preview")
    assert code != 0
    assert "nodess" in printed
    assert "Existing properties are: nodes" in printed


def test_the_engine_reads_the_committed_schema_from_the_plugin(lab: None, tmp_path: Path) -> None:
    made = Program(EXAMPLES / "yaml", tmp_path)
    shutil.rmtree(made.folder / "sdks", ignore_errors=True)
    printed = made.run("package", "get-schema", str(PLUGIN / "pulumi-resource-nim-stack"))
    schema = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    committed = json.loads(SCHEMA.read_text())
    assert schema["resources"].keys() == committed["resources"].keys()
    assert schema["types"].keys() == committed["types"].keys()
    assert "error" not in made.run("schema", "check", str(SCHEMA))
