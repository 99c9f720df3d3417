"""What `nim-stack doctor` finds on the cluster, for a stack that is described and not deployed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.deployment import GROUP, NAMESPACE
from lab.inside import inside
from lab.pki import kubeconfig
from nim_stack.base.documents import Json
from nim_stack.deployment.keys import Keys
from nim_stack.operations.cluster.reader import connect
from nim_stack.operations.doctor.check import Preflight
from nim_stack.operations.doctor.examine import Report, examine, read
from nim_stack.plan import DeploymentPlan, plan_deployment
from nim_stack.settings import Cluster

SETTINGS: Json = {
    "name": GROUP,
    "namespace": NAMESPACE,
    "createNamespace": False,
    "model": "hf://lab/tiny-llama",
    "nodes": 2,
    "gpusPerNode": 1,
    "image": "localhost/nim-lab/open-nim:cpu-stand-in",
    "storage": {"storageClass": "lab-shared", "size": "1Gi"},
}
_EXPECTED = frozenset({("storage", "warning"), ("gpu-type", "warning")})
"""Of the lab: a provisioner that nobody knows, and nodes without a label of the GPU type."""


@dataclass(frozen=True)
class _Examine:
    plan: DeploymentPlan
    kubeconfig: str

    def __call__(self) -> Report:
        reader = connect(Cluster(kubeconfig=self.kubeconfig))
        return examine(Preflight(self.plan, read(reader, self.plan)))


def examined(settings: Mapping[str, Any], config: str | None = None) -> set[tuple[str, str]]:
    """Checks that found something, with how bad it is; what this lab always has is left out."""
    plan = plan_deployment({**SETTINGS, **settings}, keys=Keys(hub=True))
    report: Report = inside(_Examine(plan, config or str(kubeconfig())))
    found = {(row["check"], row["level"]) for row in report.document if row["level"] != "ok"}
    return found - _EXPECTED
