"""The plugin as a process, as the engine starts it: its port first, then answers."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime.proto import GetSchemaRequest, provider_pb2_grpc

import nim_stack
from nim_stack.components.languages.package_schema import PACKAGE, package_schema

ROOT = Path(__file__).parents[2]
EXECUTABLE = ROOT / "plugin" / "pulumi-resource-nim-stack"
NOBODY = "127.0.0.1:1"
"""In place of the engine's address: nothing is asked of the engine before a component is made."""


def start(*words: str) -> "subprocess.Popen[str]":
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [EXECUTABLE, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def plugin() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    process = start(NOBODY)
    assert process.stdout
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    process.terminate()
    process.communicate(timeout=30)


def test_it_has_the_version_of_the_library(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert plugin.GetPluginInfo(empty_pb2.Empty(), timeout=30).version == nim_stack.__version__


def test_it_answers_with_the_schema(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert json.loads(plugin.GetSchema(GetSchemaRequest(), timeout=30).schema) == package_schema()


def test_a_person_who_starts_it_is_told_what_it_is() -> None:
    process = start()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the command is nim-stack" in said
    assert "Traceback" not in said


def test_the_wheel_brings_the_executable_under_the_name_that_pulumi_looks_for() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts[f"pulumi-resource-{PACKAGE}"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_the_package_of_source_has_the_name_of_the_package_and_a_main_of_its_own() -> None:
    package = yaml.safe_load((ROOT / "plugin" / "PulumiPlugin.yaml").read_text())
    assert package["name"] == PACKAGE
    assert package["runtime"]["name"] == "python"
    assert (ROOT / "plugin" / "__main__.py").exists()
    assert (ROOT / "plugin" / "requirements.txt").read_text().splitlines()[-1] == ".."
