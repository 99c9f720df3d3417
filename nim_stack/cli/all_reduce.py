"""`nim-stack doctor --all-reduce`: the options, what is said meanwhile, and the findings and the table of the end."""

import argparse
import re
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nim_stack.base.quantity import SETTING_PATTERN, Quantity
from nim_stack.base.tables import table
from nim_stack.cli.stack_files import StackFileError

if TYPE_CHECKING:
    from nim_stack.base.problems import Finding
    from nim_stack.operations.cluster.reader import Reader
    from nim_stack.operations.doctor.bandwidth import Measured
    from nim_stack.operations.doctor.check import Preflight

_MIB = 1024**2
_MOST_MIB = 8 * 1024
_OWN = ("image", "size", "minutes", "job_namespace")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `nim-stack doctor` for measuring the network."""
    group = command.add_argument_group(
        "measuring the network between the nodes",
        "Makes an indexed Job, with a headless Service, of one pod for each node of a group, with the GPUs, image, "
        "fabric and identity of the stack's; deletes both, whatever happens. It needs free GPUs for one group.",
    )
    group.add_argument("--all-reduce", action="store_true", help="run an all-reduce and judge its bandwidth")
    group.add_argument("--image", help="image with PyTorch and NCCL, instead of the stack's")
    group.add_argument("--size", type=_size, help="largest message, 1Mi to 8Gi (256Mi)", metavar="SIZE")
    group.add_argument("--minutes", type=_minutes, help="limit (that of an image pull, and 10)", metavar="N")
    group.add_argument("--job-namespace", help="namespace of the Job, instead of the stack's", metavar="NAMESPACE")


def check_options(given: argparse.Namespace) -> None:
    """Refuse options that have no effect without `--all-reduce`.

    Raises:
        StackFileError: one of them is given alone.
    """
    unused = [f"--{name.replace('_', '-')}" for name in _OWN if getattr(given, name) is not None]
    if unused and not given.all_reduce:
        raise StackFileError(f"{', '.join(unused)}: only with --all-reduce.")


def measure(
    given: argparse.Namespace, reader: "Reader", preflight: "Preflight"
) -> "tuple[tuple[Finding, ...], Measured | None]":
    """What it found, and the figures if there are any.

    Raises:
        ClusterUnreachableError: the cluster does not answer any more.
    """
    from nim_stack.manifests.all_reduce_job import AllReduce, job_name
    from nim_stack.manifests.render import references
    from nim_stack.operations.doctor import all_reduce, bandwidth
    from nim_stack.operations.doctor.check import ok, problem

    plan = preflight.plan
    if plan.nodes < 2:
        return (ok("a group has one node: there is no network between nodes to measure"),), None
    asked = AllReduce(
        name=job_name(plan.settings.name, secrets.token_hex(3)),
        namespace=given.job_namespace or plan.settings.namespace,
        most_bytes=given.size or 256 * _MIB,
        seconds=given.minutes * 60 if given.minutes else plan.budget.image_pull + 10 * 60,
        image=given.image,
    )
    snapshot = preflight.snapshot
    if asked.namespace == snapshot.namespace and snapshot.read("namespace") and not snapshot.get("namespace"):
        do = "Make it (`kubectl create namespace`), or name another one: --job-namespace."
        return (problem(f"not measured: there is no namespace {asked.namespace} yet", do),), None
    _say(
        f"Creating Job {asked.namespace}/{asked.name} and a headless Service of that name: {plan.nodes} pods with "
        f"{plan.gpus_per_node} GPUs each, image {asked.image or plan.image}. Both are deleted afterwards."
    )
    used = references(plan)
    with _ended_by_sigterm():
        outcome = all_reduce.run(reader, preflight, used, asked, _say)
    measured = outcome.reports.measured()
    if outcome.obstacle is not None:
        return (replace(outcome.obstacle, why=f"not measured: {outcome.obstacle.why}"),), measured
    return (tuple(bandwidth.judged(plan, measured)) if measured else ()), measured


def figures(measured: "Measured") -> str:
    """A table of the sizes."""
    rows = [
        (f"{one.size // _MIB} MiB", f"{one.seconds * 1000:.3f} ms", f"{one.algorithm:.3f}", f"{one.bus:.3f}")
        for one in measured.timings
    ]
    return table(("message", "all-reduce", "algorithm GB/s", "bus GB/s"), rows)


def _say(text: str) -> None:
    """Standard output is for the result."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """As by Ctrl-C, so that the Job goes."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _size(text: str) -> int:
    size = Quantity.parse(text).bytes // _MIB * _MIB if re.fullmatch(SETTING_PATTERN, text) else 0
    if not _MIB <= size <= _MOST_MIB * _MIB:
        raise argparse.ArgumentTypeError(f"{text}: use a size from 1Mi to 8Gi, such as 256Mi")
    return size


def _minutes(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 24 * 60:
        raise argparse.ArgumentTypeError(f"{text}: use whole minutes from 1 to 1440")
    return int(text)
