"""The tables by which commands in the documentation are checked, against the programs themselves."""

import os
import re
import subprocess

import pytest
import yaml

from lab import environment
from lab.observe import kubectl
from lab.offered import lws_manifest
from lab.toolchain import build
from tests.unit.docs.cli_table import CliTable, Flags

pytestmark = pytest.mark.cluster

PULUMI, KUBECTL = CliTable("pulumi"), CliTable("kubectl")
ALONE_OR_WITH_A_VALUE = {"--dry-run", "--cascade", "--refresh", "-r"}
"""Flags of which a page may give the value behind `=` only."""


def output(*words: str) -> str:
    return subprocess.run(
        words, env={**os.environ, **environment.environment()}, capture_output=True, text=True, check=True
    ).stdout


def of_pulumi(text: str) -> Flags:
    """`  -s, --stack string   The name …`: behind a flag is the type of its value, which may miss before `[=…]`."""
    flags = re.findall(r"^ +(?:(-\w), )?(--[\w-]+)((?: [\w:]+)?(?:\[=[^\]]*\])?)(?:  |$)", text, re.MULTILINE)
    return _sorted([(short, long, bool(kind) and "[" not in kind) for short, long, kind in flags])


def of_kubectl(text: str) -> Flags:
    """`    -f, --filename=[]:`: a truth value as default is that of a flag without a value."""
    flags = re.findall(r"^ +(?:(-\w), )?(--[\w-]+)=(.*):$", text, re.MULTILINE)
    return _sorted([(short, long, default not in ("true", "false")) for short, long, default in flags])


def _sorted(flags: list[tuple[str, str, bool]]) -> Flags:
    def named(with_value: bool) -> frozenset[str]:
        return frozenset(name for short, long, value in flags if value is with_value for name in (short, long) if name)

    return Flags(named(True), named(False))


def differences(table: Flags, real: Flags) -> frozenset[str]:
    """Flags of the table that the program has not, or has otherwise."""
    loose = Flags(real.values | ALONE_OR_WITH_A_VALUE & real.names, real.switches | ALONE_OR_WITH_A_VALUE & real.names)
    return (table.values - loose.values) | (table.switches - loose.switches)


@pytest.mark.parametrize("command", PULUMI.commands)
def test_the_pulumi_cli_has_each_flag(lab: None, command: str) -> None:
    real = of_pulumi(output("pulumi", *command.split(), "--help"))
    assert real.names
    assert differences(PULUMI.commands[command] | PULUMI.everywhere, real) == frozenset()


@pytest.mark.parametrize("command", KUBECTL.commands)
def test_kubectl_has_each_flag(lab: None, command: str) -> None:
    text = output(str(build.KUBERNETES.path), "kubectl", *command.split(), "--help")
    assert f"kubectl {command}" in text
    everywhere = of_kubectl(output(str(build.KUBERNETES.path), "kubectl", "options"))
    assert differences(KUBECTL.everywhere, everywhere) == frozenset()
    assert differences(KUBECTL.commands[command], of_kubectl(text)) == frozenset()


def test_the_cluster_or_lws_knows_each_type(lab: None) -> None:
    known = set()
    for line in kubectl("api-resources", "--no-headers").splitlines():
        name, *short, _, _, kind = line.split()
        known |= {name, kind.lower(), *",".join(short).split(",")}
    for item in yaml.safe_load_all(lws_manifest().read_text()):
        if item and item["kind"] == "CustomResourceDefinition":
            given = item["spec"]["names"]
            known |= {given["plural"], given["singular"], *given.get("shortNames", [])}
    assert {name for row in KUBECTL.data["types"] for name in row} - known == set()
