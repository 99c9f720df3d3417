"""ModelCache: the ReadWriteMany claim that holds the weights.

Weights are precious: with `retain` the claim outlives `pulumi destroy` and the next `up` adopts it and downloads
nothing. That is `retain_on_delete`, not `protect`: the engine checks `protect` first and refuses the whole destroy.

A claim can change neither its class nor its access mode, so the resource plugin would delete it and make another. That
is refused: both are ignored in diffs, which keeps the claim as it is, and what it then has is compared with what was
asked for. Another deployment name is another resource, so that it can have another class. A hook before deletion would
be the other way, but it makes `pulumi destroy` need the program.

A claim can grow, in place, where its class allows expansion; it cannot shrink (claim_size).
"""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field, model_validator

from nim_stack.base import names
from nim_stack.components.arguments import plain_arguments, required_arguments
from nim_stack.components.hooks.claim_size import AWAY, size_hooks
from nim_stack.components.hooks.taken_name import explained
from nim_stack.components.placed import placed, unknown
from nim_stack.deployment.derive import UNKNOWN_STORAGE
from nim_stack.manifests.storage import cache_claim
from nim_stack.values.types import Annotations, DeploymentName, ObjectName, Quantity, Settings


class ModelCacheArgs(TypedDict):
    """Arguments of ModelCache: `storage_class` for a new claim, or `existing_claim`."""

    deployment: str
    """Name of the deployment; the claim is named after it."""
    namespace: pulumi.Input[str]
    storage_class: NotRequired[str]
    """Class that provisions ReadWriteMany claims."""
    size: NotRequired[str]
    existing_claim: NotRequired[str]
    """Claim to use instead of making one."""
    access_mode: NotRequired[str]
    """Access mode of a new claim; ReadWriteMany when it is not given."""
    retain: NotRequired[bool]
    """Whether the claim outlives the stack; true without it."""
    annotations: NotRequired[Mapping[str, str]]
    adopting_provider: NotRequired[pulumi.ProviderResource]
    """Provider with `upsert_existing_objects`, as `connect` makes one; without it a retained claim cannot be taken up
    again, and the next `up` after a `destroy` fails."""


class _Plain(Settings):
    deployment: DeploymentName = Field(description="Name of the deployment.")
    storage_class: ObjectName | None = Field(None, description="Name of a class with ReadWriteMany.")
    size: Quantity = Field(UNKNOWN_STORAGE, description="Size such as 500Gi.")
    existing_claim: ObjectName | None = Field(None, description="Name of a ReadWriteMany claim.")
    access_mode: Literal["ReadWriteMany", "ReadWriteOnce"] = Field(
        "ReadWriteMany", description="ReadWriteMany or ReadWriteOnce."
    )
    retain: bool = Field(True, description="true or false.")
    annotations: Annotations = Field({}, description="Mapping of text to text.")

    @model_validator(mode="after")
    def _one_of_two(self) -> "_Plain":
        if (self.storage_class is None) == (self.existing_claim is None):
            raise ValueError("give either storage_class or existing_claim")
        return self


class ModelCache(pulumi.ComponentResource):
    """Shared storage for the weights: a new claim, one kept from before, or an existing one by name."""

    claim: pulumi.Output[str]
    """Name of the PersistentVolumeClaim that the pods mount, whether it is new or existed before."""

    def __init__(self, name: str, args: ModelCacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:ModelCache", name, {}, opts)
        plain = plain_arguments(_Plain, args, {"namespace", "adopting_provider"}, f"ModelCache {name}")
        required_arguments(args, ModelCacheArgs, f"ModelCache {name}")
        if plain.storage_class is None:
            self.claim = pulumi.Output.from_input(plain.existing_claim or "")
        else:
            self.claim = self._create(f"{name}-claim", args, plain, plain.storage_class)
        self.register_outputs({"claim": self.claim})

    def _create(self, name: str, args: ModelCacheArgs, plain: _Plain, wanted: str) -> pulumi.Output[str]:
        retain, adopting, claim_name = plain.retain, args.get("adopting_provider"), names.cache_claim(plain.deployment)
        manifest = cache_claim(
            plain.deployment,
            "",
            wanted,
            plain.size,
            adopt=retain,
            access_mode=plain.access_mode,
            annotations=plain.annotations,
        )
        claim = k8s.core.v1.PersistentVolumeClaim(
            name,
            **placed(manifest, pulumi.Output.from_input(args["namespace"])),
            opts=pulumi.ResourceOptions(
                parent=self,
                # The claim had no name of its component before, so that two caches of one deployment name collided.
                aliases=[pulumi.Alias(name=claim_name)],
                provider=adopting if retain else None,
                retain_on_delete=retain,
                ignore_changes=["spec.storageClassName", "spec.accessModes"],
                hooks=_hooks(name, claim_name, wanted, taken=retain and adopting is None),
            ),
        )

        def same(present: object, modes: object) -> str:
            """The name from the plan; what a preview cannot know is compared when `up` runs.

            Raises:
                pulumi.RunError: the claim has another class or access mode.
            """
            if isinstance(present, str) and present != wanted:
                raise pulumi.RunError(_changed("storageClass", "class", claim_name, present, wanted))
            if isinstance(modes, list) and modes and modes != [plain.access_mode]:
                raise pulumi.RunError(
                    _changed("accessMode", "access mode", claim_name, ", ".join(modes), plain.access_mode)
                )
            return claim_name

        there = claim.spec.apply(
            lambda spec: (None, None) if unknown(spec) else (spec.storage_class_name, spec.access_modes),
            run_with_unknowns=True,
        )
        return pulumi.Output.all(claim.urn, there).apply(lambda found: same(*found[1]))


def _hooks(name: str, claim: str, storage_class: str, *, taken: bool) -> pulumi.ResourceHookBinding:
    hooks = size_hooks(name, claim, storage_class)
    if taken:
        cure = f"Or name it in existing_claim (nim.storage.existingClaim = {claim!r}), and the stack uses it as it is."
        hooks.on_error = [*(hooks.on_error or []), explained(f"{name}-taken", f"the claim {claim}", cure)]
    return hooks


def _changed(setting: str, what: str, claim: str, present: str, wanted: str) -> str:
    return (
        f"nim.storage.{setting} = {wanted!r}: the claim {claim} has the {what} {present!r}, and a claim cannot change "
        f"it; replacing the claim would delete the weights. Set it back to {present!r}; {AWAY}."
    )
