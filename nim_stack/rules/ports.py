"""Rules on ports inside the pods."""

from collections.abc import Iterator

from nim_stack import names
from nim_stack.context import Context
from nim_stack.rules.base import Finding, rule

_RAY_WORKERS = range(10002, 20000)
"""Ray gives its worker processes ports of this range (docs.ray.io, configuring Ray, ports)."""
_HEALTH_VARIABLE = "NIM_HEALTH_PORT"


@rule(
    "NIM080",
    "Two servers share a port",
    cause="The second one to start fails, as the port is taken.",
    cure="Use another port for one of them.",
    reads=frozenset({"nim.ports", "nim.env"}),
)
def shared(context: Context) -> Iterator[Finding]:
    ports = context.settings.ports
    if ports.server == ports.ray:
        why = "the API and Ray cannot listen on the same port"
        instead = f"Use another port for one of the two; the defaults are {names.SERVER_PORT} and {names.RAY_PORT}."
        yield Finding("nim.ports.ray", ports.ray, why, instead)
    for position, variable in enumerate(context.settings.env):
        if variable.name == _HEALTH_VARIABLE and variable.value in (str(ports.server), str(ports.ray)):
            other = "the API" if variable.value == str(ports.server) else "Ray"
            why = f"{_HEALTH_VARIABLE} is the port of {other}"
            yield Finding(f"nim.env.{position}.value", variable.value, why, "Use another port, or leave it out.")


@rule(
    "NIM081",
    "A port lies among those of Ray's workers",
    cause="Ray takes ports from 10002 to 19999 for its worker processes as they start, so that a server there fails on "
    "some starts and not on others.",
    cure="Use a port outside of that range.",
    reads=frozenset({"nim.ports"}),
)
def among_workers(context: Context) -> Iterator[Finding]:
    ports = context.settings.ports
    for name, port in (("server", ports.server), ("ray", ports.ray)):
        if port in _RAY_WORKERS:
            why = f"Ray takes ports from {_RAY_WORKERS.start} to {_RAY_WORKERS.stop - 1} for its workers"
            yield Finding(f"nim.ports.{name}", port, why, "Use a port outside of that range.")
