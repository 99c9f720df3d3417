"""What is said of an environment and of arguments that cannot work."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from nim_serve import cli
from nim_serve.contract.values import OWNED_OPTIONS
from nim_serve.system.logs import Log

from tests.unit.words.stage import GROUP, MODEL, Stage
from tests.unit.words.writers import Lines, writes

REFUSED: tuple[dict[str, str], ...] = (
    {"NIM_MODEL_PATH": ""},
    {"NIM_MODEL_PATH": "a/b"},
    {"NIM_MODEL_PATH": "ngc://nim/a/b"},
    {"NIM_TENSOR_PARALLEL_SIZE": "x"},
    {"NIM_TENSOR_PARALLEL_SIZE": "3"},
    {"NIM_STACK_STALL_SECONDS": "-1"},
    {"NIM_SERVER_PORT": "0"},
    {"NIM_CACHE_PATH": "cache"},
    {"NIM_LOG_LEVEL": "LOUD"},
    {"NIM_JSONL_LOGGING": "maybe"},
    {"NIM_SERVED_MODEL_NAME": "a,,b"},
    {"NIM_MODEL_PROFILE": "fast"},
    {"NIM_PASSTHROUGH_ARGS": "'"},
    {"NIM_PASSTHROUGH_ARGS": " ".join(OWNED_OPTIONS)},
    {"NIM_PASSTHROUGH_ARGS": "--ssl-cert-reqs 2"},
    {"VLLM_HOST_IP": "fd00::1"},
    {"VLLM_API_KEY": "key\n"},
    {"NIM_HEALTH_PORT": "8000"},
    {"NIM_HEALTH_PORT": "6379"},
    {"NIM_STACK_HEARTBEAT_PORT": "6379"},
    {"NIM_STACK_HEARTBEAT_PORT": "8000"},
    {"NIM_STACK_DRAIN_DELAY_SECONDS": "60"},
)


def refused(stage: Stage, given: dict[str, str], port: int = 6379, role: str = "leader") -> Lines:
    """A pod of a group whose environment is this, healing switched off so that it exits at once."""
    stage.environment({**GROUP, "NIM_STACK_HEAL_TRIES": "0", **given})

    def act() -> None:
        with pytest.raises(SystemExit):
            cli.checked_config(Log(role), port)

    return stage.said(act)


@writes("environment")
def environment(stage: Stage) -> Iterator[Lines]:
    for given in REFUSED:
        yield refused(stage, given)
    yield refused(stage, {"NIM_SERVER_PORT": "x"}, role="worker")
    yield refused(stage, {}, port=65535)


@writes("environment")
def environment_of_a_download(stage: Stage) -> Iterator[Lines]:
    for action in (cli.download_to_cache, cli.list_model_profiles):
        stage.environment({**MODEL, "NIM_CACHE_PATH": "cache"})

        def act(run: Callable[[Sequence[str]], int] = action) -> None:
            with pytest.raises(SystemExit):
                run([])

        yield stage.said(act)


@writes("environment")
def a_group_that_is_started_as_one_pod(stage: Stage) -> Iterator[Lines]:
    stage.environment(GROUP)
    yield stage.said(lambda: cli.nim_serve([]))


@writes(
    "ignored",
    text="is not a variable of this image and is ignored",
    unread="The container goes on; a misspelt name is a warning for whoever reads the log.",
)
def ignored(stage: Stage) -> Iterator[Lines]:
    stage.environment({**MODEL, "NIM_MODEL_NAME": "b"})
    yield stage.said(lambda: cli.checked_config(Log("server")))


@writes(
    "arguments",
    text="^unknown action |^--head-address ",
    unread="The manifests write them, and a test holds those to the contract's own functions.",
)
def arguments(stage: Stage) -> Iterator[Lines]:
    stage.environment(MODEL)
    yield stage.said(lambda: cli.main(["nim-run"]))
    yield stage.said(lambda: cli.main(["nim-serve-ray", "--head-address", "leader"]))
