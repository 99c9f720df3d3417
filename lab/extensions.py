"""CRDs of projects whose objects a stack can make, and whose controllers the lab does not run: the API server checks
such objects, and nothing acts on them. They come out of the projects' own modules, checked against go.sum."""

from pathlib import Path

from lab.observe import kubectl
from lab.shell import run
from lab.toolchain.build import HERE

_GATEWAY = "sigs.k8s.io/gateway-api"
_PROMETHEUS = "github.com/prometheus-operator/prometheus-operator"


def manifests() -> list[Path]:
    """Files of the Gateway API's standard channel and of the Prometheus Operator's PodMonitor."""
    gateway = _module(_GATEWAY) / "config" / "crd" / "standard"
    prometheus = _module(_PROMETHEUS) / "example" / "prometheus-operator-crd"
    return [
        gateway / "gateway.networking.k8s.io_httproutes.yaml",
        prometheus / "monitoring.coreos.com_podmonitors.yaml",
    ]


def install() -> None:
    """Into the running lab; again does no harm."""
    for manifest in manifests():
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(manifest))
        kind = manifest.stem.split("_")
        kubectl("wait", "--for=condition=Established", "--timeout=30s", f"crd/{kind[1]}.{kind[0]}")


def _module(name: str) -> Path:
    source = HERE / "crds"
    run(["go", "mod", "download", name], cwd=source)
    return Path(run(["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", name], cwd=source).strip())
