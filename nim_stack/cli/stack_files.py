"""Reading Pulumi.<stack>.yaml as Pulumi would, as far as the plan needs it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from nim_stack.base import names
from nim_stack.base.errors import InputError
from nim_stack.deployment.keys import Keys

NGC_KEY, HF_TOKEN = "ngcApiKey", "hfToken"


class StackFileError(InputError):
    """The stack file is not there or cannot be read."""


@dataclass(frozen=True)
class StackFile:
    """What a stack's file says."""

    name: str
    settings: Any
    keys: frozenset[str]
    """Keys that are there, encrypted or in clear."""
    keys_in_clear: tuple[str, ...]

    @property
    def given_keys(self) -> Keys:
        """The same keys, for a plan."""
        return Keys(ngc=NGC_KEY in self.keys, hub=HF_TOKEN in self.keys)

    def assuming(self, keys: Iterable[str]) -> "StackFile":
        """As if these keys were there too."""
        return replace(self, keys=self.keys | frozenset(keys))


def read_stack_file(stack: str, directory: Path) -> StackFile:
    """The file of a stack, by the stack's name or its fully qualified name.

    Raises:
        StackFileError: the file is not there, or is no stack file.
    """
    path = directory / f"Pulumi.{stack.rpartition('/')[2]}.yaml"
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        there = ", ".join(sorted(file.name.split(".")[1] for file in directory.glob("Pulumi.*.yaml"))) or "none"
        raise StackFileError(f"{path} cannot be read ({error.strerror}). Stacks here: {there}.") from None
    except yaml.YAMLError as error:
        raise StackFileError(f"{path} is not YAML: {error}") from None
    config = (document or {}).get("config") if isinstance(document or {}, dict) else None
    if config is not None and not isinstance(config, dict):
        raise StackFileError(f"{path}: config is not a mapping.")
    values = {
        key.removeprefix(f"{names.PROJECT}:"): value for key, value in (config or {}).items() if isinstance(key, str)
    }
    keys = [key for key in (NGC_KEY, HF_TOKEN) if values.get(key)]
    in_clear = [key for key in keys if not (isinstance(values[key], dict) and "secure" in values[key])]
    return StackFile(path.name, values.get("nim", {}), frozenset(keys), tuple(in_clear))
