"""Where the model is kept, and how it gets there."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from nim_stack.values.types import AbsolutePath, Annotations, CountFromZero, ObjectName, Quantity, Settings


def _inside(path: str) -> str:
    if ".." in path.split("/"):
        raise ValueError("it leaves the storage, which Kubernetes refuses")
    return path


def _straight(path: str) -> str:
    if ".." in path.split("/"):
        raise ValueError("it has .. in it, which Kubernetes refuses")
    return path


class Nfs(Settings):
    """A directory of an NFS server, mounted by the kubelet without a claim. Namespaces at the Pod Security level
    `restricted` allow it by claims alone."""

    server: str = Field(
        pattern=r"^[^\s/]+$", max_length=253, description="Host name or address of the NFS server, known to the nodes."
    )
    path: AbsolutePath = Field(description="Exported directory, an absolute path.")


class HostPath(Settings):
    """A directory of each node, which exists there and can be written by nim.podSecurity.runAsUser or its group.

    One that the kubelet makes belongs to root with mode 0755, and fsGroup does not apply to it: the model's process
    could not write there, so that none is made. Namespaces at the level `baseline` or `restricted` refuse such pods.
    """

    path: Annotated[AbsolutePath, AfterValidator(_straight)] = Field(
        description="Existing directory on the node, an absolute path."
    )
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
    """The model cache: a new claim of a class, or one of existingClaim, nfs, hostPath and perPod."""

    storage_class: ObjectName | None = Field(
        None, description="Name of a StorageClass that provisions ReadWriteMany claims."
    )
    existing_claim: ObjectName | None = Field(
        None, description="Name of a ReadWriteMany claim in the deployment's namespace, instead of a class."
    )
    nfs: Nfs | None = Field(None, description="Mapping with server and path, instead of a class.")
    host_path: HostPath | None = Field(None, description="Mapping with path and shared, instead of a class.")
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
    sub_path: Annotated[str, Field(pattern=r"^[^/].*$"), AfterValidator(_inside)] | None = Field(
        None, description="Directory inside the storage, a relative path, so that several models can share it."
    )
    read_only_workers: bool = Field(
        False, description="true or false: whether workers mount the shared cache read-only."
    )
    read_only: bool = Field(
        False,
        description="true or false: whether all pods mount a filled cache read-only; needs download.disabled or "
        "download.job.",
    )

    @property
    def places(self) -> tuple[str, ...]:
        """Settings that name a place, as the stack file spells them; one is meant to."""
        given = {
            "storageClass": self.storage_class,
            "existingClaim": self.existing_claim,
            "nfs": self.nfs,
            "hostPath": self.host_path,
            "perPod": self.per_pod,
        }
        return tuple(name for name, value in given.items() if value is not None)

    @property
    def makes_claim(self) -> bool:
        """Whether the stack makes a claim, of the class that is named."""
        return self.storage_class is not None

    @property
    def shared(self) -> bool:
        """Whether all pods see the same files, so that one download serves them all."""
        return self.per_pod is None and (self.host_path is None or self.host_path.shared)


class Download(Settings):
    """How the model comes into the cache."""

    job: bool = Field(False, description="true or false: whether a Job fills the shared cache before pods hold GPUs.")
    disabled: bool = Field(
        False, description="true or false: whether nothing is downloaded, because the cache is filled already."
    )
    repository_override: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9+.-]*://\S+$",
        description="URL of a mirror that takes the place of NGC, such as https://mirror.example/nim or s3://mirror.",
    )
    hub_endpoint: str | None = Field(
        None, pattern=r"^https?://\S+$", description="URL that takes the place of the Hugging Face hub."
    )
    retries: CountFromZero = Field(3, description="Whole number from 0: further tries of a failed download Job.")
