"""The matrix `lifecycle`: LWS adopted, another model, more storage, one stack fewer, while clients ask."""

from lab.observe import kubectl
from lab.prove import life_lws, life_stacks, life_storage
from lab.prove.deployment import NAMESPACE, install_lws, remove_lws
from lab.prove.matrix import Matrix


def _prepare() -> None:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()


def _finish() -> None:
    kubectl("delete", "storageclass", life_storage.FIXED, "--ignore-not-found")
    remove_lws()


MATRIX = Matrix(
    "lifecycle",
    "adopting LWS, another model, more storage, one stack fewer: what clients noticed",
    {**life_lws.ROWS, **life_stacks.ROWS, **life_storage.ROWS},
    _prepare,
    _finish,
)
