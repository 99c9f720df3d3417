"""Build each program once for each content of its module, verified by go.sum, into the cache.

The folder is named by the hash of go.mod, go.sum and the sources, so a changed pin is another build and an old
one stays valid for an older clone.
"""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from lab.console import step
from lab.paths import CACHE, LOGS
from lab.shell import run

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Module:
    """One Go module under lab/toolchain and the program that it pins."""

    name: str
    package: str
    binary: str
    title: str
    version_symbols: dict[str, str] = field(default_factory=dict)
    """Linker symbol → value. Versions are not in the source: releases set them in the same way."""

    @property
    def source(self) -> Path:
        return HERE / self.name

    @property
    def folder(self) -> Path:
        digest = hashlib.sha256(repr(self).encode())
        for path in sorted(self.source.iterdir()):
            digest.update(path.name.encode() + path.read_bytes())
        return CACHE / "toolchain" / self.name / digest.hexdigest()[:12]

    @property
    def path(self) -> Path:
        return self.folder / self.binary

    def module_dir(self, module: str) -> Path:
        """Where the module cache holds a required module's files, checked against go.sum."""
        run(["go", "mod", "download", module], cwd=self.source)
        return Path(run(["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], cwd=self.source).strip())


_KUBE_VERSION = "k8s.io/component-base/version"

PULUMI = Module(
    "pulumi",
    "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    "pulumi",
    "Pulumi CLI 3.259.0",
    {"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.259.0"},
)
LANGUAGE = Module(
    "language",
    "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    "pulumi-language-python",
    "Pulumi Python language host 3.60.0",
    {"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.60.0"},
)
KUBERNETES = Module(
    "kubernetes",
    ".",
    "kubernetes",
    "Kubernetes 1.35.4",
    {
        f"{_KUBE_VERSION}.gitVersion": "v1.35.4",
        f"{_KUBE_VERSION}.gitMajor": "1",
        f"{_KUBE_VERSION}.gitMinor": "35",
        f"{_KUBE_VERSION}.gitTreeState": "clean",
    },
)
LWS = Module("lws", "sigs.k8s.io/lws/cmd", "manager", "LeaderWorkerSet controller 0.9.0")
COREDNS = Module("coredns", ".", "coredns", "CoreDNS 1.12.4")
PAUSE = Module("pause", ".", "pause", "pod sandbox process")
HELM = Module("helm", "helm.sh/helm/v4/cmd/helm", "helm", "Helm 4.3.1")
"""For one proof alone, which builds it."""

ALL = (PAUSE, LANGUAGE, COREDNS, LWS, PULUMI, KUBERNETES)


def ensure(module: Module) -> Path:
    """Return the program, building it first when this version was never built here."""
    if module.path.exists():
        return module.path
    with step(f"building {module.title} (first time only; up to 6 minutes on 2 cores)"):
        module.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=module.folder.parent, prefix=".building-") as scratch:
            target = Path(scratch) / "out"
            target.mkdir()
            _compile(module, target / module.binary)
            if module is LANGUAGE:
                _add_exec_script(target)
            if module.folder.exists():
                shutil.rmtree(module.folder)
            target.rename(module.folder)
    return module.path


def _compile(module: Module, output: Path) -> None:
    symbols = " ".join(f"-X {name}={value}" for name, value in module.version_symbols.items())
    run(
        ["go", "build", "-mod=readonly", "-trimpath", "-ldflags", f"-s -w {symbols}", "-o", output, module.package],
        cwd=module.source,
        env={"CGO_ENABLED": "0", "GOWORK": "off", "GOCACHE": str(build_cache()), "GOFLAGS": "-buildvcs=false"},
        log=LOGS / f"build-{module.name}.log",
    )


def build_cache() -> Path:
    """Go's build cache for these programs: apart from the user's, so that it can be dropped when all are built."""
    return Path(os.environ.get("NIM_LAB_GOCACHE", CACHE / "go-build"))


def _add_exec_script(folder: Path) -> None:
    """The language host runs this script, which newer sdk modules still hold while the host itself moved away."""
    sdk = PULUMI.module_dir("github.com/pulumi/pulumi/sdk/v3")
    script = folder / "pulumi-language-python-exec"
    shutil.copyfile(sdk / "python" / "cmd" / script.name, script)
    script.chmod(0o755)


def ensure_all() -> None:
    """Build what is missing, then drop Go's build cache: it is larger than all programs together."""
    missing = [module for module in ALL if not module.path.exists()]
    for module in missing:
        ensure(module)
    if missing:
        shutil.rmtree(build_cache(), ignore_errors=True)
