"""What the world outside would offer and the sealed network cannot reach: images, and LWS's release manifest."""

from pathlib import Path

from lab import images, rootfs
from lab.console import LabError, step
from lab.engine import settings
from lab.paths import CACHE, REPO
from lab.shell import run
from lab.toolchain import build

DOWNLOADS = CACHE / "downloads"
"""Served by the hub stand-in under /downloads/."""

LWS_VERSION = "v0.9.0"
LWS_REF = f"registry.k8s.io/lws/lws:{LWS_VERSION}"
LWS_MANIFEST = DOWNLOADS / "lws" / LWS_VERSION / "manifests.yaml"
_LWS_STAGING = "us-central1-docker.pkg.dev/k8s-staging-images/lws/lws:release-0.9"

OPEN_NIM_REF = "localhost/nim-lab/open-nim:cpu-stand-in"
"""The stand-in for the open image: same nim_serve, on CPU, with the engine's packages mounted by the runtime."""


def lws_manifest() -> Path:
    """Render LWS's release manifest from its module, as its release does, with the released image's name."""
    if not LWS_MANIFEST.exists():
        with step(f"rendering the LeaderWorkerSet {LWS_VERSION} manifest from its module"):
            source = build.LWS.module_dir("sigs.k8s.io/lws") / "config" / "default"
            text = run([build.KUBERNETES.path, "kubectl", "kustomize", source])
            if text.count(_LWS_STAGING) != 1:
                raise LabError(f"the module's manifest does not name {_LWS_STAGING} exactly once")
            LWS_MANIFEST.parent.mkdir(parents=True, exist_ok=True)
            scratch = LWS_MANIFEST.with_suffix(".part")
            scratch.write_text(text.replace(_LWS_STAGING, LWS_REF))
            scratch.rename(LWS_MANIFEST)
    return LWS_MANIFEST


def archives() -> list[Path]:
    """Write every image that a node needs and cannot pull; returns the archives, the sandbox image first."""
    pause = images.layer_of_files("pause", {"/pause": build.PAUSE.path}, {"/pause": 0o755})
    lws = images.layer_of_files("lws", {"/manager": build.LWS.path}, {"/manager": 0o755})
    return [
        images.write(images.PAUSE_REF, [pause], entrypoint=["/pause"], title="pod sandbox"),
        # The pod is runAsNonRoot: the user must be a number.
        images.write(LWS_REF, [lws], entrypoint=["/manager"], user="65532:65532", title="LeaderWorkerSet controller"),
        open_nim(),
    ]


def open_nim() -> Path:
    """The stand-in image: Debian's Python, this clone's nim_serve, and the lab's engine settings as environment."""
    package = REPO / "container" / "nim_serve"
    site = "/usr/local/lib/python3.11/dist-packages"
    files: dict[str, Path | bytes] = {
        f"{site}/nim_serve/{path.relative_to(package)}": path for path in sorted(package.rglob("*.py"))
    }
    # The engine tree is mounted by the runtime (lab/node.py) and found through this file.
    files[f"{site}/engine.pth"] = settings.SITE_FILE.encode()
    files["/opt/nim/entrypoint"] = b'#!/bin/sh\nexec python3 -m nim_serve "$@"\n'
    return images.write(
        OPEN_NIM_REF,
        [
            images.layer_of_tree("image", rootfs.ensure("image")),
            images.layer_of_files("nim-serve", files, {"/opt/nim/entrypoint": 0o755}),
        ],
        entrypoint=["/opt/nim/entrypoint"],
        env={**settings.ENVIRONMENT, "HOME": "/tmp", "PYTHONUNBUFFERED": "1"},
        title="open NIM image, CPU stand-in",
    )
