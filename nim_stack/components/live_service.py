"""LiveService: one address for the clients of a model, in front of one of several deployments.

Another model, size or image comes as a deployment of its own beside the one that serves. When it has answered, the
Service is switched to it, and the old one goes. Back is the same switch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from nim_stack.base import names
from nim_stack.components.arguments import plain_arguments
from nim_stack.components.multi_node_nim import MultiNodeNim
from nim_stack.components.placed import placed
from nim_stack.components.reach import cluster_key, provider_of
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.services import live_service
from nim_stack.values.types import DeploymentName, Port, Settings


@dataclass(frozen=True)
class Deployed:
    """A deployment that another program's component made, as far as a LiveService has to know it."""

    plan: DeploymentPlan
    namespace: pulumi.Output[str]
    """Depends on what has to serve before clients are switched to it."""


class LiveServiceArgs(TypedDict):
    """What a LiveService is made from."""

    name: str
    """Name of the Service, which clients use. Plain: it must not be that of a deployment."""
    deployments: Mapping[str, MultiNodeNim | Deployed]
    """Deployments of one namespace and one served model name, under names of their own such as blue and green."""
    live: str
    """Which of them the clients reach."""
    port: NotRequired[int]
    """Port of the Service; 8000 when it is not given."""


class _Plain(Settings):
    name: DeploymentName = Field(
        description=f"At most {names.MAX_NAME} lower-case letters, digits and dashes, a letter first."
    )
    live: str = Field(description="Name of one of the deployments.")
    port: Port = Field(names.SERVICE_PORT, description="Port from 1 to 65535 of the Service.")


class LiveService(pulumi.ComponentResource):
    """A Service that leads to the live deployment, and is switched only when that serves."""

    endpoint: pulumi.Output[str]
    """Base URL of the OpenAI API inside the cluster; it stays the same whichever deployment is live."""
    model: str
    """Name of the model in the API."""

    def __init__(self, name: str, args: LiveServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:LiveService", name, {}, opts)
        where = f"LiveService {name}"
        plain, deployments = plain_arguments(_Plain, args, {"deployments"}, where), args["deployments"]
        if problems := [*_problems(plain, deployments)]:
            raise pulumi.RunError(f"{where}: {' '.join(problems)}")
        live = deployments[plain.live]
        if not (live.plan.settings.wait and live.plan.settings.least_groups):
            pulumi.log.warn(
                f"{where}: live = {plain.live!r}: nothing waits for this deployment to serve (wait is false, or it has "
                "no groups), so that clients may be switched to pods that are not there.",
                self,
            )
        k8s.core.v1.Service(
            f"{name}-service",
            **placed(live_service(plain.name, live.plan.settings.name, plain.port), live.namespace),
            # After its smoke Job: until the new deployment has answered, clients stay with the old one.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[live] if isinstance(live, pulumi.Resource) else None,
                provider=self._provider_of(live) if isinstance(live, MultiNodeNim) else None,
            ),
        )
        self.model = live.plan.served_name
        self.endpoint = live.namespace.apply(lambda space: names.service_url(plain.name, space, plain.port))
        self.register_outputs({"endpoint": self.endpoint, "model": self.model})

    def _provider_of(self, live: MultiNodeNim) -> pulumi.ProviderResource | None:
        """That of the deployment, where the LiveService has none and the environment does not name the cluster."""
        return None if provider_of(self) is not None or live.reach.ambient else provider_of(live)


def _problems(plain: _Plain, deployments: Mapping[str, MultiNodeNim | Deployed]) -> list[str]:
    """Why clients could not be switched between these deployments."""
    found = []
    if plain.live not in deployments:
        there = ", ".join(sorted(deployments)) or "none"
        found.append(f"live = {plain.live!r}: the deployments are {there}. Name one of them.")
    settings = {which: deployment.plan.settings for which, deployment in deployments.items()}
    for which, own in settings.items():
        if plain.name in (own.name, names.leader_service(own.name)):
            found.append(
                f"name = {plain.name!r}: the deployment {which} has a Service of this name already. Use another one."
            )
    served = {which: deployment.plan.served_name for which, deployment in deployments.items()}
    if len(set(served.values())) > 1:
        found.append(
            f"the deployments serve {_each(served)}: a client asks by one name, and would be refused after the switch. "
            "Set servedModelName to one name in all of them."
        )
    spaces = {which: own.namespace for which, own in settings.items()}
    if len(set(spaces.values())) > 1:
        found.append(
            f"the deployments are in the namespaces {_each(spaces)}: a Service reaches pods of its own alone. Use one."
        )
    made_here = [deployment for deployment in deployments.values() if isinstance(deployment, MultiNodeNim)]
    if len({cluster_key(provider_of(deployment)) for deployment in made_here} - {(None, None)}) > 1:
        found.append("the deployments are in several clusters: a Service reaches pods of its own alone. Use one.")
    return found


def _each(values: Mapping[str, str]) -> str:
    return ", ".join(f"{value} ({which})" for which, value in sorted(values.items()))
