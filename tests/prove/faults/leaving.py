"""Rows on groups that leave while clients ask: a rolling update with surge, and one group fewer."""

import json
import time
from collections.abc import Mapping
from typing import Any

from lab.deployment import GROUP, NAMESPACE, Deployment, until
from nim_stack.base.documents import Json
from tests.prove.faults.pods import PodWatch
from tests.prove.faults.stage import SETTINGS, Stage, place_of
from tests.prove.requests import Clients, Load, clients, overlapping

LOAD = Load(clients=4, pause=0, tokens=8, timeout=120)
LEAST_REQUESTS = 500
GONE_SECONDS = 120.0
LAST_SECONDS = 300.0
AFTER_SECONDS = 5.0
"""Of load after the last pod has gone."""


def rolling_update(stage: Stage) -> Json:
    """Another setting, with one group more during the update: the new group serves before the old one drains."""
    stage.clear()
    with Deployment(**SETTINGS, rollout={"maxSurge": 1, "maxUnavailable": 0}) as it:
        it.up()
        return _change(it, {"maxModelLen": 192}, pods=2, kept=0)


def fewer_groups(stage: Stage) -> Json:
    """Two groups become one; each asks for less, so that the smoke Job finds room beside both."""
    stage.clear()
    with Deployment(**SETTINGS, replicas=2, resources={"cpu": "250m"}) as it:
        it.up()
        return _change(it, {"replicas": 1}, pods=2, kept=2)


def _change(it: Deployment, settings: Mapping[str, Any], *, pods: int, kept: int) -> Json:
    """Change the stack under load.

    Args:
        pods: how many there are at the end.
        kept: how many of these are there at the beginning.
    """
    place = place_of(it)
    model = json.loads(place.service.request("/v1/models"))["data"][0]["id"]
    before = it.identities()
    watch = PodWatch(NAMESPACE, GROUP)
    try:
        with clients(place.service, model, LOAD) as load:
            until("the load runs", lambda: len(load.requests()) >= LOAD.clients, 60)
            began = time.monotonic()
            it.configure(**settings)
            it.up()
            until("the old pods are gone", lambda: len(it.identities()) == pods, GONE_SECONDS)
            ended = time.monotonic()
            time.sleep(AFTER_SECONDS)
            until("enough requests", lambda: len(load.requests()) >= LEAST_REQUESTS, LAST_SECONDS, 1.0)
            after = it.identities()
            left = [one.at for one in watch.sights() if one.uid in before.values() and not one.in_service]
            return _judge(load, began, ended, min(left)) | {"pods_made_anew": _anew(before, after, kept)}
    finally:
        watch.close()


def _anew(before: Mapping[str, str], after: Mapping[str, str], kept: int) -> int:
    same = set(before.values()) & set(after.values())
    assert len(same) == kept, f"{len(same)} pods are those of before, not {kept}"
    return len(after) - len(same)


def _judge(load: Clients, began: float, ended: float, left: float) -> Json:
    """None failed; and some were sent while a group was leaving, or the row would say nothing."""
    requests = load.requests()
    failed = [one.error for one in requests if one.error is not None]
    during = [one for one in overlapping(requests, began) if one.at <= ended]
    leaving = [one for one in overlapping(requests, left) if one.at <= ended]
    assert leaving, "no request was sent while a group was leaving"
    measured = {
        "requests": len(requests),
        "failed_requests": len(failed),
        "requests_during_the_change": len(during),
        "requests_while_a_group_left": len(leaving),
        "longest_request_s": round(max(one.seconds for one in requests), 1),
        "change_s": round(ended - began, 1),
    }
    assert not failed, f"{len(failed)} requests failed, the first with: {failed[0]}; measured: {measured}"
    return measured
