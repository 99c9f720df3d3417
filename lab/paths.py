"""Where the lab keeps things: caches by version, and the state of the one lab of this machine.

Both lie outside any clone, so that a second clone finds the builds and can take over a dead lab.
"""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
"""The clone this code runs from."""

CACHE = Path(os.environ.get("NIM_LAB_CACHE", "/var/cache/nim-stack-lab"))
"""Builds, packages and root file systems, each in a folder named by the hash of what it was made from."""

STATE = Path(os.environ.get("NIM_LAB_STATE", "/var/lib/nim-stack-lab"))
"""The running lab: certificates, etcd, nodes, logs, the Pulumi state of the dev stack."""

LOGS = STATE / "logs"
