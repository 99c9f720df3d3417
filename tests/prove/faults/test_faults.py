"""The matrix `faults`: what a group of real Ray and vLLM on the cluster must survive, and how long that may take."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from lab.deployment import NAMESPACE, install_lws, remove_lws
from lab.engine.faults import Fault, by_name
from lab.observe import kubectl
from nim_stack.base.documents import Json
from tests.prove.faults import joining, leaving, series, slow
from tests.prove.faults.outcome import judge
from tests.prove.faults.scene import scene
from tests.prove.faults.series import ALL, Strike
from tests.prove.faults.stage import Stage
from tests.prove.faults.table import PEER

PEER_FAULTS = ("worker's first process killed", "worker rank killed", "worker raylet killed")
pytestmark = [pytest.mark.cluster, pytest.mark.prove]
Row = Callable[[Stage], Json]


def _fault(fault: Fault, strike: Strike | None, load: bool, stage: Stage) -> Json:
    """One fault against the group of a stack, held against the start by hand."""
    start = stage.start()
    with scene(stage.ours(), load=load) as on:
        outcome = on.suffer(fault, strike)
    return judge(fault, outcome, start)


def _peer(fault: Fault, stage: Stage) -> Json:
    """The same against the documented example, under load: measured, and held against nothing."""
    with scene(stage.peer(), load=True) as on:
        return on.suffer(fault).measured()


def _rows() -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for fault, strike in ALL:
        for load, how in ((False, "idle"), (True, "under load")):
            if load or not fault.load_only:
                rows[f"{fault.name}, {how}"] = partial(_fault, fault, strike, load)
    rows["a long prompt, computed slowly"] = slow.long_prompt
    rows["worker 120 s after the leader"] = partial(joining.late, "worker")
    rows["leader 120 s after the worker"] = partial(joining.late, "leader")
    rows["names missing for 60 s"] = joining.without_names
    rows["rolling update with surge, under load"] = leaving.rolling_update
    rows["two groups to one, under load"] = leaving.fewer_groups
    rows[f"{series.NUMBER} random faults in a row, under load"] = series.random_faults
    for name in PEER_FAULTS:
        rows[f"{PEER}{name}, under load"] = partial(_peer, by_name(name))
    return rows


ROWS = _rows()


@pytest.fixture(scope="module")
def stage(lab: None) -> Iterator[Stage]:
    """The group that stays up between the rows."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()
    stage = Stage()
    yield stage
    stage.clear()
    remove_lws()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_row(row: Row, stage: Stage, record_property: Callable[[str, object], None]) -> None:
    record_property("measured", row(stage))
