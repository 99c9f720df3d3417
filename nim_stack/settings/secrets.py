"""Settings that name Secrets which exist already, so that the stack makes none."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from nim_stack.base import names
from nim_stack.values.types import ObjectName, Settings


class SecretKey(Settings):
    """One key of a Secret that something else makes: a person, External Secrets, Vault."""

    name: ObjectName = Field(description="Name of a Secret in the deployment's namespace.")
    key: str = Field(
        pattern=r"^[-._a-zA-Z0-9]+$", max_length=253, description="Key inside the Secret such as NGC_API_KEY."
    )


def _key_of(usual: str) -> Any:
    """A Secret by its name alone has the usual key."""
    return BeforeValidator(
        lambda value: {"name": value, "key": usual} if isinstance(value, str) else value,
        json_schema_input_type=ObjectName | SecretKey,
    )


NgcApiSecret = Annotated[SecretKey, _key_of(names.NGC_KEY)]
HfTokenSecret = Annotated[SecretKey, _key_of(names.HF_KEY)]


class SecretNames(Settings):
    """Secrets that exist in the namespace already; without them the stack makes its own from `ngcApiKey`/`hfToken`."""

    ngc_api_secret: NgcApiSecret | None = Field(
        None, description=f"Name of a Secret with the key {names.NGC_KEY}, or {{name, key}}."
    )
    image_pull_secrets: tuple[ObjectName, ...] = Field(
        (), description="List of names of kubernetes.io/dockerconfigjson Secrets."
    )
    hf_token_secret: HfTokenSecret | None = Field(
        None, description=f"Name of a Secret with the key {names.HF_KEY}, or {{name, key}}."
    )
    restart_on_rotation: bool = Field(
        False,
        description="true or false: whether groups restart when a key of the stack changes. A group that serves needs "
        "no key, and one that starts reads the new one.",
    )
