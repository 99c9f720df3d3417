"""The policy pack: its environment, and the executable by which the lab's engine runs it.

The lab's language host is older than the way in which today's engine starts a pack that is a folder: the host reads the
field `program` of the request, which the engine leaves empty. The engine takes an executable in place of a folder too,
and reads PulumiPolicy.yaml beside it (pkg/v3 v3.276.0, resource/plugin/analyzer_plugin.go); an older one does not.
"""

import hashlib
import shutil
import sys
from pathlib import Path

from lab import environment
from lab.console import say, step
from lab.paths import REPO
from lab.shell import run

PACK = REPO / "policy"
VENV = PACK / ".venv"
LOCK = PACK / "requirements.lock"


def python() -> Path:
    """The Python of the pack's own environment, which is made from its lock file first where it is missing or old."""
    wanted, ready = hashlib.sha256(LOCK.read_bytes()).hexdigest(), VENV / ".ready"
    if not ready.exists() or ready.read_text() != wanted:
        uv, found = Path(sys.executable).parent / "uv", VENV / "bin" / "python"
        with step("making the environment of the policy pack"):
            run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV])
            run([uv, "pip", "sync", "--quiet", "--python", found, "--require-hashes", LOCK])
            ready.write_text(wanted)
    return VENV / "bin" / "python"


def executable() -> Path:
    """What `pulumi --policy-pack` takes in the lab."""
    folder = environment.PULUMI / "policy"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PACK / "PulumiPolicy.yaml", folder / "PulumiPolicy.yaml")
    program = folder / "pulumi-analyzer-nim-stack"
    # What the engine's own start of a Python pack runs (python/dist/pulumi-analyzer-policy-python of sdk/v3 v3.60.0).
    program.write_text(f'#!/bin/sh\nexec "{python()}" -u -m pulumi.policy "$1" "{PACK}"\n')
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    python()
    say(f"the environment of the policy pack is {VENV.relative_to(REPO)}")
