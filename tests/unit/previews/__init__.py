"""Previews: recorded ones by name, and ones made from settings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.manifests.leader_worker_set import leader_worker_set
from nim_stack.manifests.references import References, SecretRef
from nim_stack.operations.impact.report import Impact, read_impact
from nim_stack.plan import plan_deployment
from tests.unit.conftest import TINY

HERE = Path(__file__).parent
LWS = "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet"
_PARENT = "urn:pulumi:test::program::nim-stack:index:NimStack$"


def recorded(name: str) -> Impact:
    return read_impact((HERE / f"{name}.json").read_text())


def lws(**settings: Any) -> dict[str, Any]:
    """The state of a LeaderWorkerSet that this program would make."""
    plan = plan_deployment(_whole(settings), keys=EVERY_KEY)
    references = References("cache", SecretRef("ngc", "NGC_API_KEY"), SecretRef("hub", "HF_TOKEN"), ("pull",))
    inputs = leader_worker_set(plan, references, plan.settings.namespace)
    return state(LWS, inputs, customTimeouts={"create": plan.rollout_timeout, "update": plan.rollout_timeout})


def _whole(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with a place for the model are whole; others are changes of the small deployment."""
    return dict(settings) if "storage" in settings else {**TINY, **settings}


def state(kind: str, inputs: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": kind, "inputs": inputs, **more}


def step(op: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *fields: str) -> dict[str, Any]:
    """A step as the engine writes it; its URN follows from kind and name."""
    found = after or before or {}
    metadata = found["inputs"].get("metadata", {})
    urn = (
        f"{_PARENT}{found['type']}::{metadata.get('name')}" if found["type"].startswith("kubernetes:") else found["urn"]
    )
    written: dict[str, Any] = {"op": op, "urn": urn}
    written |= {"oldState": before} if before else {}
    written |= {"newState": after} if after else {}
    return written | ({"detailedDiff": {field: {"kind": "update"} for field in fields}} if fields else {})


def preview(*steps: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **more: Any) -> str:
    """A preview with these steps and no others."""
    ops = [written["op"] for written in steps]
    config = {"nim-stack:nim": json.dumps(_whole(settings))} if settings is not None else {}
    summary = {op: ops.count(op) for op in ops}
    return json.dumps({"config": config, "steps": steps, "changeSummary": summary, **more})


def impact(*steps: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **more: Any) -> Impact:
    return read_impact(preview(*steps, settings=settings, **more))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Impact:
    """From the one to the other settings, with the settings of after in the preview's config."""
    return impact(step("update", lws(**before), lws(**after)), settings=after)
