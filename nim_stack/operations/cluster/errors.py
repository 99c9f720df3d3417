"""Why a cluster does not answer as it should: one tree, with the cause as a word and as a sentence."""

from typing import Literal

from nim_stack.base.errors import UnreadableError

Cause = Literal[
    "kubeconfig",  # there is none, or it cannot be used
    "plugin",  # the credential plugin is missing or fails
    "unreachable",
    "silent",  # no answer in time
    "certificate",  # the server's is refused here
    "proxy",  # a proxy on the way refuses
    "credentials",  # 401
    "forbidden",  # 403
    "page",  # not the answer of an API server
    "refused",  # every other refusal of the API server
]


class ClusterError(UnreadableError):
    """A request to a cluster that failed."""

    def __init__(self, text: str, cause: Cause = "refused") -> None:
        self.cause = cause
        super().__init__(text)


class ClusterUnreachableError(ClusterError):
    """The cluster cannot be asked at all: no kubeconfig, no connection, or credentials that it does not know."""

    def __init__(self, text: str, cause: Cause = "unreachable") -> None:
        super().__init__(text, cause)


class KubeconfigError(ClusterUnreachableError):
    """The kubeconfig cannot be used; the error's text says which part, and where another kubeconfig is named."""

    def __init__(self, why: str) -> None:
        text = f"the kubeconfig cannot be used: {why}. Set KUBECONFIG, or nim.cluster.kubeconfig and .context."
        super().__init__(text, "kubeconfig")


class CannotReadError(ClusterError):
    """One request was refused or failed; others may go through."""
