"""Run a function of ours inside the sealed network: a child process enters it, the rest of this one stays outside."""

import multiprocessing
import os
from collections.abc import Callable
from typing import Any, TypeVar

from lab.console import LabError
from lab.network import NETNS_PATH

T = TypeVar("T")


def inside(function: Callable[[], T]) -> T:
    """Call a module-level function in the sealed network and return its (picklable) result.

    Raises:
        LabError: the lab's network is not there.
    """
    if not NETNS_PATH.exists():
        raise LabError("the lab is not up: run `lab up`")
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(function, sender))
    child.start()
    sender.close()
    try:
        kind, value = receiver.recv()
    except EOFError:
        raise LabError(f"{function} ended without an answer in the sealed network") from None
    finally:
        child.join()
    if kind == "error":
        raise value
    return value  # type: ignore[no-any-return]


def _child(function: Callable[[], Any], sender: Any) -> None:
    try:
        descriptor = os.open(NETNS_PATH, os.O_RDONLY)
        _setns(descriptor)
        sender.send(("value", function()))
    except BaseException as trouble:
        sender.send(("error", trouble if isinstance(trouble, LabError) else LabError(repr(trouble))))


def _setns(descriptor: int) -> None:
    """os.setns came with Python 3.12; before, the C library's function is called."""
    if hasattr(os, "setns"):
        os.setns(descriptor, 0x40000000)  # CLONE_NEWNET
        return
    import ctypes

    if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
