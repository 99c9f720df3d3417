"""When a model counts as there, and what a download does about it."""

from pathlib import Path

import pytest
from nim_serve.contract.serve_config import ServeConfig, parse_environment
from nim_serve.contract.values import ModelSource
from nim_serve.model import fetch, model
from nim_serve.model.cache import CachedModel, cached_model, default_name, model_path
from nim_serve.system.logs import configure

SOURCE = ModelSource("hf", "owner/model", "main")


def config(cache: Path, **more: str) -> ServeConfig:
    return parse_environment({"NIM_MODEL_PATH": "hf://owner/model", "NIM_CACHE_PATH": str(cache), **more})


def filled(cache: Path) -> CachedModel:
    place = cached_model(str(cache), SOURCE)
    place.directory.mkdir(parents=True)
    (place.directory / "config.json").write_text("{}")
    (place.directory / "model.safetensors").write_bytes(b"x" * 100)
    return place


def test_the_path_follows_from_the_name_alone(tmp_path: Path) -> None:
    assert model_path(config(tmp_path)) == tmp_path / "models" / "owner--model" / "main"
    assert cached_model("/c", ModelSource("hf", "a/b", "refs/pr/1")).directory == Path("/c/models/a--b/refs--pr--1")


def test_a_directory_is_used_as_it_is() -> None:
    local = parse_environment({"NIM_MODEL_PATH": "/models/llama"})
    assert model_path(local) == Path("/models/llama")
    assert default_name(local.model) == "llama"


def test_files_without_a_marker_are_not_a_model(tmp_path: Path) -> None:
    assert not filled(tmp_path).complete()


def test_a_marker_makes_it_complete_until_a_file_changes(tmp_path: Path) -> None:
    place = filled(tmp_path)
    place.write_marker(SOURCE, "abc")
    assert place.complete()
    (place.directory / "model.safetensors").write_bytes(b"x" * 99)
    assert not place.complete()


def test_a_missing_file_is_noticed(tmp_path: Path) -> None:
    place = filled(tmp_path)
    place.write_marker(SOURCE, "abc")
    (place.directory / "config.json").unlink()
    assert not place.complete()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": 3}', '{"files": {}}', "{}"])
def test_a_damaged_marker_counts_for_nothing(tmp_path: Path, content: str) -> None:
    place = filled(tmp_path)
    place.marker.write_text(content)
    assert not place.complete()


def test_the_clients_own_bookkeeping_is_not_part_of_the_model(tmp_path: Path) -> None:
    place = filled(tmp_path)
    (place.directory / ".cache").mkdir()
    (place.directory / ".cache" / "lock").write_text("")
    place.write_marker(SOURCE, "abc")
    (place.directory / ".cache" / "lock").unlink()
    assert place.complete()


def test_a_complete_model_is_not_fetched_again(tmp_path: Path) -> None:
    filled(tmp_path).write_marker(SOURCE, "abc")

    def never(_: ServeConfig, __: CachedModel) -> None:
        raise AssertionError("asked the hub")

    assert fetch.fetch(config(tmp_path), never) == 0


def test_without_permission_an_absent_model_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", jsonl=False)
    assert fetch.fetch(config(tmp_path, NIM_DISABLE_MODEL_DOWNLOAD="1")) == 1
    said = capsys.readouterr().err
    assert "NIM_DISABLE_MODEL_DOWNLOAD is set" in said
    assert "download-to-cache" in said


def test_a_failed_download_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", jsonl=False)

    def fail(_: ServeConfig, __: CachedModel) -> None:
        raise ConnectionError("no route\nsecond line")

    assert fetch.fetch(config(tmp_path), fail) == 1
    said = capsys.readouterr().err
    assert "downloading owner/model from" in said
    assert "ConnectionError: no route" in said
    assert "Traceback" not in said


def test_the_reason_of_a_failed_download_is_what_the_pod_ends_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure("INFO", jsonl=False)
    monkeypatch.setattr(model, "REASON", tmp_path / "reason")

    def refuse(_: ServeConfig, __: CachedModel) -> None:
        raise GatedRepoError("401")

    def killed(_: ServeConfig, __: CachedModel) -> None:
        raise SystemExit(137)

    assert fetch.fetch(config(tmp_path), refuse) == 1
    assert "refuses owner/model (HF_TOKEN is not set)" in model.download_problem(1)
    with pytest.raises(SystemExit):
        fetch.fetch(config(tmp_path), killed)
    assert model.download_problem(137) == ("the model could not be downloaded (exit code 137); the lines above say why")


class GatedRepoError(Exception):
    """Named as the client names it."""


def test_a_refused_token_says_so_without_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_s3cret")
    text = fetch.explain(config(tmp_path), GatedRepoError("401"))
    assert "refuses owner/model (HF_TOKEN is set)" in text
    assert "s3cret" not in text


def test_other_formats_are_left_out_only_beside_safetensors() -> None:
    assert "*.bin" in fetch.ignored_patterns(["model-00001.safetensors", "pytorch_model.bin"])
    assert fetch.ignored_patterns(["pytorch_model.bin", "config.json"]) == []
    assert fetch.ignored_patterns(["original/x.safetensors", "pytorch_model.bin"]) == []
