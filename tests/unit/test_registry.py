"""The registries of judges: what is in a package is applied, wherever the package lies, and under a code of its own."""

import inspect
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, get_type_hints

import pytest

from nim_stack.base import first_rules
from nim_stack.base.problems import Finding
from nim_stack.base.registry import Registry, RegistryError
from nim_stack.operations.diagnosis.failure import FAILURES
from nim_stack.operations.doctor.check import CHECKS
from nim_stack.rules.registry import RULES
from tests.unit.conftest import ROOT

REGISTRIES: dict[str, Registry[Any]] = {
    "nim_stack.rules": RULES,
    "nim_stack.operations.diagnosis": FAILURES,
    "nim_stack.operations.doctor": CHECKS,
}
_RULE = """
from nim_stack.base.problems import Finding
from nim_stack.rules.registry import rule

@rule("NIM999", "Planted", cause="a", cure="b", severity="warning")
def planted(subject):
    yield Finding("nim.nodes", subject.settings.nodes, "planted", "Nothing.")
"""
_FAILURE = """
from nim_stack.base.registry import always
from nim_stack.operations.diagnosis.failure import failure, sign

@failure("zzz", "Planted", cause="a", cure="b", applies=always)
def planted(observed):
    yield sign("planted", (observed.snapshot.name,), "Nothing.")
"""
_CHECK = """
from nim_stack.operations.doctor.check import check, ok

@check("zzz")
def planted(preflight):
    yield ok("planted")
"""
_APPLIED = """
import json, sys
from pathlib import Path
from nim_stack import plan
from nim_stack.deployment.keys import Keys
from nim_stack.operations.diagnosis.verdict import diagnose
from nim_stack.operations.doctor.check import Preflight
from nim_stack.operations.doctor.examine import examine
from nim_stack.operations.observing.snapshot import load

settings, snapshot = json.loads(sys.argv[1]), load(Path(sys.argv[2]))
planned = plan.plan_deployment(settings, keys=Keys(hub=True))
assert Path(plan.__file__).is_relative_to(sys.argv[3]), plan.__file__
print([p.rule.code for p in planned.problems if p.why == "planted"])
print([p.rule.code for p in diagnose(snapshot).problems])
print([name for name, found in examine(Preflight(planned, snapshot)).findings.items() for f in found
       if f.why == "planted"])
"""
_SETTINGS = json.dumps(
    {"model": "hf://org/tiny", "nodes": 2, "gpusPerNode": 1, "storage": {"storageClass": "shared"}}
    | {"image": "registry.example/nim:1"}
)
_SNAPSHOT = Path(__file__).parent / "snapshots" / "healthy-serving.json"


def judged_in(place: Path) -> str:
    """What the package that lies there finds in a deployment without a problem."""
    done = subprocess.run(
        [sys.executable, "-c", _APPLIED, _SETTINGS, str(_SNAPSHOT), str(place)],
        env={**os.environ, "PYTHONPATH": str(place)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def plant(package: Path) -> None:
    (package / "rules" / "zzz.py").write_text(_RULE)
    (package / "operations" / "diagnosis" / "zzz.py").write_text(_FAILURE)
    (package / "operations" / "doctor" / "zzz.py").write_text(_CHECK)


def test_a_module_that_nobody_imports_is_applied_in_a_checkout(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "nim_stack", tmp_path / "nim_stack", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "config", tmp_path / "config")
    assert judged_in(tmp_path) == "[]\n[]\n[]\n"
    plant(tmp_path / "nim_stack")
    assert judged_in(tmp_path) == "['NIM999']\n['zzz']\n['zzz']\n"


def test_a_module_that_nobody_imports_is_applied_in_a_wheel_and_in_a_zip(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    plant(site / "nim_stack")
    assert judged_in(site) == "['NIM999']\n['zzz']\n['zzz']\n"
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", site)
    code = "from nim_stack.rules import all_rules; print([r.code for r in all_rules()][-1], len(all_rules()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": packed},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["NIM999", str(len(RULES.rules) + 1)]


def unregistered(module: ModuleType, registered: set[Callable[..., Any]]) -> list[str]:
    """Functions of a module that yield findings on one subject, and that neither a registry nor another function of the
    module uses."""
    functions = [f for _, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__]
    used = {name for function in functions for code in _codes(function.__code__) for name in code.co_names}
    return [
        f"{module.__name__}.{function.__name__}"
        for function in functions
        if get_type_hints(function).get("return") == Iterator[Finding]
        and function.__code__.co_argcount == 1
        and function not in registered
        and function.__name__ not in used
    ]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


@pytest.mark.parametrize("package", REGISTRIES)
def test_every_judge_is_registered(package: str) -> None:
    registered = {judgement.judge for judgement in REGISTRIES[package].judgements}
    modules = [module for name, module in sys.modules.items() if name.startswith(f"{package}.")]
    assert len(modules) > 10
    assert [name for module in modules for name in unregistered(module, registered)] == []


def test_that_a_judge_without_a_code_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "forgotten.py").write_text(
        "from collections.abc import Iterator\n"
        "from nim_stack.base.problems import Finding\n\n"
        "def judge(subject: object) -> Iterator[Finding]:\n    yield from _part(subject)\n\n"
        "def _part(subject: object) -> Iterator[Finding]:\n    yield Finding('', subject, '', '')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import forgotten  # type: ignore[import-not-found]

    assert unregistered(forgotten, set()) == ["forgotten.judge"]
    assert unregistered(forgotten, {forgotten.judge}) == []


@pytest.mark.parametrize("package", REGISTRIES)
def test_every_rule_has_its_place_and_its_words(package: str) -> None:
    registry = REGISTRIES[package]
    codes = [rule.code for rule in registry.rules]
    assert codes == list(registry.order or sorted(codes))
    assert len(set(codes)) == len(codes)
    if registry is not CHECKS:
        assert all(rule.title and rule.cause and rule.cure and rule.page for rule in registry.rules)


def of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, **modules: str) -> None:
    (tmp_path / name).mkdir()
    for module, text in {"__init__": "", **modules}.items():
        head = f"from {name}.registry import judges\n" if module not in ("__init__", "registry") else ""
        (tmp_path / name / f"{module}.py").write_text(head + text)
    monkeypatch.syspath_prepend(tmp_path)


_REGISTRY = "from nim_stack.base.registry import Registry\njudges = Registry({package!r}, order={order!r})\n"
_ONE = "@judges.add({code!r})\ndef one(subject):\n    yield from ()\n"


def test_two_judges_with_one_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = _REGISTRY.format(package="twice", order=())
    of_a_package(tmp_path, monkeypatch, "twice", registry=registry, a=_ONE.format(code="A"), b=_ONE.format(code="A"))
    from twice.registry import judges  # type: ignore[import-not-found]

    for _ in range(2):
        with pytest.raises(RegistryError, match=r"twice\.b\.one and twice\.a\.one have the code A"):
            _ = judges.judgements


def test_a_code_of_the_order_without_a_judge_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = _REGISTRY.format(package="lacking", order=("A", "B"))
    of_a_package(tmp_path, monkeypatch, "lacking", registry=registry, a=_ONE.format(code="A"))
    from lacking.registry import judges  # type: ignore[import-not-found]

    with pytest.raises(RegistryError, match="no module of lacking has a judge of B"):
        _ = judges.judgements


def test_a_package_without_a_judge_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_a_package(tmp_path, monkeypatch, "hollow", registry=_REGISTRY.format(package="hollow", order=()))
    from hollow.registry import judges  # type: ignore[import-not-found]

    with pytest.raises(RegistryError, match="no module with a judge was found in hollow"):
        _ = judges.judgements


def test_a_code_that_is_applied_elsewhere_is_refused() -> None:
    with pytest.raises(RegistryError, match="belongs to a rule that is applied elsewhere"):
        RULES.add(first_rules.REQUIRED.code)(lambda _: iter(()))


def test_a_code_without_a_place_in_the_order_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {code.lower(): _ONE.format(code=code) for code in "ABCD"}
    registry = _REGISTRY.format(package="placed", order=("D", "B"))
    of_a_package(tmp_path, monkeypatch, "placed", registry=registry, **modules)
    from placed.registry import judges  # type: ignore[import-not-found]

    assert [rule.code for rule in judges.rules] == ["D", "B", "A", "C"]


def test_a_rule_that_cannot_be_applied_is_said_to_be_not_judged() -> None:
    registry = Registry[int]("nim_stack.rules")
    registry._judgements.clear()

    @registry.add("A", applies=lambda subject: subject > 0)
    def positive(subject: int) -> Iterator[Finding]:
        yield Finding("", subject, "it is there", "")

    assert [problem.given for problem in registry.problems(1)] == [1]
    assert list(registry.problems(-1)) == []
    assert [rule.code for rule in registry.not_judged(-1)] == ["A"]
    assert registry.not_judged(1) == ()


def test_unknown_is_a_level_of_its_own() -> None:
    registry = Registry[int]("nim_stack.rules")

    @registry.add("A", severity="warning")
    def looked(subject: int) -> Iterator[Finding]:
        yield Finding("", None, "it could not be read", "", level="unknown")
        yield Finding("", None, "it is unwise", "")

    assert [problem.severity for problem in registry.problems(1)] == ["unknown", "warning"]
