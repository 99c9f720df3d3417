"""What `pulumi up` of a stack makes, and by which resource the API server knows each object."""

from typing import NamedTuple

from nim_stack.base.documents import Json
from nim_stack.manifests.render import made_secrets, references, render
from nim_stack.manifests.smoke_job import ends_up, smoke_job
from nim_stack.plan import DeploymentPlan


class Kind(NamedTuple):
    """A kind of object, as rights and quotas name it."""

    group: str
    resource: str

    @property
    def counted(self) -> str:
        """What follows `count/` in a quota; of the core group there is no more than the resource."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


def made(plan: DeploymentPlan) -> list[Json]:
    """All objects but those of the LWS release; of a Secret the name alone, as its content is none of doctor's."""
    space = plan.settings.namespace
    secrets = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": space}}
        for name in made_secrets(plan)
    ]
    objects = [*secrets, *render(plan)]
    if ends_up(plan):
        used = references(plan)
        objects.append(smoke_job(plan, space, used.pull_secrets))
    return objects


def kind(item: Json) -> Kind:
    """The resource of an object, by the plural that kubectl guesses too (UnsafeGuessKindToResource of apimachinery).

    It is right for every kind that is made here, and saves asking the server, which may not serve a kind before this
    stack installs it.
    """
    name = item["kind"].lower()
    if name.endswith("s"):
        plural = f"{name}es"
    elif name.endswith("y"):
        plural = f"{name.removesuffix('y')}ies"
    else:
        plural = f"{name}s"
    return Kind(item["apiVersion"].rpartition("/")[0], plural)
