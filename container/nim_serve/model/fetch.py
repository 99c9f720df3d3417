"""Download a hub model into the cache: `python -m nim_serve.model.fetch`, a process of its own.

Apart from the launcher, because huggingface_hub costs 60 MB that would stay, and a download must end at SIGTERM.
Started again it resumes: huggingface_hub keeps partial files beside the model until they are whole.
"""

import os
import sys
import threading
import time
from collections.abc import Callable

from nim_serve.contract.serve_config import ContractError, ServeConfig, parse_environment
from nim_serve.model.cache import CachedModel, cached_model
from nim_serve.model.download_lock import download_lock
from nim_serve.model.model import leave_reason
from nim_serve.system.logs import Log, configure

PROGRESS_SECONDS = 10.0
OTHER_WEIGHTS = ("*.bin", "*.pt", "*.pth", "*.gguf", "*.onnx", "*.h5", "*.msgpack", "original/*", "onnx/*")
"""Copies of the same weights in other formats; left out where the repository has safetensors."""

log = Log("download")


def ignored_patterns(names: list[str]) -> list[str]:
    """Give the patterns of what not to download: with safetensors there, other formats would double the size."""
    has_safetensors = any(name.endswith(".safetensors") and "/" not in name for name in names)
    return list(OTHER_WEIGHTS) if has_safetensors else []


def report_progress(place: CachedModel, total: int, stop: threading.Event, interval: float = PROGRESS_SECONDS) -> None:
    """Log how far the download is every `interval` seconds, until told to stop; `total` is in bytes."""
    while not stop.wait(interval):
        present = place.bytes_present()
        log.info("downloading", gigabytes=round(present / 1e9, 2), of=round(total / 1e9, 2))


def download(config: ServeConfig, place: CachedModel) -> None:
    """Download what is missing, then write the marker; whatever huggingface_hub raises is passed on."""
    # Bars are for terminals; the log gets a line every ten seconds. Read at import, hence here.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from huggingface_hub import HfApi, snapshot_download

    started = time.monotonic()
    source = config.model
    info = HfApi().model_info(source.name, revision=source.revision, files_metadata=True)
    files = list(info.siblings or [])
    ignored = ignored_patterns([file.rfilename for file in files])
    total = sum(file.size or 0 for file in files if not _matches(file.rfilename, ignored))
    place.directory.mkdir(parents=True, exist_ok=True)
    log.info("download starts", model=source.name, revision=source.revision, commit=info.sha, to=place.directory)
    stop = threading.Event()
    watcher = threading.Thread(target=report_progress, args=(place, total, stop), daemon=True)
    watcher.start()
    try:
        # The commit, not the branch: the branch may move while this runs.
        snapshot_download(source.name, revision=info.sha, local_dir=place.directory, ignore_patterns=ignored)
    finally:
        stop.set()
    place.write_marker(source, info.sha or "")
    log.info("download done", gigabytes=round(total / 1e9, 2), seconds=round(time.monotonic() - started, 1))


def _matches(name: str, patterns: list[str]) -> bool:
    from fnmatch import fnmatch

    return any(fnmatch(name, pattern) for pattern in patterns)


def explain(config: ServeConfig, error: Exception) -> str:
    """Write one sentence for the user about a download that failed."""
    name = type(error).__name__
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    status = getattr(getattr(error, "response", None), "status_code", None)
    token = "HF_TOKEN is set" if os.environ.get("HF_TOKEN") else "HF_TOKEN is not set"
    if name == "RevisionNotFoundError":
        return f"{config.model.name} has no revision {config.model.revision!r}: use one that exists, for example main"
    if name == "GatedRepoError" or status in (401, 403):
        return f"{endpoint} refuses {config.model.name} ({token}): use a token that may read the model"
    if name == "RepositoryNotFoundError" or status == 404:
        return f"{endpoint} has no model {config.model.name}, or hides it ({token}): check NIM_MODEL_PATH and the token"
    first = str(error).strip().splitlines()[0] if str(error).strip() else name
    return f"downloading {config.model.name} from {endpoint} failed: {name}: {first}"


def fetch(config: ServeConfig, download_model: Callable[[ServeConfig, CachedModel], None] = download) -> int:
    """Make the model complete in the cache, and give the exit code of the process: 0 when it is complete."""
    if config.model.kind == "path":
        return 0
    leave_reason("")
    place = cached_model(config.cache_path, config.model)
    if _present(config, place):
        return 0
    if config.disable_download:
        return _failed(
            f"{config.model.name} is not complete in {place.directory} and NIM_DISABLE_MODEL_DOWNLOAD is set: "
            "fill the cache with download-to-cache, or unset it"
        )
    try:
        with download_lock(place.lock, log):
            if not _present(config, place):  # while this one waited
                download_model(config, place)
    except Exception as error:  # whatever the client raises becomes one sentence
        return _failed(explain(config, error))
    return 0


def _failed(reason: str) -> int:
    log.error(reason)
    leave_reason(reason)
    return 1


def _present(config: ServeConfig, place: CachedModel) -> bool:
    if not place.complete():
        return False
    log.info("model is in the cache", model=config.model.name, path=place.directory)
    return True


def main() -> int:
    """Run as a process and give its exit code; the launcher has checked the environment already."""
    try:
        config = parse_environment(os.environ)
    except ContractError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    configure(config.log_level, config.jsonl)
    return fetch(config)


if __name__ == "__main__":
    sys.exit(main())
