"""Reading the stack file: the one place that touches pulumi.Config.

Keys are their own secret config keys, never part of `nim:`, because Pulumi hands an object's secrets out in clear
(pulumi/pulumi#7127).
"""

from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.config import is_config_secret

from nim_stack.base.first_rules import ENCRYPTED_SETTINGS, KEY_IN_CLEAR
from nim_stack.base.problems import Locate, Problem, RefusedError
from nim_stack.components.nim_stack import NimStackArgs
from nim_stack.deployment.keys import Keys
from nim_stack.plan import plan_deployment
from nim_stack.settings.files.errors import StackFileError
from nim_stack.settings.files.stack import read_stack

_NGC_KEY, _HF_TOKEN = "ngcApiKey", "hfToken"


def read_stack_config() -> NimStackArgs:
    """The arguments of NimStack, with the plan of the stack file.

    Raises:
        pulumi.RunError: with every problem of the file.
    """
    config = pulumi.Config()
    where = f"Pulumi.{pulumi.get_stack()}.yaml"
    raw = _settings(config, where)
    keys = {key: value for key in (_NGC_KEY, _HF_TOKEN) if (value := config.get(key))}
    further = [_in_clear(key) for key in keys if not is_config_secret(config.full_key(key))]
    if is_config_secret(config.full_key("nim")):
        why = "something in it is encrypted, which would be shown in clear when the settings are read"
        instead = f"Move keys to {_NGC_KEY} or {_HF_TOKEN} (`pulumi config set --secret`)."
        further.append(ENCRYPTED_SETTINGS.problem("nim", None, why, instead))
    try:
        given = Keys(ngc=_NGC_KEY in keys, hub=_HF_TOKEN in keys)
        plan = plan_deployment(raw, keys=given, further=tuple(further), where=where, locate=_places(raw))
    except RefusedError as refused:
        raise pulumi.RunError(str(refused)) from None
    args: NimStackArgs = {"settings": raw, "plan": plan}
    if _NGC_KEY in keys:
        args["ngc_api_key"] = config.require_secret(_NGC_KEY)
    if _HF_TOKEN in keys:
        args["hf_token"] = config.require_secret(_HF_TOKEN)
    return args


def _settings(config: pulumi.Config, where: str) -> Any:
    try:
        return config.get_object("nim") or {}
    except pulumi.ConfigTypeError:
        raise pulumi.RunError(
            f"{where}: nim is not a mapping of settings; three suffice: model, nodes, storage.storageClass."
        ) from None


def _places(raw: Any) -> Locate | None:
    """Finds the lines of the stack file; None where the settings are not those of a file that is found.

    They come from somewhere else with `--config-file`, `--config`, the automation API, or Pulumi ESC.
    """
    try:
        found = read_stack(pulumi.get_stack(), Path())
    except StackFileError:
        return None
    return found.locate if found.namespace == pulumi.get_project() and found.settings == raw else None


def _in_clear(key: str) -> Problem:
    why = "it is a secret and stands in the stack file in clear"
    return KEY_IN_CLEAR.problem(
        key, None, why, f"Revoke it, then store a new one with `pulumi config set --secret {key}`."
    )
