"""The environment is read as the contract says, and refused with everything that is wrong with it."""

import ast
import sys
from pathlib import Path

import pytest
from nim_serve.contract import serve_config as contract
from nim_serve.contract.limits import Limits
from nim_serve.contract.serve_config import ContractError, parse_environment
from nim_serve.contract.values import OWNED_OPTIONS, ModelSource

from nim_stack.rules import overrides
from nim_stack.rules.healing import REFUSED_ARGUMENTS

MODEL = {"NIM_MODEL_PATH": "hf://meta-llama/Llama-3.1-405B-Instruct"}
PACKAGE = Path(contract.__file__).parents[1]


def problems(environment: dict[str, str]) -> str:
    with pytest.raises(ContractError) as caught:
        parse_environment(environment)
    return "\n".join(caught.value.problems)


def test_defaults_are_those_of_nim() -> None:
    config = parse_environment(MODEL)
    assert (config.server_port, config.cache_path, config.nodes) == (8000, "/opt/nim/.cache", 1)
    assert (config.tensor_parallel, config.pipeline_parallel, config.jsonl) == (1, 1, False)
    assert config.shared_cache
    assert config.limits == Limits()
    assert config.heartbeat_port is None, "the Ray port + 1"


def test_a_group_of_two_nodes_with_eight_gpus_each() -> None:
    sizes = {"NIM_TENSOR_PARALLEL_SIZE": "8", "NIM_PIPELINE_PARALLEL_SIZE": "2", "NIM_NUM_COMPUTE_NODES": "2"}
    config = parse_environment({**MODEL, **sizes})
    assert (config.world_size, config.gpus_per_node) == (16, 8)


def test_every_problem_is_reported_at_once() -> None:
    text = problems(
        {
            "NIM_MODEL_PATH": "ngc://nim/meta/llama",
            "NIM_SERVER_PORT": "99999",
            "NIM_TENSOR_PARALLEL_SIZE": "0",
            "NIM_LOG_LEVEL": "loud",
            "NIM_JSONL_LOGGING": "maybe",
            "NIM_CACHE_PATH": "cache",
        }
    )
    assert "the licensed NIM image" in text
    assert "NIM_SERVER_PORT='99999': use a port from 1 to 65535" in text
    assert "NIM_TENSOR_PARALLEL_SIZE='0': use a whole number from 1" in text
    assert "use one of TRACE, DEBUG, INFO" in text
    assert "use 1, true, 0 or false" in text
    assert "NIM_CACHE_PATH='cache': use an absolute path" in text


def test_no_model_is_a_problem() -> None:
    assert "NIM_MODEL_PATH is not set: use hf://" in problems({})


def test_an_empty_variable_counts_as_absent() -> None:
    assert parse_environment({**MODEL, "NIM_SERVER_PORT": "", "NIM_MODEL_PROFILE": " "}).server_port == 8000


def test_gpus_that_the_nodes_cannot_share_evenly_are_refused() -> None:
    text = problems({**MODEL, "NIM_TENSOR_PARALLEL_SIZE": "3", "NIM_NUM_COMPUTE_NODES": "2"})
    assert "3 GPUs cannot be split evenly over NIM_NUM_COMPUTE_NODES=2" in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {"NIM_SERVER_PORT": "6379"}, "the Ray port and NIM_SERVER_PORT are both 6379", id="the server's is Ray's"
        ),
        pytest.param(
            {"NIM_HEALTH_PORT": "6380"},
            "(NIM_STACK_HEARTBEAT_PORT) and NIM_HEALTH_PORT are both 6380",
            id="the health port is that of heartbeats",
        ),
        pytest.param(
            {"NIM_STACK_HEARTBEAT_PORT": "6379"},
            "the Ray port and the heartbeat port",
            id="the heartbeat port is Ray's",
        ),
        pytest.param({}, "", id="the defaults"),
    ],
)
def test_the_ports_of_a_pod_are_four(given: dict[str, str], said: str) -> None:
    config = parse_environment({**MODEL, **given})
    assert said in "\n".join(contract.port_problems(config, 6379))
    assert bool(contract.port_problems(config, 6379)) is bool(said)


def test_the_heartbeat_is_beside_ray_and_must_be_a_port() -> None:
    config = parse_environment(MODEL)
    assert contract.heartbeat_port(config, 6400) == 6401
    assert contract.heartbeat_port(parse_environment({**MODEL, "NIM_STACK_HEARTBEAT_PORT": "7000"}), 6400) == 7000
    assert "no port is left" in contract.port_problems(config, 65535)[0]


def test_a_drain_delay_is_a_part_of_the_drain() -> None:
    given = {"NIM_STACK_DRAIN_SECONDS": "5", "NIM_STACK_DRAIN_DELAY_SECONDS": "6"}
    assert "NIM_STACK_DRAIN_DELAY_SECONDS=6 is longer" in problems({**MODEL, **given})


def test_healing_can_be_switched_off() -> None:
    assert parse_environment({**MODEL, "NIM_STACK_HEAL_TRIES": "0"}).limits.tries == 0


def test_the_health_port_must_be_another_port() -> None:
    assert "answers health anyway" in problems({**MODEL, "NIM_HEALTH_PORT": "8000"})
    assert parse_environment({**MODEL, "NIM_HEALTH_PORT": "8001"}).health_port == 8001


@pytest.mark.parametrize("given", ["-tp 2", "--tensor-parallel-size=2", "--tensor_parallel_size 2", "-tp=2"])
def test_pass_through_may_not_set_what_ray_is_sized_by(given: str) -> None:
    assert "use NIM_TENSOR_PARALLEL_SIZE" in problems({**MODEL, "NIM_PASSTHROUGH_ARGS": given})


def test_pass_through_may_not_show_an_api_key() -> None:
    assert "VLLM_API_KEY" in problems({**MODEL, "NIM_PASSTHROUGH_ARGS": "--api-key s3cret"})


@pytest.mark.parametrize("given", ["--disable-log-stats", "--disable_log_stats"])
def test_pass_through_may_not_take_the_statistics_away(given: str) -> None:
    assert "a stuck engine from one that computes" in problems({**MODEL, "NIM_PASSTHROUGH_ARGS": given})


@pytest.mark.parametrize("given", ["--ssl-cert-reqs 2", "--ssl-cert-reqs=2", "--ssl_cert_reqs=2"])
def test_a_server_that_would_turn_its_supervisor_away_is_refused(given: str) -> None:
    assert "use --ssl-cert-reqs 0 or 1" in problems({**MODEL, "NIM_PASSTHROUGH_ARGS": given})


@pytest.mark.parametrize("given", ["--ssl-cert-reqs 0", "--ssl-cert-reqs=1", "--ssl-certfile /tls.crt --seed 2"])
def test_one_that_lets_it_in_is_not(given: str) -> None:
    assert parse_environment({**MODEL, "NIM_PASSTHROUGH_ARGS": given}).passthrough


@pytest.mark.parametrize("key", ["s3cret\n", "s3\tcret", "s3cret\u20ac", "s3cret\x7f"])
def test_a_key_that_no_header_carries_is_refused_and_not_shown(key: str) -> None:
    text = problems({**MODEL, "VLLM_API_KEY": key})
    assert "printf %s KEY | base64" in text
    assert "s3" not in text


@pytest.mark.parametrize("key", ["", "s3cret", "schlüssel"])
def test_other_keys_are_not(key: str) -> None:
    assert parse_environment({**MODEL, "VLLM_API_KEY": key})


def test_pass_through_is_split_as_by_a_shell() -> None:
    given = '--rope-scaling \'{"type": "linear"}\' --enforce-eager'
    words = parse_environment({**MODEL, "NIM_PASSTHROUGH_ARGS": given}).passthrough
    assert words == ("--rope-scaling", '{"type": "linear"}', "--enforce-eager")


def test_unbalanced_quotes_are_refused() -> None:
    assert "quote it as for a shell" in problems({**MODEL, "NIM_PASSTHROUGH_ARGS": "--x 'y"})


@pytest.mark.parametrize(
    ("given", "source"),
    [
        pytest.param("hf://a/b", ModelSource("hf", "a/b", "main"), id="the hub"),
        pytest.param("hf://a/b@v1.0", ModelSource("hf", "a/b", "v1.0"), id="a tag of the hub"),
        pytest.param("hf://a/b:refs/pr/1", ModelSource("hf", "a/b", "refs/pr/1"), id="a revision in vLLM's spelling"),
        pytest.param("/models/llama", ModelSource("path", "/models/llama"), id="a path"),
    ],
)
def test_where_a_model_comes_from(given: str, source: ModelSource) -> None:
    assert parse_environment({"NIM_MODEL_PATH": given}).model == source


@pytest.mark.parametrize("given", ["llama", "hf://llama", "hf://../b", "hf://a/../../etc", "s3://bucket/key"])
def test_other_models_are_refused(given: str) -> None:
    assert "use hf://<owner>/<model>" in problems({"NIM_MODEL_PATH": given})


def test_a_profile_sets_the_sizes_and_explicit_sizes_win() -> None:
    profile = {**MODEL, "NIM_MODEL_PROFILE": "vllm-bf16-tp8-pp2"}
    config = parse_environment(profile)
    assert (config.precision, config.tensor_parallel, config.pipeline_parallel) == ("bfloat16", 8, 2)
    assert parse_environment({**profile, "NIM_TENSOR_PARALLEL_SIZE": "4"}).tensor_parallel == 4


def test_a_profile_hash_of_the_licensed_image_is_refused() -> None:
    assert "use vllm-<precision>-tp<N>-pp<M>" in problems({**MODEL, "NIM_MODEL_PROFILE": "ab" * 32})


def test_unknown_nim_variables_are_named_and_others_are_not() -> None:
    config = parse_environment({**MODEL, "NIM_MODEL_NAME": "x", "NIM_SEVER_PORT": "1", "PATH": "/bin"})
    assert config.ignored == ("NIM_MODEL_NAME", "NIM_SEVER_PORT")


def test_secrets_are_in_neither_the_configuration_nor_a_problem() -> None:
    secrets = {"HF_TOKEN": "hf_s3cret", "NGC_API_KEY": "nvapi-s3cret"}
    assert "s3cret" not in repr(parse_environment({**MODEL, **secrets}))
    assert "s3cret" not in problems(secrets)


def test_the_arguments_of_both_roles() -> None:
    assert contract.head_args(6380) == ["nim-serve-ray", "--head", "--port", "6380"]
    assert contract.worker_args("leader.ns", 6380) == ["nim-serve-ray", "--head-address", "leader.ns:6380"]


def test_the_contract_needs_the_standard_library_only() -> None:
    for module in ("serve_config.py", "values.py", "variables.py", "limits.py"):
        for node in ast.walk(ast.parse((PACKAGE / "contract" / module).read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign = {n.split(".")[0] for n in names} - set(sys.stdlib_module_names) - {"nim_serve"}
            assert not foreign, f"{module} imports {foreign}"


def test_the_stack_refuses_at_preview_what_the_image_would_refuse() -> None:
    assert OWNED_OPTIONS.keys() <= overrides.OWNED_OPTIONS.keys() | REFUSED_ARGUMENTS.keys()


def test_an_address_of_ipv6_is_refused_with_what_would_work() -> None:
    assert parse_environment({"NIM_MODEL_PATH": "hf://a/b", "VLLM_HOST_IP": "10.0.0.1"}).host_ip == "10.0.0.1"
    with pytest.raises(ContractError, match="IPv6 address: use a cluster with IPv4, or a dual-stack one"):
        parse_environment({"NIM_MODEL_PATH": "hf://a/b", "VLLM_HOST_IP": "fd00::1"})
