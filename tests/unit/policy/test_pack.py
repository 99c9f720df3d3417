"""What the pack says of itself: its policies and parameters, and the names that it shares with nim_stack."""

import ast
import inspect
import json
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from nim_policy import objects, pods, rdma, weights
from nim_policy.policies import NOT_JUDGED, NOT_JUDGED_DESCRIPTION, POLICIES, Described

from nim_stack.base import names
from nim_stack.catalog.load import load_catalog
from nim_stack.components.model_cache import ModelCache
from nim_stack.components.nim_stack import NimStack
from tests.json_schema import complaints
from tests.unit.conftest import ROOT
from tests.unit.docs.pages import Page
from tests.unit.policy.seen import texts
from tests.unit.policy.test_rdma import judged

FOLDER = ROOT / "policy"
PAGE = ROOT / "docs" / "policies.md"
BEGIN, END = "<!-- policies: begin -->", "<!-- policies: end -->"
EACH = pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)


def test_names_are_those_of_nim_stack() -> None:
    assert objects.LWS == names.LWS_GROUP
    assert (pods.LWS_NAME_LABEL, pods.LWS_WORKER_INDEX_LABEL) == (names.LWS_NAME_LABEL, names.LWS_WORKER_INDEX_LABEL)
    assert weights.ADOPTED == names.PATCH_FORCE
    for component, token in ((ModelCache, weights.MODEL_CACHE), (NimStack, weights.NIM_STACK)):
        assert f'super().__init__("{token}"' in inspect.getsource(component)


@pytest.mark.parametrize(
    "fabric",
    [fabric for fabric in load_catalog().fabrics.values() if fabric.rdma],
    ids=lambda fabric: fabric.name,
)
def test_each_fabric_with_rdma_is_known(fabric: Any) -> None:
    """What a fabric gives to pods is a sign of RDMA without being configured; the domain of NVLink is a claim."""
    claims = {"resourceClaims": [{"name": names.COMPUTE_DOMAIN_CLAIM}]} if fabric.nvlink else {}
    variables = {variable.name: variable.manifest["value"] for variable in fabric.env}
    assert judged(dict(fabric.resources), claims, dict(fabric.annotations), **variables) == []


def test_the_folder_stands_alone() -> None:
    """It is copied by others. The standard library, itself, and in one module pulumi_policy."""
    for file in (FOLDER / "nim_policy").glob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text())))
        found = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        found |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        roots = {module.partition(".")[0] for module in found} - sys.stdlib_module_names
        assert roots <= {"nim_policy"} | ({"pulumi_policy"} if file.name == "pack.py" else set()), file


def test_its_environment_is_locked_and_its_own() -> None:
    lock = (FOLDER / "requirements.lock").read_text()
    wanted = [line for line in (FOLDER / "requirements.in").read_text().splitlines() if not line.startswith("#")]
    assert all(f"{line} \\\n    --hash=sha256:" in lock for line in wanted)
    assert re.search(r"^protobuf==5\.", lock, re.MULTILINE)
    assert re.search(r"^protobuf==6\.", (ROOT / "requirements" / "dev.lock").read_text(), re.MULTILINE)
    assert (FOLDER / "requirements.txt").read_text().splitlines()[-1] == "-r requirements.lock"
    project = yaml.safe_load((FOLDER / "PulumiPolicy.yaml").read_text())
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}


@EACH
def test_a_parameter_is_one_that_the_function_reads(policy: Described) -> None:
    documented = set(re.findall(r"`([a-z][A-Za-z]+)`", (policy.judge.__doc__ or "").partition("Args:")[2]))
    read = set(re.findall(r'config\.get\(\s*"(\w+)"', inspect.getsource(sys.modules[policy.judge.__module__])))
    read |= {"stack", "namespace"} if policy.name == "gpu-budget" else set()
    if policy.name in ("pinned-images", "allowed-images"):  # one module has both
        read &= documented
    assert set(policy.parameters) == read
    assert all(set(schema) >= {"type", "description"} for schema in policy.parameters.values())
    assert all(schema["description"].endswith(".") for schema in policy.parameters.values())


@EACH
def test_a_default_is_what_the_function_does_without_the_parameter(policy: Described) -> None:
    """Pulumi gives the defaults to the function; a test, or an older Pulumi, may not."""
    from tests.deployments import names as deployments
    from tests.unit.policy.seen import stack

    defaults = {name: schema["default"] for name, schema in policy.parameters.items() if "default" in schema}
    for name in deployments()[::7]:
        objects_of = [stack(name)] if policy.of_stack else stack(name)
        for judged_one in objects_of:
            assert policy.judge(judged_one, {}) == policy.judge(judged_one, defaults)


@EACH
def test_a_policy_that_is_mandatory_asks_for_a_parameter_first(policy: Described) -> None:
    from tests.deployments import names as deployments
    from tests.unit.policy.seen import stack

    if policy.level == "mandatory":
        for name in deployments()[::7]:
            for judged_one in [stack(name)] if policy.of_stack else stack(name):
                assert texts(policy.judge(judged_one, {})) == []


def test_names_are_told_apart() -> None:
    assert len({*(policy.name for policy in POLICIES), NOT_JUDGED}) == len(POLICIES) + 1
    assert rdma.EFA in load_catalog().fabrics["efa"].resources


def test_the_page_has_every_policy_and_parameter(written_file: Callable[[str, str], None]) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    written_file("docs/policies.md", f"{before}{BEGIN}\n\n{_tables()}\n\n{END}{after}")


def test_the_file_on_the_page_is_one_that_the_pack_takes() -> None:
    (block,) = [block for block in Page("docs/policies.md").blocks if block.language == "json"]
    known = {policy.name: policy for policy in POLICIES}
    for name, given in json.loads(block.text).items():
        level = given if isinstance(given, str) else given.pop("enforcementLevel", "advisory")
        assert level in ("advisory", "mandatory", "disabled")
        for parameter, value in given.items() if isinstance(given, dict) else ():
            schema = dict(known[name].parameters[parameter])
            assert list(complaints(value, schema, schema, parameter)) == []


def _tables() -> str:
    rows = [(policy.name, policy.description, policy.level, policy.of_stack) for policy in POLICIES]
    rows.append((NOT_JUDGED, NOT_JUDGED_DESCRIPTION, "advisory", True))
    lines = ["| policy | it holds when | level | judges |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {text} | {level} | {'the stack' if of_stack else 'each resource'} |"
        for name, text, level, of_stack in rows
    ]
    lines += ["", "| policy | parameter | type | default | meaning |", "|---|---|---|---|---|"]
    for policy in POLICIES:
        for name, schema in policy.parameters.items():
            default = f"`{_said(schema['default'])}`" if "default" in schema else "none"
            lines.append(f"| `{policy.name}` | `{name}` | {_type(schema)} | {default} | {schema['description']} |")
    return "\n".join(lines)


def _said(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1000)
    return text.strip().removesuffix("\n...")


def _type(schema: Any) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    kind: str = schema["type"]
    return {"array": "list of text", "object": "mapping of text to integer"}.get(kind, kind)
