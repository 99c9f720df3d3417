"""What a stack may say: the settings under `nim:` in the stack file.

The common case is three keys: model, nodes and storage class. Every field's description says which values work, since
it is the end of the message that refuses a wrong one. All of them are plain values, never `Input`: sizes decide the
shape of the manifests and must be known at preview.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from nim_stack import names
from nim_stack.fields import (
    Count,
    CountOrNone,
    DeploymentName,
    Digest,
    EnvVar,
    KubernetesName,
    ObjectName,
    Port,
    Precision,
    Quantity,
    Settings,
    Version,
)
from nim_stack.specs import FabricSpec, GpuSpec, ModelSpec

__all__ = ["EnvVar", "Settings", "StackSettings"]


class Ports(Settings):
    server: Port = Field(
        names.SERVER_PORT, description="Port from 1 to 65535 on which the container serves API, health and metrics."
    )
    ray: Port = Field(names.RAY_PORT, description="Port from 1 to 65535 on which Ray's head listens.")


class Storage(Settings):
    """The model cache that all nodes of a group share."""

    storage_class: ObjectName | None = Field(
        None, description="Name of a StorageClass that provisions ReadWriteMany claims."
    )
    existing_claim: ObjectName | None = Field(
        None, description="Name of a ReadWriteMany claim in the deployment's namespace, instead of a class."
    )
    size: Quantity | None = Field(
        None, description="Size of the new claim such as 500Gi; computed from the model when it is known."
    )
    access_mode: Literal["ReadWriteMany", "ReadWriteOnce"] = Field(
        "ReadWriteMany", description="ReadWriteMany, or ReadWriteOnce where one pod alone uses the claim."
    )
    retain: bool = Field(
        True, description="true or false: whether claim and namespace outlive `pulumi destroy` with the weights."
    )


class Lws(Settings):
    """The LeaderWorkerSet controller. Exactly one stack of a cluster installs it, the others find it there."""

    mode: Literal["install", "existing"] = Field("existing", description="install or existing.")
    manifest: str = Field(
        "https://github.com/kubernetes-sigs/lws/releases/download/v0.9.0/manifests.yaml",
        min_length=1,
        description="URL or file of the release manifest, LWS 0.9 or newer.",
    )
    sha256: Digest | None = Field(None, description="SHA-256 of the manifest: 64 lower-case hexadecimal digits.")
    version: Version | None = Field(
        None, description="Version of the LWS that is there already, such as 0.9.0, so that it can be judged."
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_the_mode_alone(cls, value: Any) -> Any:
        return {"mode": value} if isinstance(value, str) else value


class SecretNames(Settings):
    """Secrets that exist in the namespace already; without them the stack makes its own from `ngcApiKey`/`hfToken`."""

    ngc_api_secret: ObjectName | None = Field(None, description=f"Name of a Secret with the key {names.NGC_KEY}.")
    image_pull_secrets: tuple[ObjectName, ...] = Field(
        (), description="List of names of kubernetes.io/dockerconfigjson Secrets."
    )
    hf_token_secret: ObjectName | None = Field(None, description=f"Name of a Secret with the key {names.HF_KEY}.")


class Resources(Settings):
    """What each pod asks for beside its GPUs."""

    cpu: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?m?$")] | None = Field(
        None, description="CPU request of each pod such as 16 or 500m."
    )
    memory: Quantity | None = Field(
        None, description="Memory request and limit of each pod such as 256Gi; /dev/shm counts against it."
    )
    shm: Quantity = Field("16Gi", description="Size of /dev/shm such as 16Gi.")


class PodSecurity(Settings):
    """The identity of the processes; the defaults are those of the NIM image."""

    run_as_user: Count = Field(1000, description="Numeric user id from 1.")
    run_as_group: Count = Field(1000, description="Numeric group id from 1.")
    fs_group: Count = Field(1000, description="Numeric group id from 1 that owns the model cache.")


class Timeouts(Settings):
    """Phases of a start, where the computed time does not fit this cluster. All others are derived from them."""

    image_pull_minutes: Count | None = Field(None, description="Whole minutes from 1 to pull the image on a node.")
    download_minutes: Count | None = Field(None, description="Whole minutes from 1 to download the model.")
    load_minutes: Count | None = Field(None, description="Whole minutes from 1 to load weights and warm up.")


class Rollout(Settings):
    """How an update replaces groups."""

    max_surge: CountOrNone = Field(0, description="Whole number from 0: groups beside the wanted ones in an update.")
    max_unavailable: CountOrNone = Field(
        1, description="Whole number from 0: groups that an update takes down at once."
    )
    startup_policy: Literal["LeaderCreated", "LeaderReady"] = Field(
        "LeaderCreated",
        description="LeaderCreated; LeaderReady is refused, since leader and workers would wait for each other.",
    )


class OwnCatalog(Settings):
    """Entries that the shipped catalogue does not have, in the form of its files."""

    models: tuple[ModelSpec, ...] = Field((), description="List of models, as in config/models.")
    gpus: tuple[GpuSpec, ...] = Field((), description="List of GPU types, as in config/gpus.yaml.")
    fabrics: tuple[FabricSpec, ...] = Field((), description="List of fabrics, as in config/fabrics.yaml.")


class Cluster(Settings):
    """Which cluster, and what is known of it; without a kubeconfig KUBECONFIG decides."""

    kubeconfig: str | None = Field(None, min_length=1, description="Path of a kubeconfig file.")
    context: str | None = Field(None, min_length=1, description="Name of a context in the kubeconfig.")
    kubernetes_version: Version | None = Field(None, description="Version of the API server such as 1.33.")
    gpu_nodes: Count | None = Field(None, description="Whole number from 1: nodes whose GPUs this stack may have.")


class StackSettings(Settings):
    """One model, served by groups of nodes."""

    model: str = Field(
        min_length=1, description="Name in the model catalogue, hf://<owner>/<model>, or a path inside the container."
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
    replicas: CountOrNone = Field(1, description="Whole number from 0: groups that serve the model.")
    gpu: str | None = Field(None, description="GPU type in the catalogue; selects nodes of that type.")
    fabric: str | None = Field(None, description="Network between the nodes, by its name in the catalogue.")
    node_selector: dict[str, str] = Field({}, description="Further node labels, text to text.")

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
    env: tuple[EnvVar, ...] = Field((), description="List of {name, value}.")
    log_level: Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )

    storage: Storage = Field(Storage(), description="Mapping with storageClass or existingClaim.")
    lws: Lws = Field(Lws(), description="install, existing, or a mapping with mode, version, manifest and sha256.")
    secrets: SecretNames = Field(SecretNames(), description="Mapping of names of existing Secrets.")
    ports: Ports = Field(Ports(), description="Mapping with server and ray.")
    resources: Resources = Field(Resources(), description="Mapping with cpu, memory and shm.")
    pod_security: PodSecurity = Field(PodSecurity(), description="Mapping with runAsUser, runAsGroup and fsGroup.")
    timeouts: Timeouts = Field(
        Timeouts(), description="Mapping with imagePullMinutes, downloadMinutes and loadMinutes."
    )
    cluster: Cluster = Field(Cluster(), description="Mapping with kubeconfig, context, kubernetesVersion and gpuNodes.")
    rollout: Rollout = Field(Rollout(), description="Mapping with maxSurge, maxUnavailable and startupPolicy.")
    catalog: OwnCatalog = Field(
        OwnCatalog(), description="Mapping with models, gpus and fabrics, for what the catalogue does not have."
    )
    wait: bool = Field(True, description="true or false: whether `pulumi up` ends only when the model serves.")
