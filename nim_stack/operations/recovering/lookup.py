"""Looking up the object of a resource in the cluster that its provider names."""

from collections.abc import Callable
from pathlib import Path

from nim_stack.base.documents import Json
from nim_stack.operations.cluster.errors import CannotReadError, ClusterUnreachableError
from nim_stack.operations.cluster.reader import Reader, connect
from nim_stack.operations.recovering.decisions import Identity, UndecidedError
from nim_stack.settings import Cluster

Connect = Callable[[Cluster], Reader]


class Lookup:
    """Objects by identity; one connection for each cluster."""

    def __init__(
        self, directory: Path, kubeconfig: str | None = None, context: str | None = None, open_: Connect = connect
    ) -> None:
        """Args:
        directory: of the program, to which a relative path of its provider belongs.
        kubeconfig: file to use instead of the provider's.
        context: likewise.
        """
        self._directory, self._kubeconfig, self._context, self._open = directory, kubeconfig, context, open_
        self._readers: dict[Cluster, Reader] = {}
        self._kinds: dict[tuple[Cluster, str], dict[str, Json]] = {}

    @property
    def asked(self) -> list[str]:
        """Addresses of the API servers that were asked."""
        return sorted({reader.server for reader in self._readers.values()})

    def __call__(self, wanted: Identity) -> Json | None:
        """The object, or None.

        Raises:
            UndecidedError: no answer, or no right to one.
        """
        cluster = self._cluster(wanted)
        try:
            reader = self._readers.get(cluster) or self._readers.setdefault(cluster, self._open(cluster))
            path = self._path(reader, cluster, wanted)
            return reader.get(path) if path else None
        except (CannotReadError, ClusterUnreachableError) as failure:
            raise UndecidedError(f"the cluster does not say whether it is there: {failure}") from failure

    def _cluster(self, wanted: Identity) -> Cluster:
        given, context = self._kubeconfig, self._context or wanted.context
        if given is None and wanted.kubeconfig is not None:
            # A provider takes a path or a file's content; the content may be secret.
            content = "\n" in wanted.kubeconfig or wanted.kubeconfig.lstrip().startswith("{")
            path = self._directory / ("" if content else Path(wanted.kubeconfig).expanduser())
            if not path.is_file():
                raise UndecidedError("the state does not name a kubeconfig file that is here: add --kubeconfig FILE")
            given = str(path)
        return Cluster(kubeconfig=given, context=context)

    def _path(self, reader: Reader, cluster: Cluster, wanted: Identity) -> str | None:
        """None when the server has no such kind, and so no such object."""
        version = wanted.api_version
        group = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if (cluster, version) not in self._kinds:
            listed = (reader.get(group) or {}).get("resources", [])
            self._kinds[cluster, version] = {found["kind"]: found for found in listed if "/" not in found["name"]}
        kind = self._kinds[cluster, version].get(wanted.kind)
        if kind is None:
            return None
        space = f"/namespaces/{wanted.namespace or 'default'}" if kind["namespaced"] else ""
        return f"{group}{space}/{kind['name']}/{wanted.name}"
