"""How each kind of value in the contract is read, and refused with what would work instead."""

import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

PRECISIONS: Mapping[str, str] = MappingProxyType(
    {"auto": "auto", "bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
)
"""The precisions a profile of the open image can name, with vLLM's `--dtype` for each."""

LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

OWNED_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "--model": "NIM_MODEL_PATH",
        "--port": "NIM_SERVER_PORT",
        "--host": "nothing: the server listens on every address of the pod",
        "--tensor-parallel-size": "NIM_TENSOR_PARALLEL_SIZE",
        "-tp": "NIM_TENSOR_PARALLEL_SIZE",
        "--pipeline-parallel-size": "NIM_PIPELINE_PARALLEL_SIZE",
        "-pp": "NIM_PIPELINE_PARALLEL_SIZE",
        "--distributed-executor-backend": "nothing: it follows from the action",
        "--nnodes": "NIM_NUM_COMPUTE_NODES",
        "--node-rank": "nothing: Ray orders the nodes",
        "--master-addr": "nothing: Ray finds the nodes",
        "--master-port": "nothing: Ray finds the nodes",
        "--headless": "nothing: workers run Ray only",
        "--api-key": "the variable VLLM_API_KEY, which is not visible in the process list",
        "--disable-log-stats": "nothing: these statistics tell a stuck engine from one that computes a long prompt",
    }
)
"""Options of vLLM that NIM_PASSTHROUGH_ARGS may not carry, with what to use instead; Ray's size follows from them."""


@dataclass(frozen=True)
class ModelSource:
    """Where the model comes from: a Hugging Face repository at a revision, or a directory in the container."""

    kind: Literal["hf", "path"]
    name: str
    """`<owner>/<model>`, or the absolute path of the directory."""
    revision: str = "main"
    """A branch, tag or commit of the repository; a directory has none."""


@dataclass(frozen=True)
class Profile:
    """A profile of the open image: `vllm-<precision>-tp<N>-pp<M>`."""

    precision: str
    tensor_parallel: int
    pipeline_parallel: int


def text(value: str) -> str:
    """Take any text."""
    return value


def flag(value: str) -> bool:
    """Read a truth value.

    Raises:
        ValueError: it is none; the message says what to use.
    """
    truth = {"1": True, "true": True, "0": False, "false": False}
    if value.lower() not in truth:
        raise ValueError("use 1, true, 0 or false")
    return truth[value.lower()]


def count(value: str) -> int:
    """Read a whole number from 1.

    Raises:
        ValueError: it is none; the message says what to use.
    """
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
        raise ValueError("use a whole number from 1")
    return int(value)


def whole(value: str) -> int:
    """Read a whole number from 0.

    Raises:
        ValueError: it is none; the message says what to use.
    """
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("use a whole number from 0")
    return int(value)


def port(value: str) -> int:
    """Read a TCP port.

    Raises:
        ValueError: it is none; the message says what to use.
    """
    if not re.fullmatch(r"[0-9]{1,5}", value) or not 1 <= int(value) <= 65535:
        raise ValueError("use a port from 1 to 65535")
    return int(value)


def directory(value: str) -> str:
    """Read an absolute path, without a slash at its end.

    Raises:
        ValueError: it is relative; the message says what to use.
    """
    if not value.startswith("/"):
        raise ValueError("use an absolute path")
    return value.rstrip("/") or "/"


def level(value: str) -> str:
    """Read a log level, in capitals.

    Raises:
        ValueError: it is none; the message names all.
    """
    level = "INFO" if value.upper() == "DEFAULT" else value.upper()
    if level not in LOG_LEVELS:
        raise ValueError(f"use one of {', '.join(LOG_LEVELS)}")
    return level


def names(value: str) -> tuple[str, ...]:
    """Read names with commas between them.

    Raises:
        ValueError: one is empty; the message says what to use.
    """
    names = tuple(name.strip() for name in value.split(","))
    if not all(names):
        raise ValueError("use a name, or several with commas between them")
    return names


def arguments(value: str) -> tuple[str, ...]:
    """Read further arguments for vLLM, quoted as for a shell.

    Raises:
        ValueError: a quote is open, or an option is one that the contract sets itself; the message says what to use.
    """
    try:
        words = tuple(shlex.split(value))
    except ValueError as unbalanced:
        raise ValueError(f"quote it as for a shell ({unbalanced})") from None
    # vLLM accepts `--tensor_parallel_size` and `-tp=2` as well.
    given = {word.split("=")[0].replace("_", "-") if word.startswith("--") else word.split("=")[0] for word in words}
    owned = [f"{option} (use {OWNED_OPTIONS[option]})" for option in OWNED_OPTIONS if option in given]
    if owned:
        raise ValueError(f"leave out {', '.join(owned)}")
    if "2" in _given(words, "--ssl-cert-reqs"):
        # ssl.CERT_REQUIRED; the others let a client in that has none.
        raise ValueError(
            "use --ssl-cert-reqs 0 or 1: with 2 vLLM answers nobody without a certificate of its own, and so neither "
            "the supervisor, which asks it for its health, nor the probes"
        )
    return words


def _given(words: Sequence[str], option: str) -> list[str]:
    """Give every value of an option, spelt in either way."""
    found = []
    for word, following in zip(words, (*words[1:], ""), strict=False):
        name, equals, value = word.partition("=")
        if name.replace("_", "-") == option:
            found.append(value if equals else following)
    return found


def key_problems(key: str) -> list[str]:
    """Say what keeps an API key out of an HTTP header, without showing the key; an empty list when nothing does."""
    if all(ord(character) < 256 and unicodedata.category(character) != "Cc" for character in key):
        return []
    return [
        "VLLM_API_KEY has a line end, another control character, or one outside Latin-1, which no HTTP header carries: "
        "create the Secret anew without it (`printf %s KEY | base64`; `echo` adds a line end)"
    ]


def model(value: str) -> ModelSource:
    """Read where the model comes from.

    Raises:
        ValueError: it is of no known form; the message says what to use.
    """
    if value.startswith("/"):
        return ModelSource("path", value)
    found = re.fullmatch(r"hf://(\w[\w.-]*/\w[\w.-]*)(?:[@:](\w[\w./-]*))?", value)
    if found:
        return ModelSource("hf", found[1], found[2] or "main")
    if value.startswith("ngc://"):
        raise ValueError(
            "NGC models need the licensed NIM image; the open image takes hf://<owner>/<model> or a directory"
        )
    raise ValueError("use hf://<owner>/<model>, hf://<owner>/<model>@<revision>, or an absolute directory")


def profile(value: str) -> Profile:
    """Read the name of a profile of the open image.

    Raises:
        ValueError: it is of no known form; the message says what to use.
    """
    found = re.fullmatch(r"vllm-([a-z0-9]+)-tp([1-9][0-9]{0,3})-pp([1-9][0-9]{0,3})", value)
    if not found or found[1] not in PRECISIONS:
        raise ValueError(f"use vllm-<precision>-tp<N>-pp<M> with a precision of {', '.join(PRECISIONS)}")
    return Profile(found[1], int(found[2]), int(found[3]))
