"""The actions as a user meets them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from nim_serve import cli
from nim_serve.contract.serve_config import parse_environment
from nim_serve.decide.events import Exit
from nim_serve.pod.health_port import Health
from nim_serve.pod.leader import Leader
from nim_serve.pod.stopping import StopRequest
from nim_serve.system.logs import Log, configure

CONTAINER = Path(__file__).resolve().parents[2] / "container"


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "nim_serve", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CONTAINER), **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_dry_run_prints_the_command_and_starts_nothing() -> None:
    done = run("nim-serve", "--dry-run", "--seed", "7", NIM_MODEL_PATH="hf://a/b", NIM_SERVED_MODEL_NAME="it's")
    assert done.returncode == 0
    assert "serve /opt/nim/.cache/models/a--b/main" in done.stdout
    assert done.stdout.rstrip().endswith("--seed 7")
    assert """'it'"'"'s'""" in done.stdout


def test_a_bad_environment_is_listed_whole_and_without_a_traceback() -> None:
    done = run("nim-serve-ray", "--head", NIM_SERVER_PORT="x", HF_TOKEN="hf_s3cret", NIM_STACK_HEAL_TRIES="0")
    assert done.returncode == 2
    assert "NIM_SERVER_PORT='x': use a port" in done.stderr
    assert "NIM_MODEL_PATH is not set" in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


def test_misspelt_variables_are_named() -> None:
    done = run("nim-serve", "--dry-run", NIM_MODEL_PATH="hf://a/b", NIM_MODEL_NAME="b")
    assert "NIM_MODEL_NAME is not a variable of this image and is ignored" in done.stderr


def test_an_unknown_action_names_the_known_ones() -> None:
    done = run("nim-run")
    assert done.returncode == 2
    assert "use one of nim-serve, nim-serve-ray, download-to-cache, list-model-profiles" in done.stderr


def test_a_role_is_required() -> None:
    done = run("nim-serve-ray", NIM_MODEL_PATH="hf://a/b")
    assert done.returncode == 2
    assert "--head-address" in done.stderr


def test_a_head_address_needs_a_port() -> None:
    done = run("nim-serve-ray", "--head-address", "leader", NIM_MODEL_PATH="hf://a/b")
    assert done.returncode == 2
    assert "use <host>:<port>" in done.stderr


def test_one_pod_refuses_to_be_a_group() -> None:
    done = run("nim-serve", NIM_MODEL_PATH="hf://a/b", NIM_NUM_COMPUTE_NODES="2", NIM_TENSOR_PARALLEL_SIZE="2")
    assert done.returncode == 2
    assert "use nim-serve-ray --head in the leader" in done.stderr


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    done = run("nim-serve", NIM_MODEL_PATH=str(tmp_path))
    assert done.returncode == 1
    assert "holds no config.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_profiles_are_listed_with_and_without_a_model() -> None:
    assert "vllm-<precision>-tp<N>-pp<M>" in run("list-model-profiles").stdout
    done = run("list-model-profiles", NIM_MODEL_PATH="hf://a/b", NIM_MODEL_PROFILE="vllm-bf16-tp8-pp1")
    assert "Selected by this environment: vllm-bf16-tp8-pp1 for a/b" in done.stdout


def test_a_worker_gives_up_at_its_deadline_and_says_why(tmp_path: Path) -> None:
    message = tmp_path / "termination-log"
    sizes = {"NIM_TENSOR_PARALLEL_SIZE": "2", "NIM_NUM_COMPUTE_NODES": "2", "NIM_STACK_JOIN_TIMEOUT_SECONDS": "1"}
    sizes["NIM_STACK_TERMINATION_LOG"] = str(message)
    done = run("nim-serve-ray", "--head-address", "127.0.0.1:9", NIM_MODEL_PATH="hf://a/b", **sizes)
    assert done.returncode == 1
    assert "waiting: for the leader: 127.0.0.1:10: Connection refused" in done.stderr
    assert "exiting: the leader did not answer within 1 s" in done.stderr
    assert message.read_text().startswith("worker: the leader did not answer within 1 s: 127.0.0.1:10:")


def test_whatever_goes_wrong_in_the_supervisor_is_said_where_kubernetes_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Role:
        log = Log("leader")

        def serve(self) -> Exit:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(StopRequest, "install", lambda _: None)
    monkeypatch.setattr(cli, "become_subreaper", lambda: None)
    message = tmp_path / "message"
    configure("INFO", jsonl=False)
    config = parse_environment({"NIM_MODEL_PATH": "hf://a/b", "NIM_STACK_TERMINATION_LOG": str(message)})
    make = cast("Callable[[Health, StopRequest], Leader]", lambda *_: Role())
    assert cli.supervise(config, make, in_group=True) == 1
    assert message.read_text() == "leader: a fault of the supervisor itself: RuntimeError: can't start new thread"
    assert "Traceback" in capsys.readouterr().err


def test_a_worker_that_waits_stops_at_once_when_asked() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CONTAINER), "NIM_MODEL_PATH": "hf://a/b"}
    command = [sys.executable, "-m", "nim_serve", "nim-serve-ray", "--head-address", "127.0.0.1:9"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        assert "waiting: for the leader" in worker.stderr.readline()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(5) == 0
        assert "worker: stopped, as asked" in worker.stderr.read()


def test_a_download_takes_a_profile_as_nim_does() -> None:
    """For a directory there is nothing to fetch, so that the action ends at once."""
    for profile in ([], ["-p", "vllm-bf16-tp8-pp2"]):
        assert run("download-to-cache", *profile, NIM_MODEL_PATH="/mnt/own").returncode == 0
    refused = run("download-to-cache", "--everything", NIM_MODEL_PATH="/mnt/own")
    assert refused.returncode == 2
