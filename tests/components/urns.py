"""URNs of what the programs of this project register, and the provider of each.

`python -m tests.components.urns` prints them as JSON. It needs nothing of this tree but names that commit 65852cd has
as well, so that a copy of this file in a checkout of that commit prints what that commit registered
(tests/components/recorded/README.md).
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from tests.components import recorder, test_examples, test_programs
from tests.examples import NAMES, Example

_ROOT = "pulumi:pulumi:Stack"


class Registered:
    """What one program registered: the resource requests, by the URN that the mocks gave them."""

    def __init__(self) -> None:
        self._requests: dict[str, Any] = {}

    def add(self, urn: str, request: Any) -> None:
        self._requests[urn] = request

    def providers(self) -> dict[str, str]:
        """The provider of each resource; an empty text is the default provider, or that of a component."""
        return {
            self._full(urn): self._full(request.provider.rpartition("::")[0]) if request.provider else ""
            for urn, request in sorted(self._requests.items())
        }

    def aliases(self) -> dict[str, str]:
        """Old name of each resource that has one, by its new name."""
        return {
            self._full(urn): f"{self._types(urn)}::{alias.spec.name}"
            for urn, request in self._requests.items()
            for alias in request.aliases
            if alias.spec.name  # the SDK's own aliases are other versions of a kind
        }

    def _full(self, urn: str) -> str:
        """Types of the parents, the type, and the name, as the engine writes them; the mocks name one parent."""
        return f"{self._types(urn)}::{urn.rpartition('::')[2]}"

    def _types(self, urn: str) -> str:
        request = self._requests[urn]
        parent = request.parent
        known = parent in self._requests and self._requests[parent].type != _ROOT
        return f"{self._types(parent)}${request.type}" if known else str(request.type)


@contextmanager
def registering() -> Iterator[Registered]:
    """While this lasts, every resource that a mocked program registers is noted."""
    found = Registered()
    original = recorder._Monitor.RegisterResource

    def noted(self: Any, request: Any) -> Any:
        answer = original(self, request)
        found.add(answer.urn, request)
        return answer

    with mock.patch.object(recorder._Monitor, "RegisterResource", noted):
        yield found


def programs(folder: Path) -> Mapping[str, Callable[[], object]]:
    """Each program of the project, to be run under mocks. `folder` keeps a release manifest of LWS."""
    from tests.unit.release_fixture import MANIFEST

    manifest = folder / "manifests.yaml"
    manifest.write_text(MANIFEST)
    platform = {
        "storageClass": "shared-nvme",
        "lwsManifest": str(manifest),
        "lwsSha256": hashlib.sha256(manifest.read_bytes()).hexdigest(),
        "ngcApiKey": test_programs.KEY,
    }
    deployments, live = test_programs.set_by_the_readme()[1]
    return {
        **{f"stacks/{name}": lambda name=name: test_examples.run(Example(name)) for name in NAMES},  # type: ignore[misc]
        "platform": lambda: test_programs.run("platform", platform),
        "consumer": lambda: test_programs.consumer("code"),
        "blue_green": lambda: test_programs.blue_green(deployments, live),
    }


def registered_by(program: Callable[[], object], folder: Path) -> Registered:
    """What this program registers where no variable names a cluster."""
    here = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    with mock.patch.dict(os.environ, here | {"XDG_CACHE_HOME": str(folder)}, clear=True), registering() as found:
        program()
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {each: registered_by(run, folder).providers() for each, run in programs(folder).items()}
    json.dump(found, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
