"""What is said of the model: the hub's refusals, a directory without a model, a cache that is not shared."""

import errno
import fcntl
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from nim_serve.contract.serve_config import ServeConfig
from nim_serve.decide import events as e
from nim_serve.model import fetch, model
from nim_serve.model.cache import CachedModel
from nim_serve.model.download_lock import download_lock
from nim_serve.pod import worker as worker_module
from nim_serve.pod.health_port import Health
from nim_serve.pod.worker import Worker
from nim_serve.system.logs import Log

from tests.unit.words.stage import FIRST, MODEL, Stage, Stopping
from tests.unit.words.writers import Lines, writes

UNREACHABLE = (
    "ConnectError",
    "ConnectTimeout",
    "ConnectionError",
    "LocalEntryNotFoundError",
    "MaxRetryError",
    "OfflineModeIsEnabled",
    "ProxyError",
    "ReadTimeout",
    "SSLError",
)
"""Classes of huggingface_hub, httpx and requests; their text is put into the sentence as it is."""


def error(name: str, text: str = "", status: int | None = None) -> Exception:
    """An exception of this class name, as huggingface_hub raises it; the package is in the image alone."""
    kind = type(name, (Exception,), {"response": SimpleNamespace(status_code=status)} if status else {})
    made = kind(text)
    assert isinstance(made, Exception)
    return made


def failed(stage: Stage, wrong: Exception, **given: str) -> Lines:
    """A download that ends so: its own lines, and those of the leader, which has no try left."""

    def refuse(_: ServeConfig, __: CachedModel) -> None:
        raise wrong

    stage.environment({**MODEL, **given})
    lines = stage.said(lambda: fetch.fetch(stage.config(), refuse))
    problem = model.download_problem(1)
    return lines + stage.leader(e.ModelDone(problem), e.Ended(e.Scope.RAY), NIM_STACK_HEAL_TRIES="0")


@writes("hub-refuses-token")
def hub_refuses_token(stage: Stage) -> Iterator[Lines]:
    for token in ({}, {"HF_TOKEN": "hf_x"}):
        yield failed(stage, error("GatedRepoError", "restricted", 403), **token)
        yield failed(stage, error("HTTPError", "unauthorized", 401), **token)


@writes("model-not-found")
def model_not_found(stage: Stage) -> Iterator[Lines]:
    yield failed(stage, error("RepositoryNotFoundError", "not found", 404))
    yield failed(stage, error("HTTPError", "not found", 404), HF_TOKEN="hf_x")


@writes("revision-not-found")
def revision_not_found(stage: Stage) -> Iterator[Lines]:
    yield failed(stage, error("RevisionNotFoundError", "not found", 404))


@writes("hub-unreachable")
def hub_unreachable(stage: Stage) -> Iterator[Lines]:
    for name in UNREACHABLE:
        yield failed(stage, error(name, "[Errno 110] Connection timed out"))


@writes("download-failed")
def download_failed(stage: Stage) -> Iterator[Lines]:
    yield failed(stage, error("RuntimeError", "Consistency check failed"))
    yield failed(stage, error("RuntimeError"))


@writes("exit")
def a_download_that_left_no_words(stage: Stage) -> Iterator[Lines]:
    problem = model.download_problem(-9)
    yield stage.leader(e.ModelDone(problem), e.Ended(e.Scope.RAY), NIM_STACK_HEAL_TRIES="0")


@writes("fault")
def a_download_of_a_worker(stage: Stage) -> Iterator[Lines]:
    yield stage.worker(e.ModelDone(model.download_problem(1)), fetch=True)


@writes("exit")
def a_download_of_a_worker_that_is_given_up(stage: Stage) -> Iterator[Lines]:
    done = e.ModelDone(model.download_problem(1))
    yield stage.worker(done, 1.0, done, e.Ended(e.Scope.RAY), fetch=True, NIM_STACK_HEAL_TRIES="1")


@writes("no-model-in-directory")
def no_model_in_directory(stage: Stage) -> Iterator[Lines]:
    path = str(stage.directory / "nothing")
    problem = model.local_problem(stage.config(NIM_MODEL_PATH=path))
    ends = (e.ModelDone(problem, final=True), e.Ended(e.Scope.RAY))
    yield stage.leader(*ends, NIM_MODEL_PATH=path)
    yield stage.worker(*ends, fetch=True, NIM_MODEL_PATH=path)


@writes("download-disabled")
def download_disabled(stage: Stage) -> Iterator[Lines]:
    stage.environment(MODEL)
    yield stage.said(lambda: fetch.fetch(stage.config(NIM_DISABLE_MODEL_DOWNLOAD="1")))


@writes("cache-not-shared")
def cache_not_shared(stage: Stage) -> Iterator[Lines]:
    """The worker looks for the model that its leader has, until it has looked long enough."""
    stage.environment(MODEL)
    with Stopping() as stop:
        looking = Worker(stage.config(), "127.0.0.1", 1, Health(str(stage.directory)), stop)
        looking.perform(e.FetchModel(), now=0.0)
        done = [
            event for event in looking.service(now=worker_module.CACHE_LAG_SECONDS) if isinstance(event, e.ModelDone)
        ]
        looking.caller.close()
        looking.close()
    found = (e.Connected("10.0.0.1", "10.0.0.2"), e.Ordered(FIRST))
    yield stage.worker(*found, *done, e.Ended(e.Scope.RAY))


@writes("downloads")
def downloads(stage: Stage) -> Iterator[Lines]:
    """How far it is, from the thread that says so."""
    place = CachedModel(stage.directory / "model", stage.directory / "marker")
    stop = threading.Event()

    def act() -> None:
        thread = threading.Thread(target=fetch.report_progress, args=(place, 811 * 10**9, stop, 0.01))
        thread.start()
        time.sleep(0.1)
        stop.set()
        thread.join()

    yield stage.said(act)


@writes("downloads")
def download_starts(stage: Stage) -> Iterator[Lines]:
    """A download of one file, with a stand-in for huggingface_hub, which is in the image alone."""
    file = SimpleNamespace(rfilename="model.safetensors", size=3)

    def snapshot_download(*_: object, local_dir: Path, **__: object) -> None:
        (local_dir / "model.safetensors").write_text("abc")

    hub = SimpleNamespace(
        HfApi=lambda: SimpleNamespace(model_info=lambda *_, **__: SimpleNamespace(siblings=[file], sha="c0ffee")),
        snapshot_download=snapshot_download,
    )
    stage.environment(MODEL)
    with stage.patch.context() as patch:
        patch.setitem(sys.modules, "huggingface_hub", hub)
        yield stage.said(lambda: fetch.fetch(stage.config()))


@writes("other-download")
def other_download(stage: Stage) -> Iterator[Lines]:
    path = stage.directory / "model.lock"

    def act() -> None:
        holder = os.open(path, os.O_RDWR | os.O_CREAT)
        fcntl.flock(holder, fcntl.LOCK_EX)
        threading.Timer(0.2, os.close, [holder]).start()
        with download_lock(path, Log("download"), poll=0.01):
            pass

    yield stage.said(act)


@writes(
    "cache-without-locks",
    text="the cache has no file locks",
    unread="The download goes on; two at a time into one place would be the harm.",
)
def cache_without_locks(stage: Stage) -> Iterator[Lines]:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    def act() -> None:
        with stage.patch.context() as patch:
            patch.setattr(fcntl, "flock", refuse)
            with download_lock(Path(stage.directory / "other.lock"), Log("download")):
                pass

    yield stage.said(act)
