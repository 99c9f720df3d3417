"""Multi-node NVIDIA NIM LLM on Kubernetes as typed Pulumi components.

Names are imported on first use, so that `nim_stack.plan` and `nim_stack.manifests` start without Pulumi.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nim_stack.components.live_service import LiveService
    from nim_stack.components.lws_operator import LwsOperator
    from nim_stack.components.model_access import ModelAccess
    from nim_stack.components.model_cache import ModelCache
    from nim_stack.components.model_download import ModelDownload
    from nim_stack.components.multi_node_nim import MultiNodeNim
    from nim_stack.components.ngc_secrets import NgcSecrets
    from nim_stack.components.nim_stack import NimStack
    from nim_stack.components.providers import Connections, connect
    from nim_stack.components.stack_config import read_stack_config
    from nim_stack.plan import DeploymentPlan, plan_deployment
    from nim_stack.settings import StackSettings

__version__ = "0.1.0"
"""The version of the library, of the command and of the wheel: pyproject.toml reads it from here."""

__all__ = [
    "Connections",
    "DeploymentPlan",
    "LiveService",
    "LwsOperator",
    "ModelAccess",
    "ModelCache",
    "ModelDownload",
    "MultiNodeNim",
    "NgcSecrets",
    "NimStack",
    "StackSettings",
    "connect",
    "plan_deployment",
    "read_stack_config",
]

_HOMES = {
    "Connections": "nim_stack.components.providers",
    "DeploymentPlan": "nim_stack.plan",
    "LiveService": "nim_stack.components.live_service",
    "LwsOperator": "nim_stack.components.lws_operator",
    "ModelAccess": "nim_stack.components.model_access",
    "ModelCache": "nim_stack.components.model_cache",
    "ModelDownload": "nim_stack.components.model_download",
    "MultiNodeNim": "nim_stack.components.multi_node_nim",
    "NgcSecrets": "nim_stack.components.ngc_secrets",
    "NimStack": "nim_stack.components.nim_stack",
    "StackSettings": "nim_stack.settings",
    "connect": "nim_stack.components.providers",
    "plan_deployment": "nim_stack.plan",
    "read_stack_config": "nim_stack.components.stack_config",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
