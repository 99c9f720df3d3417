"""One model and all that it needs: what stands under `nim:`."""

from typing import Literal

from pydantic import Field

from nim_stack.base import names
from nim_stack.settings.access import HttpRoute, Ingress, NetworkPolicy, PodMonitor, Ports, Service
from nim_stack.settings.cluster import Cluster, Lws, OwnCatalog
from nim_stack.settings.healing import Healing
from nim_stack.settings.pods import Pods, PodSecurity, Resources
from nim_stack.settings.rollout import Autoscaling, DisruptionBudget, Rollout, Timeouts
from nim_stack.settings.secrets import SecretNames
from nim_stack.settings.storage import Download, Storage
from nim_stack.values.types import (
    Count,
    CountFromZero,
    DeploymentName,
    EnvVar,
    KubernetesName,
    Labels,
    Precision,
    Settings,
)


class StackSettings(Settings):
    """One model, served by groups of nodes."""

    model: str = Field(
        min_length=1,
        description="Name in the model catalogue; hf://, ngc://, s3:// or gs:// and where it is there; or an absolute "
        "path inside the container.",
    )
    nodes: Count | None = Field(
        None,
        description="Whole number from 1: nodes of a group, the leader's included; it can be left out when the two "
        "parallel sizes are there.",
    )
    gpus_per_node: Count | None = Field(
        None,
        description="Whole number from 1: GPUs that the group's one pod on a node requests; without it those of a "
        "usual node of the GPU type, else 8.",
    )
    tensor_parallel: Count | None = Field(
        None, description="Whole number from 1; without it the GPUs of a node, as far as the model can be split so."
    )
    pipeline_parallel: Count | None = Field(
        None, description="Whole number from 1; without it the GPUs of a group / tensorParallel."
    )
    profile: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="NIM profile name such as vllm-bf16-tp8-pp2, or a hash, instead of the two sizes.",
    )
    precision: Precision | None = Field(
        None,
        description="bf16, fp16, fp8, int8, int4, mxfp4 or nvfp4; without it the one that the model is published in.",
    )
    replicas: CountFromZero = Field(1, description="Whole number from 0: groups that serve the model.")
    gpu: str | None = Field(None, description="GPU type in the catalogue; selects nodes of that type.")
    fabric: str | None = Field(None, description="Network between the nodes, by its name in the catalogue.")
    node_selector: Labels = Field({}, description="Further node labels, text to text.")

    name: DeploymentName = Field(
        "nim",
        description=f"At most {names.MAX_NAME} lower-case letters, digits and dashes, a letter first.",
    )
    namespace: KubernetesName = Field("nim", description="Name of a namespace: lower-case letters, digits and dashes.")
    create_namespace: bool = Field(True, description="true or false: whether the stack owns the namespace.")

    image: str | None = Field(
        None,
        pattern=r"^[a-z0-9][a-zA-Z0-9._:/-]*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|@sha256:[0-9a-f]{64})$",
        description="Image with a tag or digest, such as nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0.",
    )
    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] = Field(
        "IfNotPresent", description="IfNotPresent, Always or Never."
    )
    served_model_name: str | None = Field(None, min_length=1, description="Name of the model in the API.")
    max_model_len: Count | None = Field(None, description="Whole number from 1: longest sequence in tokens.")
    passthrough_args: tuple[str, ...] = Field((), description="List of further vLLM arguments.")
    env: tuple[EnvVar, ...] = Field((), description="List of {name, value} or {name, valueFrom}.")
    log_level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )

    storage: Storage = Field(Storage(), description="Mapping with storageClass, or another place.")
    download: Download = Field(
        Download(), description="Mapping with job, disabled, repositoryOverride, hubEndpoint and retries."
    )
    lws: Lws = Field(Lws(), description="install, existing, or a mapping with mode, version, manifest and sha256.")
    secrets: SecretNames = Field(SecretNames(), description="Mapping of names of existing Secrets.")
    ports: Ports = Field(Ports(), description="Mapping with server, ray, heartbeat and health.")
    resources: Resources = Field(
        Resources(), description="Mapping with cpu, memory, shm, ephemeralStorage and extended."
    )
    pod_security: PodSecurity = Field(
        PodSecurity(),
        description="Mapping with runAsUser, runAsGroup, fsGroup, supplementalGroups and assignedByCluster.",
    )
    pods: Pods = Field(Pods(), description="Mapping of fields of the pods, of both roles or under leader and worker.")
    service: Service = Field(
        Service(),
        description="Mapping with type, port, nodePort, annotations, loadBalancerClass and loadBalancerSourceRanges.",
    )
    ingress: Ingress | None = Field(
        None, description="Mapping with host, path, className, tlsSecret, scheme and annotations."
    )
    http_route: HttpRoute | None = Field(
        None, description="Mapping with parentRefs, hostnames, path, requestTimeout, scheme and annotations."
    )
    network_policy: NetworkPolicy | None = Field(None, description="Mapping with clients, egress and download, or {}.")
    pod_monitor: PodMonitor | None = Field(None, description="Mapping with interval and labels, or {}.")
    autoscaling: Autoscaling | None = Field(
        None, description="Mapping with minReplicas, maxReplicas, metrics and behavior; replicas is then left out."
    )
    disruption_budget: DisruptionBudget | None = Field(None, description="Mapping with maxUnavailable or minAvailable.")
    healing: Healing = Field(
        Healing(),
        description="Mapping with supervisor, tries, windowSeconds, rejoinSeconds, stallSeconds, waitForLeader and "
        "rayCheck.",
    )
    timeouts: Timeouts = Field(
        Timeouts(), description="Mapping with imagePullMinutes, downloadMinutes, loadMinutes and upMinutes."
    )
    cluster: Cluster = Field(Cluster(), description="Mapping with kubeconfig, context, kubernetesVersion and gpuNodes.")
    rollout: Rollout = Field(
        Rollout(), description="Mapping with maxSurge, maxUnavailable, partition and startupPolicy."
    )
    catalog: OwnCatalog = Field(
        OwnCatalog(), description="Mapping with models, gpus and fabrics, for what the catalogue does not have."
    )
    wait: bool = Field(True, description="true or false: whether `pulumi up` ends only when the model serves.")
    smoke: bool = Field(
        True, description="true or false: whether `pulumi up` ends only when a small Job got a completion; needs wait."
    )

    @property
    def least_groups(self) -> int:
        """Groups that a start makes."""
        return self.autoscaling.min_replicas if self.autoscaling else self.replicas

    @property
    def replicas_beside_autoscaler(self) -> int | None:
        """The number of groups that is given although an autoscaler sets it; None when only one of the two is given."""
        return self.replicas if self.autoscaling and "replicas" in self.model_fields_set else None

    @property
    def most_groups(self) -> int:
        """Groups that there may be, without those of an update."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas

    @property
    def most_starts(self) -> int:
        """Starts of groups in an update that replaces one group after the other."""
        return max(1, self.most_groups) + self.rollout.max_surge
