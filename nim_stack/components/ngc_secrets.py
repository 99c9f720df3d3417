"""NgcSecrets: the keys that pods need, as Secrets with fixed names, or the names of Secrets that exist.

Rotating a key changes the Secret in place (with a provider that has `enable_secret_mutable`) and restarts nothing:
a key is used when an image is pulled or a model downloaded, and a serving group needs neither.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s
from pydantic import Field

from nim_stack import names
from nim_stack.components.arguments import plain_arguments
from nim_stack.fields import DeploymentName, ObjectName, Settings
from nim_stack.manifests import credentials


class NgcSecretsArgs(TypedDict):
    deployment: str
    """Name of the deployment; the Secrets are named after it."""
    namespace: pulumi.Input[str]
    ngc_api_key: NotRequired[pulumi.Input[str]]
    """NGC API key: becomes the API key Secret and the image pull Secret, where no existing one is named."""
    hf_token: NotRequired[pulumi.Input[str]]
    """Token for the Hugging Face hub."""
    existing_api_secret: NotRequired[str]
    existing_pull_secrets: NotRequired[list[str]]
    existing_hf_secret: NotRequired[str]


class _Plain(Settings):
    deployment: DeploymentName = Field(description="Name of the deployment.")
    existing_api_secret: ObjectName | None = Field(None, description="Name of a Secret.")
    existing_pull_secrets: tuple[ObjectName, ...] = Field((), description="List of names of Secrets.")
    existing_hf_secret: ObjectName | None = Field(None, description="Name of a Secret.")


class NgcSecrets(pulumi.ComponentResource):
    """Names of the Secrets for the API key, the image pulls and the hub; only names leave this component."""

    api_secret: pulumi.Output[str | None]
    pull_secrets: pulumi.Output[list[str]]
    hf_secret: pulumi.Output[str | None]

    def __init__(self, name: str, args: NgcSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nim-stack:index:NgcSecrets", name, {}, opts)
        plain = plain_arguments(_Plain, args, {"namespace", "ngc_api_key", "hf_token"}, f"NgcSecrets {name}")
        key, token, deployment = args.get("ngc_api_key"), args.get("hf_token"), plain.deployment
        api, pulls, hub = plain.existing_api_secret, plain.existing_pull_secrets, plain.existing_hf_secret
        self._namespace, self._labels = args["namespace"], names.labels(deployment, "credentials")

        self.api_secret = pulumi.Output.from_input(api)
        self.pull_secrets = pulumi.Output.from_input(list(pulls))
        self.hf_secret = pulumi.Output.from_input(hub)
        if key is not None and api is None:
            self.api_secret = self._create(f"{name}-api", names.api_secret(deployment), names.NGC_KEY, key)
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
            self.hf_secret = self._create(f"{name}-hf", names.hf_secret(deployment), names.HF_KEY, token)
        self.register_outputs(
            {"apiSecret": self.api_secret, "pullSecrets": self.pull_secrets, "hfSecret": self.hf_secret}
        )

    def _create(
        self, name: str, secret_name: str, key: str, value: pulumi.Input[str], kind: str = "Opaque"
    ) -> pulumi.Output[str]:
        secret = k8s.core.v1.Secret(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=secret_name, namespace=self._namespace, labels=self._labels),
            type=kind,
            string_data={key: pulumi.Output.secret(value)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        return secret.metadata["name"]
