"""Row: many faults in a row, drawn at random, under load; then the group serves, and nothing was left behind."""

import random
from collections.abc import Callable

from lab.console import say
from lab.engine.faults import FAULTS, Fault
from nim_stack.base.documents import Json
from tests.prove.faults import census
from tests.prove.faults.outcome import Outcome
from tests.prove.faults.scene import Place, Scene, delete, scene
from tests.prove.faults.stage import Stage

NUMBER = 20
SEED = 6
Strike = Callable[[Scene], Callable[[], None]]

DELETIONS: tuple[tuple[Fault, Strike], ...] = (
    (Fault("leader pod deleted", "leader", "kill", restarts="pod"), delete("leader")),
    (Fault("worker pod deleted", "worker", "kill", restarts="pod"), delete("worker")),
)
ALL: tuple[tuple[Fault, Strike | None], ...] = (*((fault, None) for fault in FAULTS), *DELETIONS)


def random_faults(stage: Stage, number: int = NUMBER, seed: int = SEED) -> Json:
    """One after the other, each when the group serves again after the last."""
    place = stage.ours()
    drawn = random.Random(seed).choices(ALL, k=number)
    before = _census(place)
    with scene(place, load=True) as on:
        outcomes = []
        for fault, strike in drawn:
            outcomes.append(on.suffer(fault, strike))
            say(f"    {fault.name}: served again after {outcomes[-1].serving:.1f} s")
    after = _census(place)
    measured = _sum(outcomes) | {"seed": seed, "faults": [fault.name for fault, _ in drawn]}
    measured |= {"before": before, "after": after}
    found = census.leaks(before, after)
    assert not found, f"left behind: {'; '.join(found)}; measured: {measured}"
    return measured


def _sum(outcomes: list[Outcome]) -> Json:
    return {
        "noticed_s": round(max(one.noticed for one in outcomes), 1),
        "serving_again_s": round(max(one.serving for one in outcomes), 1),
        "failed_requests": sum(one.failed for one in outcomes),
        "longest_request_s": max(one.longest for one in outcomes),
        "pods_made_anew": sum(one.made_anew for one in outcomes),
        "containers_restarted": sum(one.restarted for one in outcomes),
    }


def _census(place: Place) -> Json:
    with scene(place, load=False) as quiet:
        return census.count(quiet.first_processes(), place.namespace, quiet.pods()[0].name)
