"""Every change of phase of a leader and of a worker, with the words for it, and the diagrams that are drawn from them.

The tests hold these tables to what the machines do; docs/healing.md shows the diagrams.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nim_serve.decide import phases, worker_phases
from nim_serve.decide.events import (
    Broken,
    Ended,
    EngineUp,
    Event,
    Heard,
    Members,
    ModelDone,
    Proved,
    RayStarted,
    StopAsked,
    Tick,
)

from tests.container.walks import BEGIN, EXIT, Step


@dataclass(frozen=True)
class Change:
    """Changes of phase that have one reason."""

    words: str
    before: str
    """The phases before, with blanks between them."""

    causes: tuple[type[Event] | None, ...]
    """The events that bring each of them about; None for the start of the supervisor."""

    after: str
    """The phases after, with blanks between them."""

    def steps(self) -> Iterator[Step]:
        """Every step that the change stands for."""
        for before in self.before.split():
            for cause in self.causes:
                for after in self.after.split():
                    yield before, cause.__name__ if cause else BEGIN, after


@dataclass(frozen=True)
class Machine:
    """One state machine for its diagram."""

    phases: type[StrEnum]
    first: str
    group: str
    """Phases that are drawn in a box, from which one arrow stands for all of them."""

    title: str
    """What the box is called."""

    changes: tuple[Change, ...]

    def steps(self) -> list[Step]:
        """Every step of the table, each as often as the table has it."""
        return [step for change in self.changes for step in change.steps()]


FAULT, LAST_FAULT = "a fault", "a fault, and no try is left"
SIGTERM = "SIGTERM"
LEFT_OVER = "a killed process does not end within a minute"
GONE = "every process has gone"

LEADER = Machine(
    phases.Phase,
    "MODEL",
    "HEAD GATHER LOAD PROVE",
    "a start",
    (
        Change("the model is in place", "MODEL", (ModelDone,), "HEAD"),
        Change("the model is in place, and the pod serves alone", "MODEL", (ModelDone,), "LOAD"),
        Change("the download failed", "MODEL", (ModelDone,), "PAUSE"),
        Change("there is no model, and no try is left", "MODEL", (ModelDone,), "STOP"),
        Change("Ray's head runs", "HEAD", (RayStarted,), "GATHER"),
        Change("all nodes and GPUs have joined", "GATHER", (Tick,), "LOAD"),
        Change("vLLM is healthy", "LOAD", (EngineUp,), "PROVE"),
        Change("a token has come", "PROVE", (Proved,), "SERVE"),
        Change("SIGTERM to the leader or to a worker", "SERVE", (StopAsked, Tick), "DRAIN"),
        Change("the leader's requests are finished or cut off", "DRAIN", (Tick,), "STOP"),
        Change("the same, for a worker that leaves", "DRAIN", (Tick,), "CLEAR"),
        *(
            Change(words, before, causes, after)
            for words, after in ((FAULT, "CLEAR"), (LAST_FAULT, "STOP"))
            for before, causes in (
                ("HEAD", (RayStarted, Broken, Heard)),
                ("LOAD SERVE", (Broken, Heard, Tick)),
                ("PROVE", (Broken, Heard, Proved, Tick)),
                ("DRAIN", (Broken, Heard)),
            )
        ),
        Change(FAULT, "GATHER", (Broken, Heard, Members, Tick), "CLEAR"),
        Change(LAST_FAULT, "GATHER", (Broken, Heard, Members), "STOP"),
        Change("not all have joined in time", "GATHER", (Tick,), "STOP"),
        Change("the fault is larger", "CLEAR", (Broken, Heard), "CLEAR"),
        Change(GONE, "CLEAR", (Ended,), "PAUSE"),
        Change("the pause is over", "PAUSE", (Tick,), "MODEL HEAD GATHER LOAD"),
        Change(SIGTERM, "MODEL HEAD GATHER LOAD PROVE CLEAR PAUSE", (StopAsked,), "STOP"),
        Change(GONE, "STOP", (Ended,), EXIT),
        Change(LEFT_OVER, "CLEAR STOP", (Tick,), EXIT),
    ),
)

LEAVES = "SIGTERM and not needed any more, or no answer of the leader in time"
WORKER = Machine(
    worker_phases.Phase,
    "IDLE",
    "START JOINED RANKS",
    "a part of Ray",
    (
        Change("it downloads for itself", "IDLE", (None,), "MODEL"),
        Change("the leader's Ray runs, and the model was not looked for yet", "IDLE", (Tick,), "MODEL"),
        Change("the leader's Ray runs", "IDLE", (Tick,), "START"),
        Change("the model is in place", "MODEL", (ModelDone,), "IDLE"),
        Change("the download failed", "MODEL", (ModelDone,), "PAUSE"),
        Change("there is no model, and no try is left", "MODEL", (ModelDone,), "STOP"),
        Change("the pause is over", "PAUSE", (Tick,), "MODEL"),
        Change("its raylet runs", "START", (RayStarted,), "JOINED"),
        Change("the leader starts another engine", "JOINED", (Tick,), "RANKS"),
        Change("every rank has gone", "RANKS", (Ended,), "JOINED"),
        *(
            Change(words, before, causes, after)
            for words, after in (
                ("its Ray broke, the leader has gone, or the leader names another epoch", "CLEAR"),
                (f"the same with healing switched off, or {LEAVES}", "STOP"),
            )
            for before, causes in (("START", (RayStarted, Broken, Tick)), ("JOINED RANKS", (Broken, Tick)))
        ),
        Change(GONE, "CLEAR", (Ended,), "IDLE"),
        Change(LEAVES, "IDLE MODEL PAUSE", (Tick,), "STOP"),
        Change("no answer of the leader in time", "CLEAR", (Tick,), "STOP"),
        Change(GONE, "STOP", (Ended,), EXIT),
        Change(LEFT_OVER, "RANKS CLEAR STOP", (Tick,), EXIT),
    ),
)


def diagram(machine: Machine) -> str:
    """Draw the machine as Mermaid's stateDiagram-v2 (https://mermaid.js.org/syntax/stateDiagram.html)."""
    boxed = machine.group.split()
    lines = ["stateDiagram-v2", f"  [*] --> {machine.first}"]
    for phase in machine.phases:
        if phase.name not in boxed:
            lines.append(f'  state "{phase}" as {phase.name}')
    lines.append(f'  state "{machine.title}" as BOX {{')
    lines += [f'    state "{machine.phases[name]}" as {name}' for name in boxed]
    arrows = list(_arrows(machine.changes, boxed))
    inside = [arrow for arrow in arrows if {arrow[0], arrow[1]} <= {*boxed}]
    lines += [f"    {before} --> {after}: {words}" for before, after, words in inside]
    lines.append("  }")
    for before, after, words in arrows:
        if (before, after, words) not in inside:
            lines.append(f"  {before} --> {'[*]' if after == EXIT else after}: {words}")
    return "\n".join(lines)


def _arrows(changes: Sequence[Change], boxed: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """One arrow for each two phases and the words between them; one from the box where all in it have the same."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for change in changes:
        for before, _, after in change.steps():
            places.setdefault((after, change.words), {})[before] = None
    words_of: dict[tuple[str, str], list[str]] = {}
    for (after, words), befores in places.items():
        whole = {*boxed} <= befores.keys()
        origins = [name for name in befores if not (whole and name in boxed)] + (["BOX"] if whole else [])
        for before in origins:
            words_of.setdefault((before, after), []).append(words)
    for (before, after), several in words_of.items():
        yield before, after, " / ".join(several)


MARKS = {"leader": LEADER, "worker": WORKER}


def with_diagrams(page: str) -> str:
    """Write the diagrams into the page, each between its two marks.

    Raises:
        ValueError: the page has not got the marks.
    """
    for name, machine in MARKS.items():
        begin, end = f"<!-- phases of the {name}: begin -->\n", f"<!-- phases of the {name}: end -->\n"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the page has no marks {begin.strip()} and {end.strip()}")
        page = f"{before}{begin}```mermaid\n{diagram(machine)}\n```\n{end}{after}"
    return page
