"""The hub stand-in as the real huggingface_hub client sees it, and as nim_serve uses it."""

import json
import os
import re
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import rootfs
from lab.engine import model, tree
from lab.paths import REPO

MODEL_ID = "lab/tiny-llama"
TOKEN = "hf_lab_token"


@dataclass(frozen=True)
class RunningHub:
    """The stand-in as a process on the loopback."""

    url: str
    downloads: Path

    def get(self, path: str, **headers: str) -> bytes:
        with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers)) as answer:
            return bytes(answer.read())

    def requests(self) -> list[dict[str, Any]]:
        return list(json.loads(self.get("/_lab/requests")))

    def count(self, route: str) -> int:
        return sum(row["count"] for row in self.requests() if row["route"].startswith(route))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    command = [sys.executable, "-m", "lab.engine.hub", "--host", "127.0.0.1", "--port", "0", "--token", TOKEN]
    command += ["--model-dir", str(model.ensure()), "--model-id", MODEL_ID, "--downloads", str(downloads)]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            yield RunningHub(found[0], downloads)
        finally:
            process.kill()


def client(hub: RunningHub, program: str, token: str | None = TOKEN, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a program with the client library of the engine tree."""
    environment = {"PATH": os.environ["PATH"], "HF_ENDPOINT": hub.url, **more}
    environment["PYTHONPATH"] = f"{tree.ensure()}:{REPO / 'container'}"
    if token is not None:
        environment["HF_TOKEN"] = token
    return subprocess.run(
        [*rootfs.python([tree.ensure(), REPO, hub.downloads.parent]), "-c", textwrap.dedent(program)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def files_of(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }


SNAPSHOT = f"""
    import sys
    from huggingface_hub import snapshot_download
    print(snapshot_download("{MODEL_ID}", local_dir=sys.argv[1] if sys.argv[1:] else None))
"""


def test_the_real_client_downloads_the_model_whole(hub: RunningHub, tmp_path: Path) -> None:
    done = client(hub, SNAPSHOT, HF_HOME=str(tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert files_of(Path(done.stdout.strip())) == files_of(model.ensure())


def test_a_second_download_takes_nothing_again(hub: RunningHub, tmp_path: Path) -> None:
    home = {"HF_HOME": str(tmp_path / "home")}
    client(hub, SNAPSHOT, **home)
    first = hub.count("GET file")
    done = client(hub, SNAPSHOT, **home)
    assert done.returncode == 0, done.stderr
    assert hub.count("GET file") == first == len(files_of(model.ensure()))


def test_requests_are_counted_by_client_and_forgotten_on_demand(hub: RunningHub, tmp_path: Path) -> None:
    client(hub, SNAPSHOT, HF_HOME=str(tmp_path))
    assert {row["client"] for row in hub.requests()} == {"127.0.0.1"}
    assert hub.count("GET file model.safetensors") == 1
    hub.get("/_lab/reset")
    assert hub.requests() == []


CAUGHT = f"""
    from huggingface_hub import HfApi
    try:
        HfApi().model_info("{MODEL_ID}", revision="REVISION")
    except Exception as error:
        print(type(error).__name__, error.response.status_code)
"""


@pytest.mark.parametrize(
    ("token", "revision", "caught"),
    [
        (None, "main", "GatedRepoError 401"),
        ("hf_wrong", "main", "HfHubHTTPError 401"),
        (TOKEN, "v9", "RevisionNotFoundError 404"),
    ],
)
def test_the_client_raises_its_own_errors(
    hub: RunningHub, tmp_path: Path, token: str | None, revision: str, caught: str
) -> None:
    done = client(hub, CAUGHT.replace("REVISION", revision), token, HF_HOME=str(tmp_path))
    assert done.stdout.strip() == caught, done.stderr


def test_a_model_that_is_not_there(hub: RunningHub) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        hub.get("/api/models/other/model", Authorization=f"Bearer {TOKEN}")
    assert caught.value.code == 404
    assert caught.value.headers["X-Error-Code"] == "RepoNotFound"


def test_ranges_are_served_so_that_downloads_resume(hub: RunningHub) -> None:
    path = f"/{MODEL_ID}/resolve/main/model.safetensors"
    whole = (model.ensure() / "model.safetensors").read_bytes()
    assert hub.get(path, Authorization=f"Bearer {TOKEN}", Range="bytes=1000-1999") == whole[1000:2000]
    assert hub.get(path, Authorization=f"Bearer {TOKEN}", Range=f"bytes={len(whole) - 5}-") == whole[-5:]
    with pytest.raises(urllib.error.HTTPError) as caught:
        hub.get(path, Authorization=f"Bearer {TOKEN}", Range=f"bytes={len(whole)}-")
    assert caught.value.code == 416


def test_other_downloads_need_no_token_and_stay_in_their_folder(hub: RunningHub) -> None:
    (hub.downloads / "v1").mkdir()
    (hub.downloads / "v1" / "manifests.yaml").write_text("kind: Namespace\n")
    assert hub.get("/downloads/v1/manifests.yaml") == b"kind: Namespace\n"
    for outside in ("/downloads/../hub.log", "/downloads/%2e%2e/%2e%2e/etc/passwd", "/downloads/v1"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            hub.get(outside)
        assert caught.value.code == 404


FETCH = "import sys; from nim_serve.model.fetch import main; sys.exit(main())"


def nim_fetch(
    hub: RunningHub, cache: Path, token: str | None = TOKEN, **more: str
) -> "subprocess.CompletedProcess[str]":
    settings = {"NIM_MODEL_PATH": f"hf://{MODEL_ID}", "NIM_CACHE_PATH": str(cache), **more}
    return client(hub, FETCH, token, **settings)


def test_nim_serve_downloads_once_and_then_asks_nobody(hub: RunningHub, tmp_path: Path) -> None:
    done = nim_fetch(hub, tmp_path)
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "models" / "lab--tiny-llama" / "main") == files_of(model.ensure())
    hub.get("/_lab/reset")
    again = nim_fetch(hub, tmp_path)
    assert again.returncode == 0
    assert "model is in the cache" in again.stderr
    assert hub.requests() == []


def test_a_model_that_lost_a_file_is_completed(hub: RunningHub, tmp_path: Path) -> None:
    nim_fetch(hub, tmp_path)
    (tmp_path / "models" / "lab--tiny-llama" / "main" / "model.safetensors").unlink()
    hub.get("/_lab/reset")
    assert nim_fetch(hub, tmp_path).returncode == 0
    assert hub.count("GET file") == 1
    assert hub.count("GET file model.safetensors") == 1


def test_a_refused_token_is_explained_and_not_shown(hub: RunningHub, tmp_path: Path) -> None:
    done = nim_fetch(hub, tmp_path, token="hf_wrong_s3cret")
    assert done.returncode == 1
    assert f"{hub.url} refuses {MODEL_ID} (HF_TOKEN is set)" in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "HF_TOKEN is not set" in nim_fetch(hub, tmp_path, token=None).stderr


def test_a_revision_that_does_not_exist_is_explained(hub: RunningHub, tmp_path: Path) -> None:
    done = nim_fetch(hub, tmp_path, NIM_MODEL_PATH=f"hf://{MODEL_ID}@v9")
    assert done.returncode == 1
    assert "has no revision 'v9'" in done.stderr
