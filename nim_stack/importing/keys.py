"""Keys that stand in a file in clear. They go nowhere: neither into settings nor into the report."""

import re
from dataclasses import dataclass
from typing import Any

from nim_stack.base import names
from nim_stack.importing.converters import mapping
from nim_stack.importing.draft import Draft


@dataclass(frozen=True)
class Key:
    """A key that the stack takes from a Secret."""

    setting: str
    """Path below `nim` of the Secret's name."""
    usual: str
    """Its name inside a Secret."""
    config: str
    """Name of the secret config key that takes the key itself."""

    @property
    def cure(self) -> str:
        """The command that gives the stack a new key."""
        return f"`pulumi config set --secret {self.config}` with a new one"

    def reference(self, value_from: Any) -> str | dict[str, str]:
        """The setting from the `valueFrom` of a variable: the Secret's name, with the key's where it is not the usual.

        Raises:
            ValueError: it refers to no Secret.
        """
        found = mapping(mapping(value_from).get("secretKeyRef"))
        if not found.get("name"):
            raise ValueError(f"it is no reference to a Secret, which {self.setting} is")
        name, key = str(found["name"]), str(found.get("key", self.usual))
        return name if key == self.usual else {"name": name, "key": key}


NGC = Key("secrets.ngcApiSecret", names.NGC_KEY, "ngcApiKey")
HF = Key("secrets.hfTokenSecret", names.HF_KEY, "hfToken")
KEYS = {names.NGC_KEY: NGC, names.HF_KEY: HF, "ngcAPIKey": NGC}
"""By the names that variables and the chart have for them."""
OTHER = "put a new one into a Secret, and refer to that by valueFrom"
_NAME = re.compile(r".*(API_?KEY|ACCESS_KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
_FORM = re.compile(r"\b(nvapi-|hf_|sk-|eyJ)[A-Za-z0-9_-]{20,}")


def withhold(draft: Draft, tree: Any, path: str = "") -> Any:
    """The tree without values that are keys: by their form anywhere, by their names among variables and values. None
    when the tree is itself a key. `path` is the tree's own name in the report."""
    if isinstance(tree, list):
        kept = [withhold(draft, item, path) for item in tree]
        return [item for item, before in zip(kept, tree, strict=True) if item is not None or before is None]
    if not isinstance(tree, dict):
        return None if _is_key(draft, tree, path, path.rpartition(".")[2], named=False) else tree
    name = tree.get("name")
    if isinstance(name, str) and _is_key(draft, tree.get("value"), f"{path}.{name}", name, named=True):
        return None
    return {key: withhold(draft, item, f"{path}.{key}" if path else str(key)) for key, item in tree.items()}


def _is_key(draft: Draft, value: Any, path: str, name: str, *, named: bool) -> bool:
    """Whether a value is a key, which is told of then. A variable is one by its name, unless it is a file's path."""
    if isinstance(value, int | float) and not isinstance(value, bool) and name in KEYS:
        value = str(value)
    if not isinstance(value, str) or not value:
        return False
    secret = named and _NAME.match(name) is not None and not value.startswith("/")
    if name not in KEYS and not secret and not _FORM.search(value):
        return False
    draft.leak(path, KEYS[name].cure if name in KEYS else OTHER)
    return True
