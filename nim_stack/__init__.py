"""Multi-node NVIDIA NIM LLM on Kubernetes as typed Pulumi components.

The rooms stand one above the other, and each may use those before it alone: base, values, catalog, settings,
deployment, manifests, rules, plan, search, lws, operations, components, importing, cli (docs/architecture.md).

Names are imported on first use, so that `nim_stack.plan` and `nim_stack.manifests` start without Pulumi.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nim_stack.components.deployment import MultiNodeNimArgs as MultiNodeNimArgs
    from nim_stack.components.deployment import SecretKeyArgs as SecretKeyArgs
    from nim_stack.components.live_service import LiveService as LiveService
    from nim_stack.components.live_service import LiveServiceArgs as LiveServiceArgs
    from nim_stack.components.lws_operator import LwsOperator as LwsOperator
    from nim_stack.components.lws_operator import LwsOperatorArgs as LwsOperatorArgs
    from nim_stack.components.model_access import ModelAccess as ModelAccess
    from nim_stack.components.model_access import ModelAccessArgs as ModelAccessArgs
    from nim_stack.components.model_cache import ModelCache as ModelCache
    from nim_stack.components.model_cache import ModelCacheArgs as ModelCacheArgs
    from nim_stack.components.model_download import ModelDownload as ModelDownload
    from nim_stack.components.multi_node_nim import MultiNodeNim as MultiNodeNim
    from nim_stack.components.ngc_secrets import NgcSecrets as NgcSecrets
    from nim_stack.components.ngc_secrets import NgcSecretsArgs as NgcSecretsArgs
    from nim_stack.components.nim_stack import NimStack as NimStack
    from nim_stack.components.nim_stack import NimStackArgs as NimStackArgs
    from nim_stack.components.providers import Connections as Connections
    from nim_stack.components.providers import connect as connect
    from nim_stack.components.stack_config import read_stack_config as read_stack_config
    from nim_stack.deployment.keys import Keys as Keys
    from nim_stack.plan import DeploymentPlan as DeploymentPlan
    from nim_stack.plan import plan_deployment as plan_deployment
    from nim_stack.settings import StackSettings as StackSettings
    from nim_stack.settings.typed import StackSettingsDict as StackSettingsDict

__version__ = "0.1.0"
"""The version of the library, of the command and of the wheel: pyproject.toml reads it from here."""

_HOMES = {
    "nim_stack.components.deployment": ("MultiNodeNimArgs", "SecretKeyArgs"),
    "nim_stack.components.live_service": ("LiveService", "LiveServiceArgs"),
    "nim_stack.components.lws_operator": ("LwsOperator", "LwsOperatorArgs"),
    "nim_stack.components.model_access": ("ModelAccess", "ModelAccessArgs"),
    "nim_stack.components.model_cache": ("ModelCache", "ModelCacheArgs"),
    "nim_stack.components.model_download": ("ModelDownload",),
    "nim_stack.components.multi_node_nim": ("MultiNodeNim",),
    "nim_stack.components.ngc_secrets": ("NgcSecrets", "NgcSecretsArgs"),
    "nim_stack.components.nim_stack": ("NimStack", "NimStackArgs"),
    "nim_stack.components.providers": ("Connections", "connect"),
    "nim_stack.components.stack_config": ("read_stack_config",),
    "nim_stack.deployment.keys": ("Keys",),
    "nim_stack.plan": ("DeploymentPlan", "plan_deployment"),
    "nim_stack.settings": ("StackSettings",),
    "nim_stack.settings.typed": ("StackSettingsDict",),
}
"""Where each public name lives. A test compares it with the imports above, which are for type checkers."""

__all__ = [name for names in _HOMES.values() for name in names]


def __getattr__(name: str) -> Any:
    """Import a public name when it is used first.

    Raises:
        AttributeError: there is no such name.
    """
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
