"""NgcSecrets: the keys that pods need, as Secrets with fixed names, or the names of Secrets that exist.

Rotating a key changes the Secret in place (with a provider that has `enable_secret_mutable`) and restarts nothing:
a key is used when an image is pulled or a model downloaded, and a serving group needs neither. Who wants a restart all
the same puts `keys_digest` on the pods. Another provider deletes the Secret and makes it anew: a serving group does not
notice that either, and a pod that starts in between waits for the Secret (docs/providers.md).

The digest is the one thing derived from a key that is not secret, since a secret inside the pod template would hide the
whole of it in every preview. It is safe to show: keys are random and far longer than can be guessed, and 64 bits of a
hash, salted with the deployment's name, say no more than whether they changed.
"""

import hashlib
from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from nim_stack.base import names
from nim_stack.components.arguments import given, plain_arguments, required_arguments
from nim_stack.components.deployment import SecretKeyArgs
from nim_stack.components.placed import once_made
from nim_stack.manifests import credentials
from nim_stack.settings.secrets import HfTokenSecret, NgcApiSecret, SecretKey
from nim_stack.values.types import DeploymentName, ObjectName, Settings


class NgcSecretsArgs(TypedDict):
    """Arguments of NgcSecrets: keys of which Secrets are made, or names of Secrets that exist."""

    deployment: str
    """Name of the deployment; the Secrets are named after it."""
    namespace: pulumi.Input[str]
    ngc_api_key: NotRequired[pulumi.Input[str] | None]
    """NGC API key: becomes the API key Secret and the image pull Secret, where no existing one is named. None and an
    empty text are no key; an Output is one, and is refused when its value turns out to be empty."""
    hf_token: NotRequired[pulumi.Input[str] | None]
    """Token for the Hugging Face hub; likewise."""
    existing_api_secret: NotRequired[str | SecretKeyArgs]
    """Name of a Secret with the key NGC_API_KEY, or name and key."""
    existing_pull_secrets: NotRequired[list[str]]
    existing_hf_secret: NotRequired[str | SecretKeyArgs]
    """Name of a Secret with the key HF_TOKEN, or name and key."""


class _Plain(Settings):
    deployment: DeploymentName = Field(description="Name of the deployment.")
    existing_api_secret: NgcApiSecret | None = Field(None, description="Name of a Secret, or {name, key}.")
    existing_pull_secrets: tuple[ObjectName, ...] = Field((), description="List of names of Secrets.")
    existing_hf_secret: HfTokenSecret | None = Field(None, description="Name of a Secret, or {name, key}.")


class NgcSecrets(pulumi.ComponentResource):
    """Names of the Secrets for API key, image pulls and hub; only names leave this component, and a digest."""

    api_secret: pulumi.Output[SecretKeyArgs | None]
    """Name of the Secret, and the key in it."""
    pull_secrets: pulumi.Output[list[str]]
    hf_secret: pulumi.Output[SecretKeyArgs | None]
    """Name of the Secret, and the key in it."""
    keys_digest: pulumi.Output[str | None]
    """Changes with the keys that the stack holds; none when it holds none."""

    def __init__(self, name: str, args: NgcSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:NgcSecrets", name, {}, opts)
        where = f"NgcSecrets {name}"
        plain = plain_arguments(_Plain, args, {"namespace", "ngc_api_key", "hf_token"}, where)
        required_arguments(args, NgcSecretsArgs, where)
        deployment = plain.deployment
        key = _key(args.get("ngc_api_key"), "ngc_api_key", where)
        token = _key(args.get("hf_token"), "hf_token", where)
        api, pulls, hub = plain.existing_api_secret, plain.existing_pull_secrets, plain.existing_hf_secret
        self._namespace, self._labels = args["namespace"], names.labels(deployment, "credentials")

        self.api_secret = pulumi.Output.from_input(_reference(api))
        self.pull_secrets = pulumi.Output.from_input(list(pulls))
        self.hf_secret = pulumi.Output.from_input(_reference(hub))
        held: list[pulumi.Input[str]] = []
        if key is not None and api is None:
            held.append(key)
            made = self._create(f"{name}-api", names.api_secret(deployment), names.NGC_KEY, key)
            self.api_secret = made.apply(lambda secret: {"name": secret, "key": names.NGC_KEY})
        if key is not None and not pulls:
            config = pulumi.Output.secret(key).apply(credentials.docker_config)
            pull = self._create(
                f"{name}-pull",
                names.pull_secret(deployment),
                ".dockerconfigjson",
                config,
                "kubernetes.io/dockerconfigjson",
            )
            self.pull_secrets = pull.apply(lambda secret: [secret])
        if token is not None and hub is None:
            held.append(token)
            made = self._create(f"{name}-hf", names.hf_secret(deployment), names.HF_KEY, token)
            self.hf_secret = made.apply(lambda secret: {"name": secret, "key": names.HF_KEY})
        self.keys_digest = pulumi.Output.unsecret(
            pulumi.Output.all(*held).apply(lambda keys: _digest(deployment, keys) if keys else None)
        )
        self.register_outputs(
            {
                "apiSecret": self.api_secret,
                "pullSecrets": self.pull_secrets,
                "hfSecret": self.hf_secret,
                "keysDigest": self.keys_digest,
            }
        )

    def _create(
        self, name: str, secret_name: str, key: str, value: pulumi.Input[str], kind: str = "Opaque"
    ) -> pulumi.Output[str]:
        secret = k8s.core.v1.Secret(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=secret_name, namespace=self._namespace, labels=self._labels),
            type=kind,
            string_data={key: pulumi.Output.secret(value)},
            # A provider without enable_secret_mutable replaces a Secret whose key changed. The name is fixed, so that
            # the new one cannot be made beside the old one.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        return once_made(secret, secret_name)


def _key(value: pulumi.Input[str] | None, argument: str, where: str) -> pulumi.Input[str] | None:
    """The key, where there is one; a value that is known later is judged then."""

    def checked(known: object) -> str:
        if not isinstance(known, str) or not known:
            raise pulumi.RunError(
                f"{where}: {argument} is an Output whose value is empty. Set the key, or leave {argument} out where "
                "there is no key."
            )
        return known

    if isinstance(value, pulumi.Output):
        later: pulumi.Output[str] = value
        return later.apply(checked)
    return value if given(value) else None


def _reference(secret: SecretKey | None) -> SecretKeyArgs | None:
    return None if secret is None else {"name": secret.name, "key": secret.key}


def _digest(deployment: str, keys: Sequence[str]) -> str:
    return hashlib.sha256("\0".join((deployment, *keys)).encode()).hexdigest()[:16]
