"""The environment in which Pulumi works against the lab: backend, passphrase, kubeconfig and PATH.

A `pulumi` and a Kubernetes resource plugin that the user has installed are used. The builds of this lab only fill the
gap, and come last on PATH.
"""

import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from lab import pki
from lab.paths import CACHE, STATE
from lab.toolchain import build

PULUMI = STATE / "pulumi"
"""Backend, home and passphrase of the lab's stacks: gone with the lab."""


def installed(program: str) -> Path | None:
    """Where the user has this program on PATH; None for the lab's own builds, which `lab exec` puts there."""
    found = shutil.which(program)
    return Path(found) if found and not Path(found).is_relative_to(CACHE) else None


def installed_plugin() -> Path | None:
    """The Kubernetes resource plugin that the user has on PATH, or in the Pulumi home in the version of the SDK.

    The engine takes no other version from there.
    """
    home = Path(os.environ.get("PULUMI_HOME", Path.home() / ".pulumi"))
    kept = home / "plugins" / f"resource-kubernetes-v{version('pulumi-kubernetes')}" / build.PLUGIN.binary
    return installed(build.PLUGIN.binary) or (kept if kept.exists() else None)


def plugin() -> Path:
    """The Kubernetes resource plugin that the lab's stacks use; the lab's own may not be built yet."""
    return installed_plugin() or build.PLUGIN.path


def environment() -> dict[str, str]:
    """Variables to add for anything that runs `pulumi` (or kubectl) against the lab."""
    path = [str(Path(sys.executable).parent), os.environ.get("PATH", "/usr/bin:/bin")]
    variables = {
        "KUBECONFIG": str(pki.kubeconfig()),
        "PULUMI_BACKEND_URL": f"file://{PULUMI}/backend",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(PULUMI / "passphrase"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The network is sealed: a missing plugin is an error at once, not a download that hangs.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # `--event-log` is among the commands that this shows: tests look for secrets in the engine's events.
        "PULUMI_DEBUG_COMMANDS": "true",
    }
    if installed("pulumi") is None:
        path += [str(build.PULUMI.folder), str(build.LANGUAGE.folder)]
    if installed_plugin() is None:
        path.append(str(build.PLUGIN.folder))
        variables["PULUMI_HOME"] = str(PULUMI / "home")
    return {**variables, "PATH": ":".join(path)}


def prepare() -> None:
    """Make the backend and its passphrase, once for each lab."""
    for name in ("backend", "home"):
        (PULUMI / name).mkdir(parents=True, exist_ok=True)
    _without_debug_log(PULUMI / "home" / "logs")
    passphrase = PULUMI / "passphrase"
    if not passphrase.exists():
        passphrase.touch(mode=0o600)
        passphrase.write_text(os.urandom(16).hex())


def _without_debug_log(folder: Path) -> None:
    """Put a file where the CLI wants its folder of logs, so that it goes without them.

    It writes every property of every call, compressed, which is two thirds of its work on 2 cores; no switch turns it
    off (pkg/v3 v3.276.0, logging/encrypted.go).
    """
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.touch()
