"""What all typed data shares: the base class of settings and catalogue entries, and the types of their fields."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from nim_stack.base import names
from nim_stack.base.quantity import SETTING_PATTERN
from nim_stack.values.kubernetes.types import EnvVarSource


def _refuse_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("it is a truth value, not a number")
    return value


Count = Annotated[int, BeforeValidator(_refuse_bool), Field(ge=1, le=10**9)]
CountFromZero = Annotated[int, BeforeValidator(_refuse_bool), Field(ge=0, le=10**9)]
"""A number that may be 0."""
Port = Annotated[int, BeforeValidator(_refuse_bool), Field(ge=1, le=65535)]
Positive = Annotated[float, BeforeValidator(_refuse_bool), Field(gt=0, allow_inf_nan=False)]
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
Quantity = Annotated[str, Field(pattern=SETTING_PATTERN, max_length=32)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KubernetesName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
DeploymentName = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=names.MAX_NAME)]
ObjectName = Annotated[str, Field(pattern=rf"^{_SUBDOMAIN}$", max_length=253)]
Label = Annotated[
    str, Field(pattern=rf"^({_SUBDOMAIN}/)?[A-Za-z0-9]([-._A-Za-z0-9]{{0,61}}[A-Za-z0-9])?$", max_length=317)
]
"""Key of a label or annotation: an optional DNS prefix and a name of at most 63 characters."""
Labels = dict[Label, Annotated[str, Field(pattern=r"^([A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?)?$", max_length=63)]]
Annotations = dict[Label, str]
AbsolutePath = Annotated[str, Field(pattern=r"^/[^:]*$", max_length=1024)]
Version = Annotated[str, Field(pattern=r"^v?[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,4})?([-+.].*)?$")]
Precision = Literal["bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "nvfp4"]


class Settings(BaseModel):
    """Base of all settings: immutable, written in camelCase, and refusing keys that it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class EnvVar(Settings):
    """One environment variable of a container: its name, and its value or where the value comes from."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Name such as NCCL_DEBUG.")
    value: str | None = Field(None, description="Text; quote numbers and truth values.")
    value_from: EnvVarSource | None = Field(
        None, description="Kubernetes valueFrom, such as {secretKeyRef: {name: aws, key: secret}}."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> "EnvVar":
        if (self.value is None) == (self.value_from is None):
            raise ValueError("give either value or valueFrom")
        return self

    @property
    def manifest(self) -> dict[str, Any]:
        """As a container lists it."""
        source = {"value": self.value} if self.value_from is None else {"valueFrom": self.value_from}
        return {"name": self.name} | source
