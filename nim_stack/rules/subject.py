"""What a rule may look at: the resolved settings, the plan that follows from them, and the finished pods."""

from dataclasses import dataclass
from functools import cached_property

from nim_stack.base.documents import Manifest
from nim_stack.deployment.derive import derive
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.deployment.resolution import Resolution
from nim_stack.manifests.pods import ROLES, References, Role, pod_template


@dataclass(frozen=True)
class Subject(Resolution):
    """One deployment before it is judged."""

    @cached_property
    def plan(self) -> DeploymentPlan:
        """What would run if no rule objected."""
        return derive(self)

    @cached_property
    def templates(self) -> dict[Role, Manifest]:
        """Pod templates of that plan; names of objects that are known later stand for any."""
        return {role: pod_template(self.plan, References("any"), role) for role in ROLES}
