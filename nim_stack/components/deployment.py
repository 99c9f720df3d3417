"""What the components that make pods of one deployment are given: its settings, and names of what the pods use."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi

from nim_stack.base import names
from nim_stack.components.planning import SettingsArgs, planned
from nim_stack.deployment.keys import Keys
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.references import References, SecretRef


class SecretKeyArgs(TypedDict):
    """One key of a Secret that exists."""

    name: str
    key: str


class MultiNodeNimArgs(TypedDict):
    """Arguments of MultiNodeNim and ModelDownload: `settings` or `plan`, and the names of what the pods use."""

    settings: NotRequired[SettingsArgs]
    """The settings of a stack file's `nim:`. Plain: they decide sizes, which must be known at preview."""
    plan: NotRequired[DeploymentPlan]
    """The plan of these settings, where the caller has it. It is made anew when the settings say something else."""
    namespace: pulumi.Input[str]
    cache_claim: NotRequired[pulumi.Input[str | None]]
    """Name of a ReadWriteMany claim; without it the settings say where the model is kept."""
    api_secret: NotRequired[pulumi.Input[str | SecretKeyArgs | None]]
    """Name of a Secret with the key NGC_API_KEY, or name and key."""
    pull_secrets: NotRequired[pulumi.Input[list[str]]]
    hf_secret: NotRequired[pulumi.Input[str | SecretKeyArgs | None]]
    """Name of a Secret with the key HF_TOKEN, or name and key."""
    keys_digest: NotRequired[pulumi.Input[str | None]]
    """Changes with the keys: groups then restart when they do."""


def plan_of_pods(args: MultiNodeNimArgs, where: str) -> DeploymentPlan:
    """The plan; whether there is a key is known by the presence of its Secret's name.

    Raises:
        pulumi.RunError: with every reason why there is none.
    """
    keys = Keys(
        ngc=args.get("api_secret") is not None,
        hub=args.get("hf_secret") is not None,
        pull=args.get("pull_secrets") is not None,
    )
    plan = planned(args.get("settings"), args.get("plan"), keys, where)
    place = next(iter(plan.settings.storage.places))
    if args.get("cache_claim") is not None and place not in ("storageClass", "existingClaim"):
        raise pulumi.RunError(
            f"{where}: cache_claim names a claim, and nim.storage.{place} another place for the model. Leave one out."
        )
    return plan


def references(args: MultiNodeNimArgs) -> pulumi.Output[References]:
    """The names, once all of them are known."""
    return pulumi.Output.all(
        claim=args.get("cache_claim"),
        api=args.get("api_secret"),
        hub=args.get("hf_secret"),
        pulls=args.get("pull_secrets", []),
        digest=args.get("keys_digest"),
    ).apply(
        lambda found: References(
            cache_claim=found["claim"],
            api_secret=_secret(found["api"], names.NGC_KEY),
            hf_secret=_secret(found["hub"], names.HF_KEY),
            pull_secrets=tuple(found["pulls"] or []),
            keys_digest=found["digest"],
        )
    )


def _secret(given: str | Mapping[str, str] | None, usual: str) -> SecretRef | None:
    if given is None:
        return None
    return SecretRef(given, usual) if isinstance(given, str) else SecretRef(given["name"], given["key"])
