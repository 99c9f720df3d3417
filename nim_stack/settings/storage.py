"""Where the model is kept, and how it gets there."""

from typing import Annotated, Literal

from pydantic import Field

from nim_stack.fields import AbsolutePath, Annotations, CountOrNone, ObjectName, Quantity, Settings


class Nfs(Settings):
    """A directory of an NFS server, mounted by the kubelet without a claim."""

    server: str = Field(min_length=1, max_length=253, description="Host name or address of the NFS server.")
    path: AbsolutePath = Field(description="Exported directory, an absolute path.")


class HostPath(Settings):
    """A directory of each node. Unless it is itself a mounted shared file system, each node downloads the model."""

    path: AbsolutePath = Field(description="Directory on the node, an absolute path.")
    create: bool = Field(True, description="true or false: whether a missing directory is made (by root, mode 0755).")
    shared: bool = Field(
        False, description="true or false: whether all nodes see the same files there, as on a mounted NFS or Lustre."
    )


class PerPod(Settings):
    """Storage of each pod's own: every pod downloads the model at every start."""

    storage_class: ObjectName | None = Field(
        None, description="Class of an ephemeral claim of each pod; without it an emptyDir on the node's disk."
    )
    size: Quantity | None = Field(
        None, description="Size of each pod's storage such as 500Gi; computed from the model when it is known."
    )


class Storage(Settings):
    """The model cache: a new claim unless one of existingClaim, nfs, hostPath and perPod says otherwise."""

    storage_class: ObjectName | None = Field(
        None, description="Name of a StorageClass that provisions ReadWriteMany claims."
    )
    existing_claim: ObjectName | None = Field(
        None, description="Name of a ReadWriteMany claim in the deployment's namespace, instead of a class."
    )
    nfs: Nfs | None = Field(None, description="Mapping with server and path, instead of a class.")
    host_path: HostPath | None = Field(None, description="Mapping with path, create and shared, instead of a class.")
    per_pod: PerPod | None = Field(
        None, description="Mapping with storageClass and size (or {}): each pod downloads for itself."
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
    annotations: Annotations = Field({}, description="Annotations of the new claim, text to text.")
    sub_path: Annotated[str, Field(pattern=r"^[^/].*$")] | None = Field(
        None, description="Directory inside the storage, a relative path, so that several models can share it."
    )
    read_only_workers: bool = Field(
        False, description="true or false: whether workers mount the shared cache read-only."
    )
    read_only: bool = Field(
        False, description="true or false: whether all pods mount a filled cache read-only; needs download.disabled."
    )


class Download(Settings):
    """How the model comes into the cache."""

    job: bool = Field(False, description="true or false: whether a Job fills the shared cache before pods hold GPUs.")
    disabled: bool = Field(
        False, description="true or false: whether nothing is downloaded, because the cache is filled already."
    )
    repository_override: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9+.-]*://\S+$",
        description="URL of a mirror that takes the place of NGC, such as https://mirror.example/nim.",
    )
    hub_endpoint: str | None = Field(
        None, pattern=r"^https?://\S+$", description="URL that takes the place of the Hugging Face hub."
    )
    retries: CountOrNone = Field(3, description="Whole number from 0: further tries of a failed download Job.")
