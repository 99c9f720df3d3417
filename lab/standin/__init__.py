"""The lab's stand-in for the Kubernetes resource plugin: what it does, and does not, is in README.md."""

import json
from pathlib import Path

VERSION = "4.34.2"  # of the official plugin whose answers were recorded; the engine compares it with the SDK's
TEXTS: dict[str, str] = json.loads(
    Path(__file__).with_name("texts.json").read_text()
)  # the official's where it has them
