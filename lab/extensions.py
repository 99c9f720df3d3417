"""CRDs of projects whose objects a stack can make, and whose controllers the lab does not run: the API server checks
such objects, and nothing acts on them. They come out of the projects' own modules, checked against go.sum."""

import hashlib
import shutil
from functools import partial
from pathlib import Path

from lab.api import wait_for
from lab.console import step
from lab.observe import kubectl
from lab.paths import CACHE
from lab.shell import run
from lab.toolchain.build import HERE

_SOURCE = HERE / "crds"
_MODULES = {
    "sigs.k8s.io/gateway-api": "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
    "github.com/prometheus-operator/prometheus-operator": (
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml"
    ),
}
"""Module → file in it: the Gateway API's standard channel, and the Prometheus Operator's PodMonitor."""


def manifests() -> list[Path]:
    """The files, out of their modules the first time and from the cache from then on."""
    digest = hashlib.sha256(repr(_MODULES).encode() + (_SOURCE / "go.sum").read_bytes()).hexdigest()[:12]
    folder = CACHE / "crds" / digest
    found = {module: folder / Path(file).name for module, file in _MODULES.items()}
    if not all(path.exists() for path in found.values()):
        with step("taking CRDs of the Gateway API and the Prometheus Operator from their modules"):
            folder.mkdir(parents=True, exist_ok=True)
            for module, path in found.items():
                scratch = path.with_suffix(".part")
                shutil.copyfile(_directory(module) / _MODULES[module], scratch)
                scratch.rename(path)
    return list(found.values())


def install() -> None:
    """Into the running lab; again does no harm."""
    for manifest in manifests():
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(manifest))
        group, plural = manifest.stem.split("_")
        name = f"crd/{plural}.{group}"
        wait_for(f"{name} is established", partial(_established, name), 30, "lab/lab logs kube-apiserver")


def _established(name: str) -> bool:
    """Whether a CRD is served. `kubectl wait` fails while a CRD has no conditions at all, in its first moment."""
    says = 'jsonpath={.status.conditions[?(@.type=="Established")].status}'
    return kubectl("get", name, "-o", says).strip() == "True"


def remove() -> None:
    """From the running lab, with all objects of theirs."""
    for manifest in manifests():
        kubectl("delete", "--ignore-not-found", "-f", str(manifest))


def _directory(module: str) -> Path:
    run(["go", "mod", "download", module], cwd=_SOURCE)
    return Path(run(["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], cwd=_SOURCE).strip())
