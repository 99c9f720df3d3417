"""Who is in the Ray cluster: `python -m nim_serve.ray.membership ADDRESS NODES GPUS`, a process of its own.

It prints one JSON line for each change and ends when the group is complete. Apart from the launcher, because a client
of Ray costs 90 MB and blocks for 40 s when the head is away; no `ray.init`, which would make it a driver.
"""

import json
import sys
import time
from dataclasses import asdict
from typing import Any

from nim_serve.decide.membership import Member, complete
from nim_serve.system.tcp_connect import accepts_connections

POLL_SECONDS = 0.2


def encode(members: list[Member]) -> str:
    """Write the members as one line for the launcher, without a line end."""
    return json.dumps([asdict(member) for member in members])


def decode(line: str) -> list[Member]:
    """Read the line again.

    Raises:
        ValueError, TypeError: the line is none that `encode` wrote.
    """
    return [Member(**item) for item in json.loads(line)]


def living(nodes: dict[Any, Any]) -> list[Member]:
    """Give the living nodes among Ray's node records."""
    return sorted(
        (
            Member(info.node_manager_address, info.node_manager_port, int(dict(info.resources_total).get("GPU", 0)))
            for info in nodes.values()
            if info.state == 0  # ALIVE
        ),
        key=lambda member: member.address,
    )


def main(arguments: list[str]) -> int:
    """Report until the group is complete, and give the exit code: 0 then, 1 when the head stops answering."""
    address, nodes, gpus = arguments[0], int(arguments[1]), int(arguments[2])
    host, _, port = address.rpartition(":")
    from ray._raylet import GcsClient

    client = None
    before: list[Member] | None = None
    while True:
        if not accepts_connections(host, int(port)):
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
