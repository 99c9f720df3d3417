"""Two models of one platform: one cache for their weights, one set of credentials, one LWS installation."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from nim_stack import Keys, LwsOperator, ModelCache, MultiNodeNim, NgcSecrets, connect, plan_deployment
from nim_stack.base.quantity import Quantity, gibibytes

NAMESPACE, SHARED = "models", "shared"
CLAIM = f"{SHARED}-model-cache"
"""ModelCache names its claim after the deployment. Settings are plain values, so that it is written out here."""

MODELS: dict[str, dict[str, Any]] = {
    "chat": {"model": "llama-3.1-405b-instruct", "precision": "fp8", "nodes": 2, "gpu": "h100"},
    "code": {"model": "qwen3-coder-480b-a35b-instruct", "precision": "fp8", "nodes": 2, "gpu": "h100"},
}
for name, settings in MODELS.items():
    settings |= {
        "name": name,
        "namespace": NAMESPACE,
        "fabric": "rdma-shared",
        "storage": {"existingClaim": CLAIM, "subPath": name},
    }

config = pulumi.Config()
cluster = connect("cluster")
here = pulumi.ResourceOptions(providers=[cluster.creating])

lws = LwsOperator(
    "lws",
    {
        "manifest": config.require("lwsManifest"),
        "sha256": config.require("lwsSha256"),
        "adopting_provider": cluster.adopting,
    },
    here,
)
# With the weights in it, the namespace outlives the stack, and the next `up` takes it over.
namespace = k8s.core.v1.Namespace(
    "namespace",
    metadata={"name": NAMESPACE, "annotations": {"pulumi.com/patchForce": "true"}},
    opts=pulumi.ResourceOptions(provider=cluster.adopting, retain_on_delete=True),
)
secrets = NgcSecrets(
    "credentials",
    {
        "deployment": SHARED,
        "namespace": namespace.metadata["name"],
        "ngc_api_key": config.require_secret("ngcApiKey"),
    },
    here,
)
plans = [plan_deployment(settings, keys=Keys(ngc=True)) for settings in MODELS.values()]
needed = [Quantity.parse(plan.storage_needed).bytes for plan in plans]
cache = ModelCache(
    "weights",
    {
        "deployment": SHARED,
        "namespace": namespace.metadata["name"],
        "storage_class": config.require("storageClass"),
        "size": gibibytes(sum(needed)),
        "adopting_provider": cluster.adopting,
    },
    here,
)
served = {
    name: MultiNodeNim(
        name,
        {
            "settings": settings,
            "namespace": namespace.metadata["name"],
            "cache_claim": cache.claim,
            "api_secret": secrets.api_secret,
            "pull_secrets": secrets.pull_secrets,
        },
        pulumi.ResourceOptions.merge(here, pulumi.ResourceOptions(depends_on=[lws])),
    )
    for name, settings in MODELS.items()
}
# What other stacks read (examples/consumer): plain, few and stable.
pulumi.export("models", {name: {"url": nim.endpoint, "model": nim.plan.served_name} for name, nim in served.items()})
