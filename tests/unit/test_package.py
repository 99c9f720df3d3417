"""The package: light to import, complete in a wheel, and without a word about where it is tested."""

import ast
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import nim_stack
from nim_stack.catalog.load import CatalogError, load_catalog

ROOT = Path(__file__).parents[2]


def run(code: str, *, path: Path = ROOT) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "module", ["nim_stack.plan", "nim_stack.manifests.leader_worker_set", "nim_stack.lws.download"]
)
def test_the_pure_part_starts_without_pulumi(module: str) -> None:
    assert run(f"import sys, {module}; print([m for m in sys.modules if m.startswith(('pulumi', 'grpc'))])") == "[]"


def test_a_command_without_a_cluster_starts_without_its_client() -> None:
    """httpx2 takes 0.2 s, as much as all else that `nim-stack plan` imports."""
    code = "import sys; from nim_stack.cli.main import main; sys.argv = ['nim-stack']; {}; print({})"
    plan = "main(['plan', '--model', 'llama-3.3-70b-instruct', '--gpu', 'h100', '--nodes', '1', '--json'])"
    heavy = "[name for name in sys.modules if name.split('.')[0] in ('httpx2', 'httpcore2', 'lightkube')]"
    assert run(code.format(plan, heavy)).splitlines()[-1] == "[]"


def test_every_public_name_can_be_imported() -> None:
    assert run("import nim_stack; print(all(getattr(nim_stack, name) for name in nim_stack.__all__))") == "True"


def test_type_checkers_know_the_same_public_names() -> None:
    tree = ast.parse((ROOT / "nim_stack" / "__init__.py").read_text())
    imported = {
        (node.module, alias.name)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == {(module, name) for module, names in nim_stack._HOMES.items() for name in names}


def test_components_do_not_postpone_annotations() -> None:
    """It breaks the analysis that other languages' packages are made from."""
    files = list((ROOT / "nim_stack" / "components").rglob("*.py"))
    assert [file.name for file in files if "from __future__ import annotations" in file.read_text()] == []


def test_the_library_knows_nothing_of_the_embedded_cluster() -> None:
    words = [
        f"{file.name}: {word}"
        for file in (ROOT / "nim_stack").rglob("*.py")
        for word in file.read_text().lower().replace("_", " ").split()
        if word.strip("\"'`.,:;()[]{}/") in ("lab", "labs", "stand-in", "standin")
    ]
    assert words == []


def test_the_program_is_short() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 30


def test_a_wheel_in_an_empty_environment_has_licence_catalogue_schema_and_rules(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"nim_stack-{nim_stack.__version__}-py3-none-any.whl"
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    (licence,) = target.glob("*.dist-info/licenses/LICENSE")
    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes()
    code = "import nim_stack.catalog.load as c; print(c.__file__, sorted(c.load_catalog().models))"
    location, models = run(code, path=target).split(" ", 1)
    assert Path(location).is_relative_to(target)
    assert models == str(sorted(load_catalog().models))
    schema = (ROOT / "schema" / "pulumi-stack.schema.json").read_text()
    assert (target / "nim_stack" / "_schema" / "pulumi-stack.schema.json").read_text() == schema
    command = "from nim_stack.cli.main import main; main({!r})"
    assert run(command.format(["settings", "--json-schema"]), path=target) == schema.strip()
    assert "NIM042" in run(command.format(["rules", "NIM042"]), path=target)
    new = ["init", str(tmp_path / "new"), "--model", "qwen3-235b-a22b", "--nodes", "2", "--claim", "weights"]
    assert "next" in run(command.format(new), path=target)
    workflow = (ROOT / "nim_stack" / "cli" / "starting" / "workflow.yml").read_text()
    assert (tmp_path / "new" / ".github" / "workflows" / "nim-stack.yml").read_text() == workflow


def test_both_packages_have_one_version_one_licence_and_one_oldest_python() -> None:
    files = (ROOT / "pyproject.toml", ROOT / "container" / "pyproject.toml")
    ours, theirs = (tomllib.loads(file.read_text())["project"] for file in files)
    assert theirs["version"] == nim_stack.__version__
    for key in ("license", "license-files", "authors", "requires-python"):
        assert ours[key] == theirs[key]
    assert (ROOT / "container" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_every_entry_of_the_catalogue_names_its_sources() -> None:
    catalog = load_catalog()
    assert all(model.sources for model in catalog.models.values())
    assert all(gpu.sources for gpu in catalog.gpus.values())
    assert {path.stem for path in (ROOT / "config" / "models").glob("*.yaml")} == catalog.models.keys()


def test_a_broken_file_of_the_catalogue_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "x.yaml").write_text("name: x\n")
    with pytest.raises(CatalogError, match=r"(?s)models/x.yaml: .*servedName"):
        load_catalog(tmp_path)
