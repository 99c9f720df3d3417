"""What the programs in helper pods say: the client of the smoke Job, and the init container that waits for Ray."""

import contextlib
import errno
import io
import os
import socket
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace

import pytest

from nim_stack.manifests.programs import smoke_client
from nim_stack.manifests.programs.wait_for_leader import PROGRAM
from tests.unit.test_smoke import Answer, api, vllm
from tests.unit.words.stage import HEAD, Stage
from tests.unit.words.writers import Lines, writes

NO_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def system_error(number: int) -> OSError:
    """An error of the operating system, in its own words."""
    return OSError(number, os.strerror(number))


def wait(stage: Stage, wrong: OSError) -> Lines:
    """The program that waits for Ray, to which every connection fails so, at the end of its time."""

    def refuse(*_: object, **__: object) -> socket.socket:
        raise wrong

    argv = ["-c", HEAD, "6379", "0"]
    stream = io.StringIO()
    with stage.patch.context() as patch, contextlib.redirect_stdout(stream):
        patch.setattr(socket, "create_connection", refuse)
        patch.setattr("sys.argv", argv)
        try:
            exec(compile(PROGRAM, "wait_for_leader", "exec"), {"__name__": "__main__"})
        except SystemExit as ended:  # its text goes to standard error
            return [*stream.getvalue().splitlines(), str(ended.code)]
    raise AssertionError("the program did not end")


@writes("wait-for-name")
def wait_for_name(stage: Stage) -> Iterator[Lines]:
    yield wait(stage, NO_NAME)
    yield wait(stage, socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))


@writes("wait-unanswered")
def wait_unanswered(stage: Stage) -> Iterator[Lines]:
    yield wait(stage, TimeoutError("timed out"))
    yield wait(stage, system_error(errno.EHOSTUNREACH))
    yield wait(stage, system_error(errno.ENETUNREACH))


@writes(
    "wait-refused",
    text="no answer from Ray on the leader",
    unread="The leader's pod is there and its Ray is not, of which the leader's own log says why.",
)
def wait_refused(stage: Stage) -> Iterator[Lines]:
    yield wait(stage, system_error(errno.ECONNREFUSED))


def smoke(answer: Answer | None = None, wrong: OSError | None = None) -> Lines:
    """The client of the smoke Job: what it says of an API that answers so, or that it cannot reach."""
    out, err = io.StringIO(), io.StringIO()
    given: Mapping[str, str] = {"SMOKE_MODEL": "m", "SMOKE_SECONDS": "0"}
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        if wrong is not None:
            patch.setattr(socket, "create_connection", _raiser(wrong))
            patch.setattr(urllib.request, "getproxies", dict)
        url = stack.enter_context(api(answer)) if answer else "http://nim-leader.nim.svc:8000/v1"
        assert smoke_client.main({**given, "SMOKE_URL": url}) == 1
    return [*out.getvalue().splitlines(), *err.getvalue().splitlines()]


def _raiser(wrong: OSError) -> object:
    def refuse(*_: object, **__: object) -> SimpleNamespace:
        raise wrong

    return refuse


SMOKES: dict[str, tuple[Callable[[], Lines], str]] = {
    "a key is wanted": (lambda: smoke(vllm(key="k")), "VLLM_API_KEY"),
    "another model": (lambda: smoke(vllm(model="chat")), "nim.servedModelName"),
    "an error of the server": (lambda: smoke(lambda *_: (500, {"error": "EngineCore died"})), "leader's log"),
    "no token": (lambda: smoke(vllm(tokens=0)), "leader's log"),
    "no name": (lambda: smoke(wrong=NO_NAME), "DNS"),
    "refused": (lambda: smoke(wrong=system_error(errno.ECONNREFUSED)), "NetworkPolicies"),
    "reset": (lambda: smoke(wrong=system_error(errno.ECONNRESET)), "NetworkPolicies"),
    "no route": (lambda: smoke(wrong=system_error(errno.EHOSTUNREACH)), "NetworkPolicies"),
    "unreachable": (lambda: smoke(wrong=system_error(errno.ENETUNREACH)), "NetworkPolicies"),
    "timed out": (lambda: smoke(wrong=TimeoutError("timed out")), "NetworkPolicies"),
    "something else": (lambda: smoke(wrong=OSError("something that nobody has seen")), "Read the Job's log"),
}
"""What the client says in each situation, and what diagnosis then says to do."""
