"""The model in this pod: how it is fetched, and what is wrong with a directory that holds none."""

import contextlib
import sys
import tempfile
from pathlib import Path

from nim_serve.contract.serve_config import ServeConfig
from nim_serve.model.cache import model_path

REASON = Path(tempfile.gettempdir()) / "nim-download-failed"
"""Where a download that failed leaves its one sentence, for the pod's termination message."""


def leave_reason(reason: str) -> None:
    """Leave the reason for the supervisor, or remove it when it is empty; without a directory only the log has it."""
    with contextlib.suppress(OSError):
        REASON.write_text(reason) if reason else REASON.unlink()


def download_problem(code: int) -> str:
    """Say why the download ended with this exit code, in its own words where it left some."""
    try:
        return f"the model could not be downloaded: {REASON.read_text()}"
    except OSError:
        return f"the model could not be downloaded (exit code {code}); the lines above say why"


def fetch_command() -> list[str]:
    """Give the command of the process that downloads; a complete model costs it a look at the marker."""
    return [sys.executable, "-m", "nim_serve.model.fetch"]


def local_problem(config: ServeConfig) -> str:
    """Say why NIM_MODEL_PATH, a directory, cannot be served in this pod; empty when it can."""
    if (model_path(config) / "config.json").is_file():
        return ""
    return (
        f"NIM_MODEL_PATH={config.model.name!r} holds no config.json in this pod: mount the model there, "
        "or use hf://<owner>/<model>"
    )
