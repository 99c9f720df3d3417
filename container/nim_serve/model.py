"""The model in this pod: how it is fetched, and what is wrong with a directory that holds none."""

import sys

from nim_serve.cache import model_path
from nim_serve.contract import ServeConfig


def fetch_command() -> list[str]:
    """A process of its own; a model that is complete costs it a look at the marker."""
    return [sys.executable, "-m", "nim_serve.fetch"]


def local_problem(config: ServeConfig) -> str:
    """Why NIM_MODEL_PATH, a directory, cannot be served in this pod; nothing when it can."""
    if (model_path(config) / "config.json").is_file():
        return ""
    return (
        f"NIM_MODEL_PATH={config.model.name!r} holds no config.json in this pod: mount the model there, "
        "or use hf://<owner>/<model>"
    )
