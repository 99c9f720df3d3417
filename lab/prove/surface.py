"""The matrix `surface`: storage, secrets, scale and rollout as a user sets them, each deployed and observed."""

from lab.observe import kubectl
from lab.prove import surface_groups, surface_storage
from lab.prove.deployment import NAMESPACE, install_lws, remove_lws
from lab.prove.matrix import Matrix


def _prepare() -> None:
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    install_lws()


MATRIX = Matrix(
    "surface",
    "storage, secrets, scale and rollout",
    {**surface_storage.ROWS, **surface_groups.ROWS},
    _prepare,
    remove_lws,
)
