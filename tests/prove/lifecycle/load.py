"""Clients that ask all the while something is done to the cluster, and what they noticed of it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.deployment import until
from lab.observe import Leader
from nim_stack.base.documents import Json
from tests.prove.requests import Load, clients, overlapping

_LOAD = Load(clients=2, pause=0.05, tokens=8, timeout=120)
_AFTER_SECONDS = 3.0
_LAST_SECONDS = 120.0


@contextmanager
def asked_meanwhile(endpoint: str, least: int) -> Iterator[Json]:
    """Clients of the endpoint while the body runs; what is yielded is filled with what they measured.

    Raises:
        AssertionError: a request failed, or none was waiting while the body ran, or there were fewer than `least`.
    """
    service = Leader.of(endpoint)
    model = json.loads(service.request("/v1/models"))["data"][0]["id"]
    measured: Json = {}
    with clients(service, model, _LOAD) as load:
        until("the load runs", lambda: len(load.requests()) >= _LOAD.clients, 60)
        began = time.monotonic()
        yield measured
        ended = time.monotonic()
        time.sleep(_AFTER_SECONDS)
        until(f"{least} requests", lambda: len(load.requests()) >= least, _LAST_SECONDS)
        requests = load.requests()
    failed = [one.error for one in requests if one.error is not None]
    during = [one for one in overlapping(requests, began) if one.at <= ended]
    measured |= {
        "requests": len(requests),
        "requests meanwhile": len(during),
        "failed requests": len(failed),
        "longest request, seconds": round(max(one.seconds for one in requests), 1),
    }
    assert during, measured
    assert not failed, f"{len(failed)} requests failed, the first with: {failed[0]}; measured: {measured}"
