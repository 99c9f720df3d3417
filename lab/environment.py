"""The environment in which Pulumi works against the lab: backend, passphrase, kubeconfig and PATH.

An official `pulumi` and an official resource plugin are used wherever they are installed. The builds of this lab and
the stand-in plugin only fill the gap, and come last on PATH.
"""

import os
import shutil
import sys
from pathlib import Path

from lab import pki
from lab.paths import REPO, STATE
from lab.toolchain import build

PULUMI = STATE / "pulumi"
"""Backend, home and passphrase of the lab's stacks: gone with the lab."""

STANDIN = REPO / "lab" / "standin" / "bin"


def official_pulumi() -> str | None:
    """Path of an official `pulumi`, if one is installed."""
    return shutil.which("pulumi")


def official_plugin() -> Path | None:
    """The official Kubernetes resource plugin, if one is installed (on PATH, or in the user's Pulumi home)."""
    found = shutil.which("pulumi-resource-kubernetes")
    if found and not Path(found).is_relative_to(STANDIN):
        return Path(found)
    home = Path(os.environ.get("PULUMI_HOME", Path.home() / ".pulumi"))
    return next(
        iter(sorted(home.glob("plugins/resource-kubernetes-v*/pulumi-resource-kubernetes"), reverse=True)), None
    )


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
        "NIM_LAB_PYTHON": sys.executable,
    }
    if official_pulumi() is None:
        path += [str(build.PULUMI.folder), str(build.LANGUAGE.folder)]
    if official_plugin() is None:
        path.append(str(STANDIN))
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
    off (pkg/v3 v3.259.0, logging/encrypted.go).
    """
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.touch()
