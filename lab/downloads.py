"""What was taken from the hub stand-in, and by whom: its own counts."""

import json
from typing import Any

from lab import network
from lab.address import HUB_URL
from lab.shell import run

WEIGHTS = ".safetensors"


def _hub(path: str) -> Any:
    return json.loads(run([*network.enter(), "curl", "-sf", HUB_URL + path]))


def reset() -> None:
    """Forget the requests counted so far."""
    _hub("/_lab/reset")


def taken() -> list[tuple[str, str, int]]:
    """(client, file, count) of everything that was taken since the reset."""
    prefix = "GET file "
    rows = [row for row in _hub("/_lab/requests") if row["route"].startswith(prefix)]
    return [(row["client"], row["route"].removeprefix(prefix), row["count"]) for row in rows]


def weights() -> list[tuple[str, int]]:
    """(client, count) of the files that hold weights."""
    return [(client, count) for client, file, count in taken() if file.endswith(WEIGHTS)]
