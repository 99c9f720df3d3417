"""Every deployment that tests know: the example stacks, and the variants of the matrices of settings."""

from dataclasses import dataclass
from typing import Any

from nim_stack.base.documents import Manifest
from nim_stack.deployment.keys import EVERY_KEY
from nim_stack.manifests.render import render
from nim_stack.plan import DeploymentPlan, plan_deployment
from tests.examples import NAMES, Example
from tests.matrix_access import access_matrix
from tests.matrix_settings import settings_matrix


@dataclass(frozen=True)
class Deployment:
    """A plan, and the objects that it is deployed as."""

    plan: DeploymentPlan
    manifests: list[Manifest]


def matrix() -> dict[str, dict[str, Any]]:
    """Settings of all variants by their names."""
    return access_matrix() | settings_matrix()


def names() -> list[str]:
    """All deployments, without planning one."""
    return [*matrix(), *(f"example-{name}" for name in NAMES)]


def deployment(name: str) -> Deployment:
    """The deployment of a name, with both keys; an example with those that its comment asks for."""
    settings = matrix().get(name)
    if settings is None:
        example = Example(name.removeprefix("example-"))
        return Deployment(example.plan, example.manifests)
    return planned(settings)


def planned(settings: dict[str, Any]) -> Deployment:
    plan = plan_deployment(settings, keys=EVERY_KEY)
    return Deployment(plan, render(plan))
