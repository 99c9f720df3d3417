"""One address for clients, and the deployment behind it exchanged for another one that has answered before."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from nim_stack import LiveService, NimStack, NimStackArgs, connect

config = pulumi.Config()
name, namespace, live = config.require("name"), config.require("namespace"), config.require("live")
deployments: dict[str, dict[str, Any]] = config.require_object("deployments")
ngc_api_key, hf_token = config.get_secret("ngcApiKey"), config.get_secret("hfToken")

# With weights in it, the namespace outlives the stack, and the next `up` takes it over.
space = k8s.core.v1.Namespace(
    "namespace",
    metadata={"name": namespace, "annotations": {"pulumi.com/patchForce": "true"}},
    opts=pulumi.ResourceOptions(provider=connect("cluster").adopting, retain_on_delete=True),
)


def deployment(colour: str, settings: dict[str, Any]) -> NimStack:
    """A deployment with a cache and Secrets of its own; clients find the model under the common name."""
    own = {"name": f"{name}-{colour}", "namespace": namespace, "createNamespace": False, "servedModelName": name}
    args: NimStackArgs = {"settings": settings | own}
    if ngc_api_key is not None:
        args["ngc_api_key"] = ngc_api_key
    if hf_token is not None:
        args["hf_token"] = hf_token
    return NimStack(colour, args, pulumi.ResourceOptions(depends_on=[space]))


served = {colour: deployment(colour, settings) for colour, settings in deployments.items()}
service = LiveService(
    "live",
    {"name": name, "deployments": {colour: one.server for colour, one in served.items()}, "live": live},
)
pulumi.export("endpoint", service.endpoint)
pulumi.export("model", service.model)
pulumi.export("deployments", {colour: one.exports for colour, one in served.items()})
