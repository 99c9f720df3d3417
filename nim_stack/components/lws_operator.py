"""LwsOperator: the LeaderWorkerSet controller, from its pinned release manifest.

One stack of a cluster installs it. Its CRDs outlive the stack, because deleting them deletes every model server of
the cluster, and the next install adopts them. With `retain` all of it does, and what kubectl, or a stack before this
one, has installed is taken over as it stands.
"""

import copy
from importlib.metadata import version
from typing import Any, NotRequired, TypedDict

import pulumi
from pydantic import Field

from nim_stack.base import names
from nim_stack.components.arguments import plain_arguments
from nim_stack.components.hooks.taken_name import explained
from nim_stack.lws.download import fetch_manifest
from nim_stack.lws.manifest import Release, ReleaseError, parse_release, resource_name, resource_type, taking_over
from nim_stack.values.types import Digest, Settings

_READY_IN = pulumi.CustomTimeouts(create="10m", update="10m")


class LwsOperatorArgs(TypedDict):
    """What an LwsOperator is made from."""

    manifest: str
    """URL or file of the release manifest, LWS 0.9 or newer. Plain: it decides which objects there are."""
    sha256: str
    """SHA-256 of the manifest's bytes: 64 lower-case hexadecimal digits."""
    retain: NotRequired[bool]
    """Whether the whole release is taken over where it is there, and outlives the stack; false without it."""
    adopting_provider: NotRequired[pulumi.ProviderResource]
    """Provider with `upsert_existing_objects` for what is taken over: the CRDs, or all of the release with `retain`.
    Without it an install cannot follow an uninstall."""


class _Plain(Settings):
    manifest: str = Field(min_length=1, description="URL or file of the release manifest.")
    sha256: Digest = Field(description="SHA-256 of the manifest: 64 lower-case hexadecimal digits.")
    retain: bool = Field(False, description="true or false.")


class LwsOperator(pulumi.ComponentResource):
    """Controller, webhooks and CRDs of LeaderWorkerSet; complete when the webhooks have their certificate."""

    namespace: pulumi.Output[str]
    """Name of the namespace in which the controller of LWS runs."""

    def __init__(self, name: str, args: LwsOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:LwsOperator", name, {}, opts)
        where = f"LwsOperator {name}"
        plain = plain_arguments(_Plain, args, {"adopting_provider"}, where)
        release = _release(plain.manifest, plain.sha256)
        adopter = args.get("adopting_provider")
        hooks = None if adopter is not None else pulumi.ResourceHookBinding(on_error=[_taken(name)])
        adopted = pulumi.ResourceOptions(parent=self, provider=adopter, retain_on_delete=True, hooks=hooks)
        child = adopted if plain.retain else pulumi.ResourceOptions(parent=self)
        if plain.retain:
            release = taking_over(release)

        def create(
            items: tuple[dict[str, Any], ...], after: list[pulumi.Resource], options: pulumi.ResourceOptions
        ) -> list[pulumi.Resource]:
            options = pulumi.ResourceOptions.merge(
                options, pulumi.ResourceOptions(depends_on=after, custom_timeouts=_READY_IN)
            )
            return [_Manifest(f"{name}-{resource_name(item)}", item, options) for item in items]

        namespaces = create(release.namespaces, [], child)
        crds = create(release.crds, [], adopted)
        foundations = create(release.foundations, namespaces, child)
        workloads = create(release.workloads, [*namespaces, *crds, *foundations], child)
        create(release.webhooks, workloads, child)

        self.namespace = pulumi.Output.from_input(names.LWS_NAMESPACE)
        self.register_outputs({"namespace": self.namespace})


def _taken(name: str) -> pulumi.ErrorHook:
    cure = "Or leave the LWS that is there as it is (nim.lws.mode = existing), where its version is 0.9 or newer."
    return explained(f"{name}-taken", "this part of LeaderWorkerSet", cure)


class _Manifest(pulumi.CustomResource):
    """One object of the release, registered as it stands.

    The typed classes would send the same, but only after translating the keys of 21,000 nodes of CRD schemas.
    """

    def __init__(self, name: str, item: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        secret = ["data", "stringData"] if item["kind"] == "Secret" else []
        plugin = pulumi.ResourceOptions(version=_PLUGIN_VERSION, additional_secret_outputs=secret)
        super().__init__(resource_type(item), name, copy.deepcopy(item), pulumi.ResourceOptions.merge(opts, plugin))


_PLUGIN_VERSION = version("pulumi-kubernetes")


def _release(manifest: str, sha256: str) -> Release:
    try:
        return parse_release(fetch_manifest(manifest, sha256))
    except ReleaseError as error:
        raise pulumi.RunError(f"nim.lws.manifest = {manifest!r}: {error}.") from None
