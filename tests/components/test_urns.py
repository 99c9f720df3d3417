"""A stack that commit 65852cd made is updated, and never replaced: its URNs and the providers of its objects stay."""

import json
from pathlib import Path

import pytest

from tests.components.urns import Registered, programs, registered_by

RECORDED: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "recorded" / "urns_65852cd.json").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("urns")


def registered(name: str, folder: Path) -> Registered:
    return registered_by(programs(folder)[name], folder)


@pytest.mark.parametrize("name", [pytest.param(name, id=f"the program {name}") for name in sorted(RECORDED)])
def test_each_resource_of_the_state_is_registered_again_with_its_provider(name: str, folder: Path) -> None:
    found = registered(name, folder)
    aliases, providers = found.aliases(), found.providers()
    # The engine finds an old resource by a URN, else by an alias of the new one.
    as_before = {aliases.get(urn, urn): provider for urn, provider in providers.items()}
    assert as_before == RECORDED[name]


def test_the_claims_alone_have_another_name(folder: Path) -> None:
    """And so the comparison above is one of URNs, which no alias hides."""
    renamed = {new: old for name in RECORDED for new, old in registered(name, folder).aliases().items()}
    assert {new.rpartition(":")[2] for new in renamed} == {
        "nim-cache-claim",
        "weights-claim",
        "blue-cache-claim",
        "green-cache-claim",
    }
    assert all(new.rpartition("::")[0] == old.rpartition("::")[0] for new, old in renamed.items())


def test_the_record_has_each_program_and_the_two_providers_of_a_stack() -> None:
    assert len(RECORDED) == 16
    assert RECORDED["stacks/tcp"]["nim-stack:index:NimStack$pulumi:providers:kubernetes::nim-cluster"] == ""
    kinds = {urn.rpartition("::")[0].rpartition("$")[2] for urns in RECORDED.values() for urn in urns}
    assert {
        "kubernetes:core/v1:PersistentVolumeClaim",
        "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet",
    } <= kinds
