"""Changes of a stack, and what `nim-stack impact` has to say of each: data for the matrix `impact`.

The stack they start from is Pulumi.dev.yaml with the settings of BASE. Its pods find no node, so that a change costs no
model start: whether LWS makes a new revision and the pods anew does not depend on their serving.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BASE: Mapping[str, Any] = {
    "namespace": "prove-impact",
    "name": "prove",
    "lws": "existing",
    "wait": False,
    "nodeSelector": {"nim-stack/prove": "no-node-has-this"},
}


@dataclass(frozen=True)
class Change:
    """Settings over those of BASE (None removes one), and what follows."""

    settings: Mapping[str, Any]
    rolls: bool = False
    """Whether LWS makes a new revision and every pod anew."""
    approvals: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Secrets that the stack no longer has."""
    rotated: str | None = None
    """Secret that gets another value."""


_OUTAGE = ("outage",)
_ROLLS: dict[str, Mapping[str, Any]] = {
    "max-model-len": {"maxModelLen": 256},
    "log-level": {"logLevel": "DEBUG"},
    "served-name": {"servedModelName": "other"},
    "further-argument": {"passthroughArgs": ["--seed", "1"]},
    "further-variable": {"env": [{"name": "FURTHER", "value": "1"}]},
    "image": {"image": "localhost/nim-lab/open-nim:another"},
    "pull-policy": {"imagePullPolicy": "Never"},
    "model": {"model": "hf://lab/other"},
    "split": {"tensorParallel": 1, "pipelineParallel": 2},
    "load-minutes": {"timeouts": {"loadMinutes": 6}},
    "pull-minutes": {"timeouts": {"imagePullMinutes": 3}},
    "memory": {"resources": {"memory": "7Gi"}},
    "shared-memory": {"resources": {"shm": "2Gi"}},
    "server-port": {"ports": {"server": 8080}},
    "ray-port": {"ports": {"ray": 6380}},
    "node-selector": {"nodeSelector": {"nim-stack/prove": "nor-this"}},
    "user": {"podSecurity": {"runAsUser": 1001}},
    "fewer-nodes": {"nodes": 1, "tensorParallel": 1},
}
"""Changes of the pods or of the size, with one group and no surge."""

_SILENT: dict[str, Mapping[str, Any]] = {
    "nothing": {},
    "surge-allowed": {"rollout": {"maxSurge": 1}},
    "unavailable-allowed": {"rollout": {"maxUnavailable": 2}},
    "wait": {"wait": True, "timeouts": {"upMinutes": 1}},
    "cpu-in-other-words": {"resources": {"cpu": "0.5"}},
    "memory-in-other-words": {"resources": {"memory": "6144Mi"}},
    "gpu-nodes": {"cluster": {"gpuNodes": 4}},
    "namespace-and-claim-kept": {"storage": {"retain": True}},
}
"""Changes that no pod notices."""

_GONE = ("deletion", "address")
CHANGES: dict[str, Change] = {
    **{name: Change(settings, True, _OUTAGE) for name, settings in _ROLLS.items()},
    **{name: Change(settings) for name, settings in _SILENT.items()},
    "more-groups": Change({"replicas": 2}, approvals=("gpus",)),
    "no-groups": Change({"replicas": 0}, approvals=_OUTAGE),
    "more-groups-and-a-roll": Change({"replicas": 2, "maxModelLen": 256}, True, ("gpus",)),
    "roll-with-surge": Change({"rollout": {"maxSurge": 1, "maxUnavailable": 0}, "maxModelLen": 256}, True),
    "more-gpus": Change(
        {"gpusPerNode": 2, "tensorParallel": 2, "pipelineParallel": 2, "resources": {"memory": "10Gi"}},
        True,
        ("outage", "gpus"),
    ),
    "key-rotated": Change({}, rotated="nim-stack:ngcApiKey"),
    "token-removed": Change({}, True, ("outage", "deletion"), without=("nim-stack:hfToken",)),
    "token-elsewhere": Change({"secrets": {"hfTokenSecret": "theirs"}}, True, ("outage", "deletion")),
    "claim-elsewhere": Change(
        {"storage": {"storageClass": None, "size": None, "existingClaim": "theirs"}}, True, ("outage", "deletion")
    ),
    "renamed": Change({"name": "renamed"}, approvals=_GONE),
    "moved": Change({"namespace": "prove-impact-moved"}, approvals=_GONE),
}
