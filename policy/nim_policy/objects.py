"""The objects of a stack, as the engine names them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nim_policy.values import mapping, read

LWS = "leaderworkerset.x-k8s.io"
HELM_RELEASE = "kubernetes:helm.sh/v3:Release"
"""A release's objects are made by the plugin, and the engine never sees them."""


@dataclass(frozen=True)
class Resource:
    """One resource of the stack.

    Attributes:
        type: the engine's token, such as `kubernetes:batch/v1:Job`.
        urn: the resource's URN, which has the types of the components above it.
        props: its properties; what is not known yet is `UNKNOWN`.
        protect: whether Pulumi refuses to delete it.
    """

    type: str
    urn: str
    props: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False

    @property
    def kind(self) -> str:
        """Kubernetes' kind; empty for what is not of Kubernetes."""
        return self.type.rpartition(":")[2] if self.type.startswith("kubernetes:") else ""

    @property
    def group(self) -> str:
        """API group; `core` for Kubernetes' first one."""
        return self.type.partition(":")[2].partition("/")[0]

    @property
    def parents(self) -> list[str]:
        """Types of the components above it, the outermost first."""
        return self.urn.split("::")[2].split("$")[:-1]

    @property
    def namespace(self) -> str:
        """Empty for the default namespace of the provider.

        Raises:
            NotKnownError: before the update.
        """
        return str(read(self.props, "metadata", "namespace") or "")

    @property
    def name(self) -> str:
        """The object's name; empty where the plugin will make one up.

        Raises:
            NotKnownError: before the update.
        """
        return str(read(self.props, "metadata", "name") or "")

    @property
    def title(self) -> str:
        """How messages call it; by the resource's name where the object's own is not known."""
        metadata = self.props.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        return f"{self.kind} {name if isinstance(name, str) else self.urn.rpartition('::')[2]}"

    @property
    def labels(self) -> Mapping[str, str]:
        """Raises:
        NotKnownError: before the update.
        """
        return mapping(self.props, "metadata", "labels")

    @property
    def annotations(self) -> Mapping[str, str]:
        """Raises:
        NotKnownError: before the update.
        """
        return mapping(self.props, "metadata", "annotations")


def of_kind(resources: Iterable[Resource], group: str, *kinds: str) -> list[Resource]:
    """Resources of these kinds, whatever their API version."""
    return [resource for resource in resources if resource.group == group and resource.kind in kinds]
