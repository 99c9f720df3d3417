"""Whether the lab is well: every component is asked, none is assumed."""

import urllib.request
from collections.abc import Callable

from lab import machine, network, node
from lab.address import CONTROL, GATEWAY, HUB_URL, NODES
from lab.api import Api
from lab.inside import inside

CHECKS: dict[str, Callable[[Api], bool]] = {
    "API server": lambda api: api.call("GET", "/readyz")["text"] == "ok",
    **{name: (lambda api, name=name: node.is_ready(api, name)) for name in NODES},  # type: ignore[misc]
}

_URLS = {
    "CoreDNS": f"http://{GATEWAY}:8181/ready",
    "kube-proxy": f"http://{GATEWAY}:10256/healthz",
    "hub stand-in": f"{HUB_URL}/_lab/requests",
}


def health() -> dict[str, str]:
    """Component → "ok" or what is wrong; every component of the lab is in it."""
    if not network.NETNS_PATH.exists():
        return {"network namespace": "absent"}
    alive = {name for _, name in machine.running()}
    missing = {name: "not running" for name in (CONTROL, *NODES) if name not in alive}
    return missing or inside(_health)


def _health() -> dict[str, str]:
    result = {}
    api = Api()
    for name, check in CHECKS.items():
        try:
            result[name] = "ok" if check(api) else "not ready"
        except (OSError, KeyError) as trouble:
            result[name] = str(trouble)
    for name, url in _URLS.items():
        try:
            with urllib.request.urlopen(url, timeout=3) as answer:
                result[name] = "ok" if answer.status == 200 else f"HTTP {answer.status}"
        except OSError as trouble:
            result[name] = str(trouble)
    return result


def is_healthy() -> bool:
    """Whether every component of the lab answers its health check."""
    found = health()
    return bool(found) and all(state == "ok" for state in found.values())
