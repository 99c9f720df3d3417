"""The cluster: what is installed there and what is known of it."""

from typing import Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from nim_stack.catalog.entries import FabricSpec, GpuSpec, ModelSpec
from nim_stack.values.types import Count, Digest, Settings, Version


class Lws(Settings):
    """The LeaderWorkerSet controller. Exactly one stack of a cluster installs it, the others find it there."""

    mode: Literal["install", "existing"] = Field("existing", description="install or existing.")
    manifest: str = Field(
        "https://github.com/kubernetes-sigs/lws/releases/download/v0.9.0/manifests.yaml",
        min_length=1,
        description="URL or file of the release manifest, LWS 0.9 or newer.",
    )
    sha256: Digest | None = Field(None, description="SHA-256 of the manifest: 64 lower-case hexadecimal digits.")
    retain: bool = Field(
        False,
        description="true or false: whether an LWS that the stack installs belongs to the cluster: one that is there "
        "is taken over, and it outlives the stack.",
    )
    version: Version | None = Field(
        None, description="Version of the LWS that is there already, such as 0.9.0, so that it can be judged."
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_the_mode_alone(cls, value: Any) -> Any:
        return {"mode": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        whole = handler.resolve_ref_schema(handler(core))
        return {"description": whole.pop("description"), "anyOf": [whole["properties"]["mode"], whole]}


class Cluster(Settings):
    """Which cluster, and what is known of it; without a kubeconfig KUBECONFIG decides."""

    kubeconfig: str | None = Field(None, min_length=1, description="Path of a kubeconfig file.")
    context: str | None = Field(None, min_length=1, description="Name of a context in the kubeconfig.")
    kubernetes_version: Version | None = Field(None, description="Version of the API server such as 1.33.")
    gpu_nodes: Count | None = Field(None, description="Whole number from 1: nodes whose GPUs this stack may have.")


class OwnCatalog(Settings):
    """Entries that the shipped catalogue does not have, in the form of its files."""

    models: tuple[ModelSpec, ...] = Field((), description="List of models, as in config/models.")
    gpus: tuple[GpuSpec, ...] = Field((), description="List of GPU types, as in config/gpus.yaml.")
    fabrics: tuple[FabricSpec, ...] = Field((), description="List of fabrics, as in config/fabrics.yaml.")
