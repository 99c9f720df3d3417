"""The pods of a group: both roles alike, unless `leader` or `worker` says otherwise.

What Kubernetes has a type for is written as Kubernetes writes it and checked against that type.
"""

from typing import Literal

from pydantic import Field

from nim_stack.values.kubernetes.types import (
    Affinity,
    Container,
    PodResourceClaim,
    PodSecurityContext,
    PodTemplatePatch,
    SecurityContext,
    Toleration,
    TopologySpreadConstraint,
    Volume,
    VolumeMount,
)
from nim_stack.values.types import Annotations, Count, EnvVar, Label, Labels, ObjectName, Quantity, Settings

Role = Literal["leader", "worker"]


class Resources(Settings):
    """What each pod asks for beside its GPUs."""

    cpu: str | None = Field(
        None, pattern=r"^[0-9]+(\.[0-9]+)?m?$", description="CPU request of each pod such as 16 or 500m."
    )
    memory: Quantity | None = Field(
        None, description="Memory request and limit of each pod such as 256Gi; /dev/shm counts against it."
    )
    shm: Quantity = Field("16Gi", description="Size of /dev/shm such as 16Gi.")
    ephemeral_storage: Quantity | None = Field(
        None, description="Request and limit of disk that each pod writes outside of volumes, such as 50Gi."
    )
    extended: dict[Label, Quantity] = Field(
        {}, description="Further devices of each pod, resource name to quantity, such as rdma/hca_shared: '1'."
    )

    def overridden(self, role: "Resources | None") -> "Resources":
        """With what a role says itself; its devices are beside those of both roles."""
        if role is None:
            return self
        said = {name: getattr(role, name) for name in role.model_fields_set}
        return self.model_copy(update=said | {"extended": self.extended | role.extended})


class PodSecurity(Settings):
    """The identity of the processes; the defaults are those of the NIM image."""

    run_as_user: Count = Field(1000, description="Numeric user id from 1.")
    run_as_group: Count = Field(1000, description="Numeric group id from 1.")
    fs_group: Count = Field(1000, description="Numeric group id from 1 that owns the model cache.")
    assigned_by_cluster: bool = Field(
        False, description="true or false: whether the cluster gives the ids, as OpenShift's restricted-v2 does."
    )
    supplemental_groups: tuple[Count, ...] = Field((), description="List of further numeric group ids.")


class _PodFields(Settings):
    """What can be said of one role, or of both."""

    labels: Labels = Field({}, description="Further labels, text to text.")
    annotations: Annotations = Field({}, description="Further annotations, text to text.")
    tolerations: tuple[Toleration, ...] = Field(
        (), description="List of Kubernetes tolerations, beside that of the GPU taint."
    )
    affinity: Affinity | None = Field(
        None, description="Kubernetes affinity; the rule that keeps a group's pods on different nodes is added."
    )
    topology_spread_constraints: tuple[TopologySpreadConstraint, ...] = Field(
        (), description="List of Kubernetes topologySpreadConstraints; without labelSelector of this deployment's pods."
    )
    volumes: tuple[Volume, ...] = Field((), description="List of Kubernetes volumes.")
    volume_mounts: tuple[VolumeMount, ...] = Field(
        (), description="List of Kubernetes volumeMounts of the model container."
    )
    init_containers: tuple[Container, ...] = Field(
        (),
        description="List of Kubernetes containers that run before the model's container starts; one with "
        "restartPolicy Always goes on running beside it.",
    )
    sidecars: tuple[Container, ...] = Field(
        (), description="List of Kubernetes containers that run beside the model's."
    )
    patch: PodTemplatePatch = Field(
        {}, description="Strategic merge patch of the pod template, {metadata, spec}, for what no setting names."
    )


class RolePods(_PodFields):
    """Fields of the pods of one role, beside or over those of both."""

    env: tuple[EnvVar, ...] = Field((), description="List of {name, value} or {name, valueFrom}, over nim.env.")
    node_selector: Labels = Field({}, description="Node labels beside those of both roles, text to text.")
    resources: Resources | None = Field(None, description="Mapping with fields of nim.resources, over those.")


class Queue(Settings):
    """The queue of a scheduler that admits a group as a whole or not at all."""

    kind: Literal["kueue", "kai", "volcano"] = Field(description="kueue, kai or volcano.")
    name: str = Field(
        pattern=r"^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$",
        max_length=63,
        description="Name of the queue; with Kueue of a LocalQueue in the deployment's namespace.",
    )


class ComputeDomain(Settings):
    """A NVLink domain over several nodes (NVIDIA DRA driver): made by the stack, or an existing claim template."""

    resource_claim_template: ObjectName | None = Field(
        None, description="Name of the ResourceClaimTemplate of an existing ComputeDomain; without it one is made."
    )


class Pods(_PodFields):
    """Fields of the pods of both roles."""

    exclusive_topology: Label | None = Field(
        None, description="Node label such as a rack's: each group has one of its values to itself."
    )
    scheduler_name: ObjectName | None = Field(
        None, description="Name of a scheduler; without it the one that a queue of KAI or Volcano needs."
    )
    queue: Queue | None = Field(None, description="Mapping with kind (kueue, kai or volcano) and name.")
    priority_class: ObjectName | None = Field(None, description="Name of a PriorityClass.")
    runtime_class: ObjectName | None = Field(None, description="Name of a RuntimeClass such as nvidia.")
    service_account: ObjectName | None = Field(None, description="Name of an existing ServiceAccount.")
    host_network: bool = Field(False, description="true or false: whether pods use the node's network.")
    resource_claims: tuple[PodResourceClaim, ...] = Field(
        (), description="List of Kubernetes resourceClaims (DRA) that the model container uses."
    )
    compute_domain: ComputeDomain | None = Field(
        None,
        description="Mapping with resourceClaimTemplate, or {} for a new domain, which a fabric of NVLink implies.",
    )
    security_context: PodSecurityContext = Field(
        {}, description="Kubernetes pod securityContext, over the one of podSecurity."
    )
    container_security_context: SecurityContext = Field(
        {}, description="Kubernetes securityContext of the model container, over the restricted one."
    )
    termination_grace_period_seconds: Count = Field(
        60,
        description="Whole seconds from 1 to finish requests in flight before the kill.",
    )
    leader: RolePods = Field(RolePods(), description="Mapping of fields for the leader alone.")
    worker: RolePods = Field(RolePods(), description="Mapping of fields for the workers alone.")

    def of(self, role: Role) -> RolePods:
        """Fields of one role alone."""
        return self.leader if role == "leader" else self.worker
