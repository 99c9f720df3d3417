"""CLI, SDK, plugin and what the projects require fit each other."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from lab.paths import REPO
from lab.toolchain import build

PROJECTS = sorted([REPO / "Pulumi.yaml", *REPO.glob("examples/*/Pulumi.yaml")])


def required(module: str) -> dict[str, str]:
    """Module → version of a go.mod under lab/toolchain."""
    text = (build.HERE / module / "go.mod").read_text()
    return dict(re.findall(r"^(?:require)?\s+(\S+) v(\S+)", text, re.M))


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(".")]


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.parent.name)
def test_projects_require_the_cli_that_the_package_requires_as_sdk(project: Path) -> None:
    """A feature of the engine that the package needs is as old as the SDK's side of it."""
    dependencies = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["dependencies"]
    (least,) = (found[1] for one in dependencies if (found := re.match(r"pulumi>=([\d.]+),<4$", one)))
    assert yaml.safe_load(project.read_text())["requiredPulumiVersion"] == f">={least}.0"


@pytest.mark.parametrize("program", [build.PULUMI, build.LANGUAGE], ids=lambda program: program.binary)
def test_programs_say_the_version_of_their_module(program: build.Program) -> None:
    (said,) = program.version_symbols.values()
    pinned = required(program.module)
    assert f"v{pinned.get('github.com/pulumi/pulumi/pkg/v3') or pinned['github.com/pulumi/pulumi/sdk/v3']}" == said
    assert said[1:] in program.title


def test_sdk_is_no_newer_than_the_cli() -> None:
    assert numbers(version("pulumi")) <= numbers(required("pulumi")["github.com/pulumi/pulumi/pkg/v3"])


def test_plugin_says_when_its_source_was_written() -> None:
    (said,) = build.PLUGIN.version_symbols.values()
    (written,) = re.findall(r"-(\d{8})\d{6}-", required("plugin")["github.com/pulumi/pulumi-kubernetes/provider/v4"])
    assert said.endswith(f"-alpha.{written}")


def test_cli_and_plugin_take_the_same_versions_of_what_they_share() -> None:
    """Else it is compiled twice; all but Pulumi's own packages can be the same."""
    cli, plugin = required("pulumi"), required("plugin")
    other = {module for module in cli.keys() & plugin.keys() if cli[module] != plugin[module]}
    assert other <= {"github.com/pulumi/pulumi/pkg/v3", "github.com/pulumi/pulumi/sdk/v3"}
    assert len(cli.keys() & plugin.keys()) > 100
