"""Build each program once for each content of its module, verified by go.sum, into the cache.

The folder is named by the hash of go.mod, go.sum and the sources, so a changed pin is another build and an old
one stays valid for an older clone.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lab.console import step
from lab.paths import CACHE, LOGS
from lab.shell import run

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Embedded:
    """Files of a required module that a `main` of ours embeds: read from the module cache while it is built."""

    module: str
    folder: str
    """Of the files, in that module."""
    files: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """One program, pinned by a Go module under lab/toolchain."""

    module: str
    """Folder of the Go module."""
    package: str
    binary: str
    title: str
    minutes: float
    """How long it takes on 2 idle cores after those before it in `ALL`, which share what they have compiled."""
    version_symbols: dict[str, str] = field(default_factory=dict)
    """Linker symbol → value. Versions are not in the source: releases set them in the same way."""
    embedded: Embedded | None = None

    @property
    def source(self) -> Path:
        return HERE / self.module

    @property
    def folder(self) -> Path:
        made_from = (self.package, self.binary, sorted(self.version_symbols.items()), self.embedded)
        digest = hashlib.sha256(repr(made_from).encode())
        for path in sorted(self.source.iterdir()):
            digest.update(path.name.encode() + path.read_bytes())
        return CACHE / "toolchain" / self.module / digest.hexdigest()[:12]

    @property
    def path(self) -> Path:
        return self.folder / self.binary

    def module_dir(self, module: str) -> Path:
        """Where the module cache holds a required module's files, checked against go.sum."""
        run(["go", "mod", "download", module], cwd=self.source)
        return Path(run(["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], cwd=self.source).strip())


_KUBE_VERSION = "k8s.io/component-base/version"
_PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"

PULUMI = Program(
    "pulumi",
    "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    "pulumi",
    "Pulumi CLI 3.276.0",
    3,
    {_PULUMI_VERSION: "v3.276.0"},
)
PLUGIN = Program(
    "plugin",
    ".",
    "pulumi-resource-kubernetes",
    "Pulumi's Kubernetes resource plugin (source of 2026-01-15)",
    7,
    # The day before 4.25.0 was released. Releases number the builds before them in this way.
    {"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version": "4.25.0-alpha.20260115"},
    Embedded(
        "github.com/pulumi/pulumi-kubernetes/provider/v4",
        "cmd/pulumi-resource-kubernetes",
        ("schema.json", "terraform-mapping.json"),
    ),
)
LANGUAGE = Program(
    "language",
    "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    "pulumi-language-python",
    "Pulumi Python language host 3.60.0",
    0.5,
    {_PULUMI_VERSION: "v3.60.0"},
)
KUBERNETES = Program(
    "kubernetes",
    ".",
    "kubernetes",
    "Kubernetes 1.35.4",
    4,
    {
        f"{_KUBE_VERSION}.gitVersion": "v1.35.4",
        f"{_KUBE_VERSION}.gitMajor": "1",
        f"{_KUBE_VERSION}.gitMinor": "35",
        f"{_KUBE_VERSION}.gitTreeState": "clean",
    },
)
LWS = Program("lws", "sigs.k8s.io/lws/cmd", "manager", "LeaderWorkerSet controller 0.9.0", 1.5)
COREDNS = Program("coredns", ".", "coredns", "CoreDNS 1.12.4", 1)
PAUSE = Program("pause", ".", "pause", "pod sandbox process", 0.1)
HELM = Program("helm", "helm.sh/helm/v4/cmd/helm", "helm", "Helm 4.3.1", 2)
"""For one proof alone, which builds it."""
YAML_HOST = Program(
    "yaml",
    "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    "pulumi-language-yaml",
    "Pulumi YAML language host 1.25.0",
    1,
    {"github.com/pulumi/pulumi-yaml/pkg/version.Version": "v1.25.0"},
)
NODEJS_HOST = Program(
    "nodejs",
    "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    "pulumi-language-nodejs",
    "Pulumi Node.js language host 3.60.0",
    0.5,
    {_PULUMI_VERSION: "v3.60.0"},
)
CODEGEN = Program("codegen", ".", "codegen", "generator of TypeScript SDKs, of Pulumi 3.276.0", 3)
"""These three are for the tests of other languages, which build them (lab/languages.py)."""

ALL = (PAUSE, LANGUAGE, COREDNS, LWS, PULUMI, PLUGIN, KUBERNETES)


def missing() -> list[Program]:
    """What `lab up` needs and was never built here in this version."""
    return [program for program in ALL if not program.path.exists()]


def ensure(program: Program) -> Path:
    """Return the program, building it first when this version was never built here."""
    if program.path.exists():
        return program.path
    with step(f"building {program.title} (first time only; about {_time(program.minutes)} on 2 idle cores)"):
        program.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.folder.parent, prefix=".building-") as scratch:
            target = Path(scratch) / "out"
            target.mkdir()
            _compile(program, target / program.binary)
            if program is LANGUAGE:
                _add_exec_script(target)
            if program.folder.exists():
                shutil.rmtree(program.folder)
            target.rename(program.folder)
    return program.path


def _time(minutes: float) -> str:
    return f"{minutes:g} minutes" if minutes > 1 else f"{minutes * 60:g} seconds"


def _compile(program: Program, output: Path) -> None:
    symbols = " ".join(f"-X {name}={value}" for name, value in program.version_symbols.items())
    words = ["go", "build", "-mod=readonly", "-trimpath", "-ldflags", f"-s -w {symbols}", "-o", str(output)]
    if program.embedded:
        overlay = output.with_name("overlay.json")
        overlay.write_text(json.dumps({"Replace": _overlay(program, program.embedded)}))
        words += ["-overlay", str(overlay)]
    run([*words, program.package], cwd=program.source, env=_environment(), log=LOGS / f"build-{program.binary}.log")
    output.with_name("overlay.json").unlink(missing_ok=True)


def _overlay(program: Program, embedded: Embedded) -> dict[str, str]:
    """Path where a file seems to be while the compiler runs → where it is (`go help build`)."""
    there = program.module_dir(embedded.module) / embedded.folder
    return {str(program.source / file): str(there / file) for file in embedded.files}


def _environment() -> dict[str, str]:
    return {"CGO_ENABLED": "0", "GOWORK": "off", "GOCACHE": str(_build_cache()), "GOFLAGS": "-buildvcs=false"}


def _build_cache() -> Path:
    """Go's build cache for these programs: apart from the user's, so that it can be dropped when all are built."""
    return Path(os.environ.get("NIM_LAB_GOCACHE", CACHE / "go-build"))


def _add_exec_script(folder: Path) -> None:
    """The language host runs this script, which newer sdk modules still hold while the host itself moved away."""
    sdk = PULUMI.module_dir("github.com/pulumi/pulumi/sdk/v3")
    script = folder / "pulumi-language-python-exec"
    shutil.copyfile(sdk / "python" / "cmd" / script.name, script)
    script.chmod(0o755)


def download() -> None:
    """Fetch the sources of what is missing, in the order in which it is built; nothing is compiled."""
    for program in missing():
        # -e: the files that a program embeds are not beside it now.
        run(["go", "list", "-e", "-mod=readonly", "-deps", program.package], cwd=program.source, env=_environment())


def ensure_all(between: Callable[[], None] = lambda: None) -> None:
    """Build what is missing, then drop Go's build cache: it is larger than all programs together.

    Args:
        between: called before each build; what it raises ends the work.
    """
    built = missing()
    for program in built:
        between()
        ensure(program)
    if built and "NIM_LAB_GOCACHE" not in os.environ:  # a cache that the user names is the user's to drop
        shutil.rmtree(_build_cache(), ignore_errors=True)
