"""What the rows share: one group that stays up between them, and how long a start by hand takes on this machine now."""

from contextlib import ExitStack

from lab.console import LabError, step
from lab.deployment import GROUP, NAMESPACE, PROMPT, Deployment, until
from lab.engine import floor
from lab.engine.faults import STALL_SECONDS
from lab.observe import Leader
from tests.prove.faults.outcome import Start
from tests.prove.faults.peer import LIMIT_SECONDS, Peer
from tests.prove.faults.scene import Place

WINDOW_SECONDS = 5
SETTINGS = {
    # As the start by hand has it.
    "maxModelLen": 256,
    # One fault follows the other here; each is to be the first of its row.
    "healing": {"windowSeconds": WINDOW_SECONDS, "stallSeconds": STALL_SECONDS},
}
FLOORS = 3
SERVES_SECONDS = 90.0


class Stage:
    """Holds one group at a time: two of them would share two cores, and every figure would be of that."""

    def __init__(self) -> None:
        self._held: ExitStack | None = None
        self._place: Place | None = None
        self._whose = ""
        self._start: Start | None = None

    def start(self) -> Start:
        """Ray and engine started by hand, the median of a few; measured once a run, while no group is there."""
        if self._start is None:
            self.clear()
            runs = []
            for number in range(1, FLOORS + 1):
                with step(f"faults: a start by hand, {number} of {FLOORS}"):
                    found = floor.bare(2, 1)
                    runs.append(Start(found["ray"], found["engine"]))
            self._start = Start.median(runs)
        return self._start

    def ours(self) -> Place:
        """The group of the stack `prove`, serving."""
        return self._get("ours")

    def peer(self) -> Place:
        """The group of the documented example, serving."""
        return self._get("peer")

    def clear(self) -> None:
        """Take away what is there: a row needs the room, or the run is over."""
        if self._held is not None:
            self._held.close()
        self._held, self._place, self._whose = None, None, ""

    def _get(self, whose: str) -> Place:
        if self._place is None or self._whose != whose or not _serves(self._place):
            self.clear()
            with step(f"faults: deploy {whose}"):
                self._place = self._deploy(whose)
                self._whose = whose
        return self._place

    def _deploy(self, whose: str) -> Place:
        self._held = ExitStack()
        if whose == "peer":
            example = self._held.enter_context(Peer())
            return Place(example.namespace, example.group, example.serves(), 2.0, LIMIT_SECONDS, requests_tell=True)
        deployment = self._held.enter_context(Deployment(**SETTINGS))
        deployment.up()
        return place_of(deployment)


def place_of(deployment: Deployment) -> Place:
    """Where the stack's group is, once it serves."""
    deployment.serves()
    return Place(NAMESPACE, GROUP, Leader.of(deployment.stack.outputs()["endpoint"]), WINDOW_SECONDS + 2.0)


def _serves(place: Place) -> bool:
    try:
        until("the group serves", lambda: place.service.chat(PROMPT, tokens=1), SERVES_SECONDS)
    except (AssertionError, LabError):
        return False
    return True
