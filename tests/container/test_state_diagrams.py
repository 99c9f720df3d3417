"""The diagrams in docs/healing.md show the changes of phase that the machines make, all of them and no other."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.container.state_table import LEADER, WORKER, Machine, with_diagrams
from tests.container.walks import EXIT, Step, leader_steps, worker_steps

HEALING = Path(__file__).parents[2] / "docs" / "healing.md"
WALKS = 2500


@pytest.mark.parametrize(
    ("machine", "walk"), [(LEADER, leader_steps), (WORKER, worker_steps)], ids=["leader", "worker"]
)
def test_the_table_has_every_change_that_a_walk_makes_and_no_other(
    machine: Machine, walk: Callable[[int], list[Step]]
) -> None:
    taken = {step for seed in range(WALKS) for step in walk(seed)}
    table = Counter(machine.steps())
    assert taken - table.keys() == set(), "the machine makes changes that the table has not got"
    assert table.keys() - taken == set(), "the table has changes that the machine does not make"


@pytest.mark.parametrize("machine", [LEADER, WORKER], ids=["leader", "worker"])
def test_every_phase_is_entered_and_left(machine: Machine) -> None:
    names = {phase.name for phase in machine.phases}
    assert {after for _, _, after in machine.steps()} == {EXIT, *names}
    assert {before for before, _, _ in machine.steps()} == names


def test_the_page_shows_the_diagrams_of_the_tables(request: pytest.FixtureRequest) -> None:
    page = HEALING.read_text()
    written = with_diagrams(page)
    if request.config.getoption("--golden-update", default=False):
        HEALING.write_text(written)
    assert HEALING.read_text() == written, "pytest tests/unit tests/container --golden-update writes them"


def test_a_page_without_the_marks_is_not_written() -> None:
    with pytest.raises(ValueError, match="phases of the leader: begin"):
        with_diagrams("# A page\n")
