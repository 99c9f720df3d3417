"""Secrets in a state: marked and encrypted. What becomes part of the state must not hold them in clear."""

import copy
from collections.abc import Collection
from typing import Any

from nim_stack.base.documents import Json

_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""Pulumi's mark of a special value, and that of a secret (sdk/go/common/resource/sig)."""
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def is_secret(value: Any) -> bool:
    """Whether a value of the state is an encrypted one."""
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET


def holds_secret(value: Any) -> bool:
    """Whether a secret is anywhere in it."""
    if isinstance(value, dict):
        return is_secret(value) or any(holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(holds_secret(item) for item in value)


def without_secrets(live: Json, inputs: Json, additional: Collection[str] = ()) -> Json:
    """The object as outputs of the state: encrypted values of the inputs in place of those of the cluster.

    Args:
        live: the object as the cluster has it.
        inputs: what the program asked for, with encrypted values.
        additional: the resource's further secret outputs.
    """
    kept: Json = _merged(live, inputs)
    hidden = {*additional, *(("data", "stringData") if live.get("kind") == "Secret" else ())}
    for key in hidden & kept.keys():
        if key in inputs and holds_secret(inputs[key]):
            kept[key] = copy.deepcopy(inputs[key])
        else:  # a controller's, perhaps: the next update reads it, and encrypts it
            del kept[key]
    annotations = kept.get("metadata", {}).get("annotations")
    if annotations and _APPLIED in annotations:
        del annotations[_APPLIED]
    return kept


def _merged(live: Any, inputs: Any) -> Any:
    if is_secret(inputs) or (isinstance(inputs, list) and holds_secret(inputs)):
        # Items of a list may have changed places: what is known to be encrypted is taken as a whole.
        return copy.deepcopy(inputs)
    if isinstance(live, dict) and isinstance(inputs, dict):
        return {key: _merged(value, inputs.get(key)) for key, value in live.items()}
    return copy.deepcopy(live)
