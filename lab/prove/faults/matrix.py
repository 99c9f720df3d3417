"""The matrix `faults`: what a group of real Ray and vLLM on the cluster must survive, and how long that may take."""

from collections.abc import Callable
from functools import partial

from lab.engine.faults import Fault, by_name
from lab.observe import kubectl
from lab.prove.deployment import NAMESPACE, Json, install_lws, remove_lws
from lab.prove.faults import joining, leaving, series, slow
from lab.prove.faults.outcome import judge
from lab.prove.faults.scene import scene
from lab.prove.faults.series import ALL, Strike
from lab.prove.faults.stage import Stage
from lab.prove.faults.table import PEER
from lab.prove.matrix import Matrix

PEER_FAULTS = ("worker's first process killed", "worker rank killed", "worker raylet killed")
_STAGE = Stage()


def _fault(fault: Fault, strike: Strike | None, load: bool) -> Json:
    """One fault against the group of a stack, held against the start by hand."""
    start = _STAGE.start()
    with scene(_STAGE.ours(), load=load) as on:
        outcome = on.suffer(fault, strike)
    return judge(fault, outcome, start)


def _peer(fault: Fault) -> Json:
    """The same against the documented example, under load: measured, and held against nothing."""
    with scene(_STAGE.peer(), load=True) as on:
        return on.suffer(fault).measured()


def _rows() -> dict[str, Callable[[], Json]]:
    rows: dict[str, Callable[[], Json]] = {}
    for fault, strike in ALL:
        for load, how in ((False, "idle"), (True, "under load")):
            if load or not fault.load_only:
                rows[f"{fault.name}, {how}"] = partial(_fault, fault, strike, load)
    rows["a long prompt, computed slowly"] = partial(slow.long_prompt, _STAGE)
    rows["worker 120 s after the leader"] = partial(joining.late, _STAGE, "worker")
    rows["leader 120 s after the worker"] = partial(joining.late, _STAGE, "leader")
    rows["names missing for 60 s"] = partial(joining.without_names, _STAGE)
    rows["rolling update with surge, under load"] = partial(leaving.rolling_update, _STAGE)
    rows["two groups to one, under load"] = partial(leaving.fewer_groups, _STAGE)
    rows[f"{series.NUMBER} random faults in a row, under load"] = partial(series.random_faults, _STAGE)
    for name in PEER_FAULTS:
        rows[f"{PEER}{name}, under load"] = partial(_peer, by_name(name))
    return rows


def _prepare() -> None:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()


def _finish() -> None:
    _STAGE.clear()
    remove_lws()


MATRIX = Matrix("faults", "a group that heals: faults, joining, leaving", _rows(), _prepare, _finish)
