"""What the components that make pods of one deployment are given: its settings, and names of what the pods use."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from nim_stack.base import names
from nim_stack.base.problems import RefusedError
from nim_stack.manifests.references import References, SecretRef
from nim_stack.plan import DeploymentPlan, plan_deployment


class SecretKeyArgs(TypedDict):
    name: str
    key: str


class MultiNodeNimArgs(TypedDict):
    settings: dict[str, Any]
    """The settings of a stack file's `nim:`. Plain: they decide sizes, which must be known at preview."""
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


def planned(args: MultiNodeNimArgs, where: str) -> DeploymentPlan:
    """The plan; whether there is a key is known by the presence of its Secret's name.

    Raises:
        pulumi.RunError: with every reason why there is none.
    """
    try:
        plan = plan_deployment(
            args["settings"],
            has_ngc_key=args.get("api_secret") is not None,
            has_hf_token=args.get("hf_secret") is not None,
            has_pull_secret=args.get("pull_secrets") is not None,
            where=where,
        )
    except RefusedError as refused:
        raise pulumi.RunError(str(refused)) from None
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
