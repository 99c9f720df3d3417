"""Every policy of the pack: what it is called, its level, its parameters as JSON schema, and the function that judges.

A policy whose parameters have no default judges nothing until they are given, and its level is `mandatory` then. The
others are `advisory`, since a stack that nim_stack takes is one that works.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nim_policy.budget import gpu_budget
from nim_policy.guard import guarded_routes
from nim_policy.images import allowed_images, pinned_images
from nim_policy.models import allowed_models
from nim_policy.rdma import rdma_for_tensor_parallel
from nim_policy.verdict import Verdict
from nim_policy.weights import weights_retained

Schema = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Described:
    """One policy.

    Attributes:
        judge: takes one Resource, or with `of_stack` all of them, and the parameters.
        of_stack: judged when all resources are registered; else each resource is judged before it is made.
        parameters: name → JSON schema with `description`, and `default` where there is one.
    """

    name: str
    description: str
    level: Literal["advisory", "mandatory"]
    judge: Callable[..., Verdict]
    of_stack: bool = False
    parameters: Schema = field(default_factory=dict)


def _globs(description: str, default: list[str] | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "description": description}
    return schema if default is None else schema | {"default": default}


def _count(description: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "description": description}


def _switch(description: str, default: bool) -> dict[str, Any]:
    return {"type": "boolean", "description": description, "default": default}


_GPUS = _globs("Globs of the extended resources that are GPUs.", ["nvidia.com/gpu"])

POLICIES = (
    Described(
        "gpu-budget",
        "A stack, and its part of a namespace, ask for no more GPUs than their budget.",
        "mandatory",
        gpu_budget,
        of_stack=True,
        parameters={
            "stack": _count("GPUs that the whole stack may ask for."),
            "namespace": _count("GPUs that the stack may ask for in each namespace."),
            "namespaces": {
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 0},
                "description": "Name of a namespace → GPUs that the stack may ask for there, in place of `namespace`.",
            },
            "gpuResources": _GPUS,
            "includeSurge": _switch("Whether the groups that a rollout adds for a time are counted.", False),
        },
    ),
    Described(
        "pinned-images",
        "Images have a tag that does not move, or a digest.",
        "advisory",
        pinned_images,
        parameters={
            "require": {
                "type": "string",
                "enum": ["tag", "digest"],
                "default": "tag",
                "description": "`tag`: a tag that does not move, or a digest. `digest`: a digest.",
            },
            "movingTags": _globs("Globs of tags that move.", ["latest"]),
        },
    ),
    Described(
        "rdma-for-tensor-parallel",
        "Tensor parallel goes across nodes only with RDMA or NVLink between the nodes.",
        "advisory",
        rdma_for_tensor_parallel,
        parameters={
            "gpuResources": _GPUS,
            "rdmaResources": _globs("Globs of further extended resources that mean RDMA.", []),
            "rdmaAnnotations": _globs("Globs of further annotations of pods that mean RDMA.", []),
        },
    ),
    Described(
        "weights-retained",
        "The claim of the model cache outlives the stack.",
        "advisory",
        weights_retained,
        of_stack=True,
    ),
    Described(
        "guarded-routes",
        "A model that is reached from outside of the cluster has an API key or a NetworkPolicy.",
        "advisory",
        guarded_routes,
        of_stack=True,
        parameters={
            "keyVariables": _globs("Variables that hold the API key.", ["VLLM_API_KEY"]),
            "acceptNetworkPolicy": _switch("Whether a NetworkPolicy does in place of a key.", True),
        },
    ),
    Described(
        "allowed-models",
        "Models are on the list.",
        "mandatory",
        allowed_models,
        parameters={
            "models": _globs("Globs of models, such as `meta-llama/*`. Without the list every model is allowed.")
        },
    ),
    Described(
        "allowed-images",
        "Images are on the list.",
        "mandatory",
        allowed_images,
        parameters={"images": _globs("Globs of images, such as `nvcr.io/*`. Without the list every image is allowed.")},
    ),
)


NOT_JUDGED = "not-judged"
"""Name of the policy that reports what the others leave open. Its level is `advisory`; a pack that has it at
`mandatory` lets nothing through that it could not judge."""
NOT_JUDGED_DESCRIPTION = "What the other policies could not judge is said."
