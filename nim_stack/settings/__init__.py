"""What a stack may say: the settings under `nim:` in the stack file.

The common case is three keys: model, nodes and storage class. Every field's description says which values work, since
it is the end of the message that refuses a wrong one. All of them are plain values, never `Input`: sizes decide the
shape of the manifests and must be known at preview. It may use `base`, `values` and `catalog`.
"""

from nim_stack.settings.cluster import Cluster
from nim_stack.settings.rollout import Timeouts
from nim_stack.settings.stack import StackSettings
from nim_stack.values.types import EnvVar, Settings

__all__ = ["Cluster", "EnvVar", "Settings", "StackSettings", "Timeouts"]
