"""Who is in the Ray cluster: `python -m nim_serve.ray.membership ADDRESS NODES GPUS`, a process of its own.

It prints one JSON line for each change and ends when the group is complete. Apart from the launcher, because a client
of Ray costs 90 MB and blocks for 40 s when the head is away; no `ray.init`, which would make it a driver.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from nim_serve.system.tcp_connect import reached
from nim_serve.system.waiting import few

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Member:
    """A living Ray node: its address, the port of its raylet, and the GPUs it brings."""

    address: str
    port: int
    gpus: int


def encode(members: list[Member]) -> str:
    """One line for the launcher."""
    return json.dumps([asdict(member) for member in members])


def decode(line: str) -> list[Member]:
    """The line, read again."""
    return [Member(**item) for item in json.loads(line)]


def complete(members: list[Member], nodes: int, gpus: int) -> bool:
    """Whether all nodes of the group and all their GPUs are there; a node is counted by its address."""
    return len({member.address for member in members}) >= nodes and sum(member.gpus for member in members) >= gpus


def describe(members: list[Member], nodes: int, gpus: int) -> str:
    """What is there and what is missing, for the log."""
    there = few(f"{member.address} ({member.gpus} GPUs)" for member in members) or "nobody"
    missing_nodes = max(0, nodes - len({member.address for member in members}))
    missing_gpus = max(0, gpus - sum(member.gpus for member in members))
    return f"joined: {there}; missing: {missing_nodes} of {nodes} nodes, {missing_gpus} of {gpus} GPUs"


def living(nodes: dict[Any, Any]) -> list[Member]:
    """The members among Ray's node records."""
    return sorted(
        (
            Member(info.node_manager_address, info.node_manager_port, int(dict(info.resources_total).get("GPU", 0)))
            for info in nodes.values()
            if info.state == 0  # ALIVE
        ),
        key=lambda member: member.address,
    )


def main(arguments: list[str]) -> int:
    """Report until complete; 1 when the head stops answering."""
    address, nodes, gpus = arguments[0], int(arguments[1]), int(arguments[2])
    host, _, port = address.rpartition(":")
    from ray._raylet import GcsClient

    client = None
    before: list[Member] | None = None
    while True:
        if not reached(host, int(port)):
            return 1
        client = client or GcsClient(address=address)
        members = living(client.get_all_node_info(timeout=5))
        if members != before:
            print(encode(members), flush=True)
            before = members
        if complete(members, nodes, gpus):
            return 0
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
