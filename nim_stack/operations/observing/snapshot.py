"""What was seen of a deployment at one moment: objects, logs, and what could not be read.

A snapshot is plain data and goes into a file and back without loss, so that a verdict can be repeated, sent to
somebody else, and tested.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from nim_stack.base.documents import Json
from nim_stack.operations.observing.errors import SnapshotError

FORMAT = 1
Part = Literal[
    "namespace",
    "deployment",
    "definitions",
    "pods",
    "statefulsets",
    "jobs",
    "events",
    "claims",
    "volumes",
    "services",
    "endpoints",
    "quotas",
    "limits",
    "policies",
    "secrets",
    "classes",
    "nodes",
    "load",
    "leases",
    "webhooks",
    "controllers",
    "controllerEndpoints",
    "dns",
    "runtimeClasses",
    "priorityClasses",
    "serviceAccounts",
    "others",
]
"""What a snapshot can hold, by kind of object: `deployment` is the LeaderWorkerSet, `pods` are the deployment's own,
`load` is every pod of the cluster that has not ended, `others` are LeaderWorkerSets of the whole cluster. The last
four are read by doctor alone."""
PARTS: frozenset[str] = frozenset(get_args(Part))


@dataclass(frozen=True)
class Log:
    """The end of one container's log."""

    pod: str
    role: str
    """leader, worker, or what else the pod is for."""
    container: str
    previous: bool
    """Whether it is that of the run before the current one."""
    lines: tuple[tuple[str, str], ...]
    """Each line: when it was written (ISO 8601, UTC), and its text."""
    gone: bool = False
    """Whether the pod has gone since."""


@dataclass(frozen=True)
class Access:
    """One thing that this identity may do, or may not."""

    verb: str
    group: str
    resource: str
    namespace: str
    allowed: bool


@dataclass(frozen=True)
class Snapshot:
    """One deployment in its cluster."""

    taken: str
    """Time of the snapshot by the API server's clock: ISO 8601, UTC."""
    namespace: str
    name: str
    server: str
    """Version of the API server, such as v1.35.4."""
    groups: tuple[str, ...]
    """API groups that the server has."""
    objects: Mapping[Part, tuple[Json, ...]]
    """What was read; a part that is missing could not be read, or was not asked for."""
    logs: tuple[Log, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be read, and why."""
    access: tuple[Access, ...] = ()

    def get(self, part: Part) -> tuple[Json, ...]:
        """The objects of a part; none as well when the part was not read.

        Raises:
            KeyError: there is no such part.
        """
        return self.objects[part] if self.read(part) else ()

    def read(self, part: Part) -> bool:
        """Whether a part was read; what was not read is not known to be absent.

        Raises:
            KeyError: there is no such part.
        """
        if part not in PARTS:
            raise KeyError(part)
        return part in self.objects

    def save(self, path: Path) -> None:
        """Write the snapshot as JSON, which `load` reads back without loss.

        Raises:
            OSError: the file cannot be written.
        """
        path.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n")


_REQUIRED = {"taken", "namespace", "name", "server", "groups", "objects"}


def load(path: Path) -> Snapshot:
    """The snapshot in a file.

    Raises:
        SnapshotError: it cannot be read.
    """
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as failure:
        raise SnapshotError(f"{path} is no snapshot: {failure}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT or not document.keys() >= _REQUIRED:
        raise SnapshotError(f"{path} is no snapshot of format {FORMAT}; make one with `nim-stack diagnose --save`.")
    if unknown := document["objects"].keys() - PARTS:
        raise SnapshotError(f"{path} has parts that this version does not know: {', '.join(sorted(unknown))}.")
    return Snapshot(
        taken=document["taken"],
        namespace=document["namespace"],
        name=document["name"],
        server=document["server"],
        groups=tuple(document["groups"]),
        objects={what: tuple(found) for what, found in document["objects"].items()},
        logs=tuple(
            Log(**{**entry, "lines": tuple((when, text) for when, text in entry["lines"])})
            for entry in document.get("logs", [])
        ),
        notes=tuple(document.get("notes", [])),
        access=tuple(Access(**entry) for entry in document.get("access", [])),
    )
