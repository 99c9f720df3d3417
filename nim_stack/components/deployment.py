"""What the components that make pods of one deployment are given: its settings, and names of what the pods use."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from nim_stack.base import names
from nim_stack.components.arguments import given, named_arguments
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
    kubeconfig: NotRequired[pulumi.Input[str]]
    """Content or path of a kubeconfig of the cluster of `opts.provider`, with which a failed `up` is explained. Without
    it nothing reads that cluster; a provider of `connect` knows it."""


def plan_of_pods(args: MultiNodeNimArgs, where: str) -> DeploymentPlan:
    """The plan; whether there is a key is known by the presence of its Secret's name.

    Raises:
        pulumi.RunError: with every reason why there is none, or with arguments that contradict the settings.
    """
    named_arguments(args, MultiNodeNimArgs, where)
    if isinstance(args.get("pull_secrets"), str):
        raise pulumi.RunError(f"{where}: {_NOT_A_LIST}")
    keys = Keys(
        ngc=given(args.get("api_secret")),
        hub=given(args.get("hf_secret")),
        pull=args.get("pull_secrets") is not None,
    )
    plan = planned(args.get("settings"), args.get("plan"), keys, where)
    _one_claim(args.get("cache_claim"), plan, where)
    if isinstance(args["namespace"], str):
        _same_namespace(args["namespace"], plan, where)
    return plan


def namespace_of(args: MultiNodeNimArgs, plan: DeploymentPlan, where: str) -> pulumi.Output[str]:
    """The namespace. Where the settings name it too, it is known before an Output is, and they have to agree."""
    if "namespace" not in plan.settings.model_fields_set:
        return pulumi.Output.from_input(args["namespace"])

    def same(found: object) -> str:
        if isinstance(found, str):
            _same_namespace(found, plan, where)
        return plan.settings.namespace

    return pulumi.Output.from_input(args["namespace"]).apply(same, run_with_unknowns=True)


def references(args: MultiNodeNimArgs, plan: DeploymentPlan, where: str) -> pulumi.Output[References]:
    """The names, once all of them are known. A claim that the settings name is known before an Output is."""
    claim: pulumi.Output[str | None] = pulumi.Output.from_input(args.get("cache_claim"))
    existing = plan.settings.storage.existing_claim

    def same(found: object) -> str | None:
        if isinstance(found, str):
            _same_claim(found, plan, where)
        return existing

    return pulumi.Output.all(
        claim=claim.apply(same, run_with_unknowns=True) if args.get("cache_claim") and existing else claim,
        api=args.get("api_secret"),
        hub=args.get("hf_secret"),
        pulls=args.get("pull_secrets", []),
        digest=args.get("keys_digest"),
    ).apply(lambda found: _references(found, where))


def _references(found: Mapping[str, Any], where: str) -> References:
    if isinstance(found["pulls"], str):
        raise pulumi.RunError(f"{where}: {_NOT_A_LIST}")
    return References(
        cache_claim=found["claim"],
        api_secret=_secret(found["api"], names.NGC_KEY),
        hf_secret=_secret(found["hub"], names.HF_KEY),
        pull_secrets=tuple(found["pulls"] or []),
        keys_digest=found["digest"],
    )


_NOT_A_LIST = "pull_secrets is a text. It is a list of names of Secrets, such as ['registry']."


def _one_claim(claim: object, plan: DeploymentPlan, where: str) -> None:
    place = next(iter(plan.settings.storage.places))
    if claim is None and place == "storageClass":
        raise pulumi.RunError(
            f"{where}: nim.storage.storageClass asks for a new claim, which this component does not make. Make it with "
            "ModelCache, and give its output claim as cache_claim."
        )
    if claim is not None and place not in ("storageClass", "existingClaim"):
        raise pulumi.RunError(
            f"{where}: cache_claim names a claim, and nim.storage.{place} another place for the model. Leave one out."
        )
    if isinstance(claim, str):
        _same_claim(claim, plan, where)


def _same_claim(claim: str, plan: DeploymentPlan, where: str) -> None:
    existing = plan.settings.storage.existing_claim
    if existing is not None and existing != claim:
        raise pulumi.RunError(
            f"{where}: nim.storage.existingClaim = {existing!r} and cache_claim = {claim!r} name two claims. Leave one "
            "out, or give both the same name."
        )


def _same_namespace(namespace: str, plan: DeploymentPlan, where: str) -> None:
    said = plan.settings.namespace
    if "namespace" in plan.settings.model_fields_set and said != namespace:
        raise pulumi.RunError(
            f"{where}: nim.namespace = {said!r} and namespace = {namespace!r} name two namespaces. Leave nim.namespace "
            "out, or give both the same name."
        )


def _secret(secret: str | Mapping[str, str] | None, usual: str) -> SecretRef | None:
    if not secret:
        return None
    return SecretRef(secret, usual) if isinstance(secret, str) else SecretRef(secret["name"], secret["key"])
