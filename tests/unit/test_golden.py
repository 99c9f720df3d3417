"""The manifests as a whole, byte by byte, as files that a reviewer can read; golden/README.md says how."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.manifests.render import render, to_yaml
from nim_stack.plan import plan_deployment
from tests.examples import NAMES, Example
from tests.unit.conftest import GOLDEN, ROOT, TINY, golden_path

CASES: dict[str, dict[str, Any]] = {
    "profile": {
        "model": "llama-3.1-405b-instruct",
        "nodes": 2,
        "profile": "vllm-fp16-tp8-pp2",
        "storage": {"existingClaim": "weights"},
    },
    "nfs": {
        "model": "llama-3.1-405b-instruct",
        "nodes": 2,
        "profile": "vllm-bf16-tp8-pp2",
        "gpu": "h100",
        "storage": {"nfs": {"server": "nfs.example", "path": "/exports/models"}, "subPath": "405b", "readOnly": True},
        "download": {"job": True},
        "secrets": {"ngcApiSecret": {"name": "ngc", "key": "apiKey"}},
    },
    "tiny": TINY | {"replicas": 2, "wait": False, "storage": {"storageClass": "shared", "retain": False}},
}
"""What no example has."""

Golden = Callable[[str, list[dict[str, Any]]], None]


@pytest.mark.parametrize("name", NAMES)
def test_manifests_of_an_example(name: str, golden: Golden) -> None:
    golden(name, Example(name).manifests)


@pytest.mark.parametrize("case", CASES)
def test_manifests(case: str, golden: Golden) -> None:
    plan = plan_deployment(CASES[case], keys=EVERY_KEY)
    golden(case, render(plan))


def test_no_golden_file_is_left_over() -> None:
    elsewhere = {"access"}  # tests/unit/test_access_manifests.py
    expected = {golden_path(name).name for name in (*NAMES, *CASES, *elsewhere)}
    assert {path.name for path in GOLDEN.iterdir()} == expected | {"README.md"}


def test_a_second_render_is_byte_identical() -> None:
    """In processes of their own, whose hashes of text differ: nothing may depend on the order of a set."""
    code = (
        "from tests.examples import NAMES, Example; from nim_stack.manifests.render import to_yaml\n"
        "for name in NAMES: print(to_yaml(Example(name).manifests))"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second
    assert first.count(b"\nkind: LeaderWorkerSet") == len(NAMES)


def test_text_that_is_a_number_in_yaml_1_2_stays_text() -> None:
    """PyYAML reads YAML 1.1, in which 1e3 is text; kubectl reads 1.2, in which it is 1000."""
    text = to_yaml([{"env": ["1e3", "0o17", "12", "1.5", ".5", "v1.2", "8Gi", "on"]}])
    assert text.splitlines()[1:] == ["- '1e3'", "- '0o17'", "- '12'", "- '1.5'", "- '.5'", "- v1.2", "- 8Gi", "- 'on'"]
    assert yaml.safe_load(text)["env"][0] == "1e3"
