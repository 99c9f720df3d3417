"""Rules on ports inside the pods."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import rule

_RAY_WORKERS = range(10002, 20000)
"""Ray gives its worker processes ports of this range (docs.ray.io, configuring Ray, ports)."""
_READS = frozenset({"nim.ports", "nim.image", "nim.model", "nim.healing"})
_USUAL = f"server {names.SERVER_PORT}, ray {names.RAY_PORT}, heartbeat and health those after Ray's and the server's"


@rule(
    "NIM080",
    "Two servers share a port",
    cause="The second one to start fails, as the port is taken.",
    cure="Use another port for one of them.",
    reads=_READS,
)
def shared(resolved: Resolution) -> Iterator[Finding]:
    taken: dict[int, str] = {}
    for name, port in _listening(resolved).items():
        if port in taken:
            why = f"nim.ports.{taken[port]} is the same, and two servers cannot listen on one port"
            yield Finding(f"nim.ports.{name}", port, why, f"Use another port for one of them; the defaults: {_USUAL}.")
        taken.setdefault(port, name)


def _listening(resolved: Resolution) -> dict[str, int]:
    """Ports of one pod, by the name of their setting. Those that follow from another are left out while that one is
    wrong itself."""
    ports = resolved.settings.ports
    found = {"server": ports.server, "ray": ports.ray}
    if resolved.image.supervised and (ports.server != ports.ray or ports.heartbeat):
        found["heartbeat"] = ports.heartbeat_port
    if resolved.image.supervised and (ports.server != ports.ray or ports.health):
        found["health"] = ports.health_port
    return found


@rule(
    "NIM081",
    "A port lies among those of Ray's workers",
    cause="Ray takes ports from 10002 to 19999 for its worker processes as they start, so that a server there fails on "
    "some starts and not on others.",
    cure="Use a port outside of that range.",
    reads=_READS,
)
def among_workers(resolved: Resolution) -> Iterator[Finding]:
    ports = _listening(resolved)
    follows = {"heartbeat": "ray", "health": "server"}
    for name, port in ports.items():
        first = ports[follows.get(name, name)]
        if port in _RAY_WORKERS and (first == port or first not in _RAY_WORKERS):
            why = f"Ray takes ports from {_RAY_WORKERS.start} to {_RAY_WORKERS.stop - 1} for its workers"
            yield Finding(f"nim.ports.{name}", port, why, "Use a port outside of that range.")
