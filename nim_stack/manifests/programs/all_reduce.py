"""All-reduce between the pods of a Job, timed: what the Job of `nim-stack doctor --all-reduce` runs, with `python3 -c`.

Standard library and PyTorch only, and no import from this package: the image has not got it. One process a GPU. Lines
that begin with MARK are JSON for doctor. Its settings are environment variables; JOB_COMPLETION_INDEX is Kubernetes'.
"""

import contextlib
import importlib.metadata
import json
import multiprocessing.connection
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

MARK = "all-reduce "
MIB = 1024**2
WARM_UPS, FEWEST, MOST, SECONDS_OF_A_SIZE = 3, 3, 20, 2.0
GRACE_SECONDS = 10.0  # after one rank has failed: the others see it, or would wait for ever
_CHANNEL = re.compile(r"via (?:(NET/[^/\n]+)/\d+(\S*)|(P2P/MNNVL))")
_NETWORK = re.compile(r"Using network (.+)")
_NOTE = re.compile(r"NCCL WARN |NET/IB : No|libibverbs|NET/Plugin.*(?:[Cc]ould not|No plugin|[Ff]ail)")


class UnableError(Exception):
    """This pod cannot take part; the message says why."""


@dataclass(frozen=True)
class ThisPod:
    """This pod among the others."""

    pod: int
    """Number of this pod, from 0."""
    pods: int
    ranks: int
    """Processes in each pod: one for each of its GPUs."""
    leader: str
    """Name of pod 0 in DNS."""
    port: int
    """The port of pod 0 at which all meet."""
    most: int
    """Size of the largest message in bytes."""
    join: float
    """Seconds within which all pods must have come."""
    run: float
    """Seconds within which a pod must have measured from then on."""

    @staticmethod
    def of(given: Mapping[str, str]) -> "ThisPod":
        """Reads the place of this pod from the variables of its environment, which the Job sets."""
        pods, ranks, port, most = (int(given[f"ALL_REDUCE_{n}"]) for n in ("PODS", "RANKS", "PORT", "MOST_BYTES"))
        join, run = (float(given[f"ALL_REDUCE_{n}_SECONDS"]) for n in ("JOIN", "RUN"))
        return ThisPod(
            int(given["JOB_COMPLETION_INDEX"]), pods, ranks, given["ALL_REDUCE_LEADER"], port, most, join, run
        )

    @property
    def first(self) -> int:
        """Rank of this pod's first process."""
        return self.pod * self.ranks


def tell(**facts: Any) -> None:
    """One write a line, so that those of several processes stay apart."""
    sys.stdout.write(f"{MARK}{json.dumps(facts)}\n")
    sys.stdout.flush()


def sizes(most: int) -> list[int]:
    """Bytes of the messages: 1 MiB and four times as much each, and the largest."""
    return [size for power in range(16) if (size := MIB * 4**power) < most] + [most]


def seen(lines: Iterable[str]) -> dict[str, Any]:
    """What NCCL's log says: the ways between the nodes, the network that was chosen, and lines that say why."""
    ways, networks = Counter[str](), set[str]()
    notes: dict[str, None] = {}
    for line in lines:
        if way := _CHANNEL.search(line):
            ways[way[3] or way[1] + (" with GPUDirect RDMA" if "GDRDMA" in way[2] else "")] += 1
        elif network := _NETWORK.search(line):
            networks.add(network[1].strip())
        elif _NOTE.search(line):
            notes[re.sub(r"^.*?NCCL (INFO |WARN )?", "", line).strip()] = None
    return {"ways": ways, "networks": sorted(networks), "notes": list(notes)[-8:]}


def without_torch() -> str:
    """Why there is no PyTorch; empty where there is. Before that the interpreter of `vllm` or `ray`, by the first line
    of these commands, is given this program."""
    try:
        import torch  # noqa: F401 (once, and not in every process)
    except ImportError as missing:
        for path in filter(None, map(shutil.which, ("vllm", "ray"))):
            with contextlib.suppress(OSError), Path(path).open("rb") as file:
                interpreter = file.readline().decode(errors="replace").removeprefix("#!").split()
                if interpreter and "python" in interpreter[0] and "ALL_REDUCE_RETRIED" not in os.environ:
                    os.environ["ALL_REDUCE_RETRIED"] = "1"
                    os.execv(interpreter[0], [*interpreter, *sys.orig_argv[1:]])
        return f"{sys.executable} of this image cannot import PyTorch ({missing})"
    return ""


def answers(host: str, port: int, limit: float) -> None:
    """Wait until pod 0 listens."""
    end, said = time.monotonic() + limit, ""
    while True:
        try:
            return socket.create_connection((host, port), timeout=5).close()
        except OSError as error:
            why = f"{host}:{port}: {error}"
        if time.monotonic() >= end:
            raise UnableError(f"pod 0 did not answer within {limit:.0f} s: {why}")
        if why != said:
            tell(waiting=f"for pod 0, {(said := why)}")
        time.sleep(0.5)


def meet(this: ThisPod, rank: int, dist: Any) -> Any:
    """The store by which the ranks find each other, once all pods are there."""
    wait = timedelta(seconds=this.join)
    if rank == 0:
        store = dist.TCPStore("localhost", this.port, None, True, wait, wait_for_workers=False)
    else:
        host = "localhost" if this.pod == 0 else this.leader
        answers(host, this.port, this.join)
        store = dist.TCPStore(host, this.port, None, False, wait)
    store.set(f"pod {this.pod}", "here")
    end = time.monotonic() + this.join
    while rank == 0 and (missing := [pod for pod in range(this.pods) if not store.check([f"pod {pod}"])]):
        if time.monotonic() > end:
            raise UnableError(f"pods {missing} did not come within {this.join:.0f} s")
        time.sleep(0.2)
    if rank == 0:
        store.set("all", "here")
    store.wait(["all"], wait)
    return store


def backend(this: ThisPod, local: int, torch: Any) -> tuple[str, Any, str]:
    """NCCL on GPUs. Gloo where the engine itself is a build for CPU, by what vLLM tells it by: "cpu" in its version."""
    if torch.cuda.is_available():
        if (count := torch.cuda.device_count()) < this.ranks:
            raise UnableError(f"PyTorch sees {count} GPUs in this pod, and {this.ranks} are asked for")
        torch.cuda.set_device(local)
        return "nccl", torch.device("cuda", local), torch.cuda.get_device_name(local)
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        if "cpu" in importlib.metadata.version("vllm"):
            return "gloo", torch.device("cpu"), "CPU"
    raise UnableError("PyTorch sees no GPU in this pod (torch.cuda.is_available() is False)")


def measure(most: int, rank: int, torch: Any, dist: Any, device: Any) -> None:
    """Check one sum, then time each size; the slowest rank counts."""
    ranks = dist.get_world_size()

    def timed(tensor: Any, count: int) -> float:
        one = torch.ones(1, dtype=torch.float64, device=device)
        dist.all_reduce(one)
        one.item()  # all are here, and the device is idle
        start = time.perf_counter()
        for _ in range(count):
            dist.all_reduce(tensor)
        if device.type == "cuda":
            torch.cuda.synchronize()
        spent = torch.tensor([(time.perf_counter() - start) / count], dtype=torch.float64, device=device)
        dist.all_reduce(spent, op=dist.ReduceOp.MAX)
        return float(spent.item())

    tensor = torch.full((MIB // 4,), rank + 1.0, dtype=torch.float32, device=device)
    dist.all_reduce(tensor)
    if not bool((tensor == ranks * (ranks + 1) / 2).all()):
        raise UnableError("the sum over all ranks is wrong: what is sent does not arrive as it was")
    for size in sizes(most):
        tensor = torch.zeros(size // 4, dtype=torch.float32, device=device)
        timed(tensor, WARM_UPS)
        count = max(FEWEST, min(MOST, int(SECONDS_OF_A_SIZE / timed(tensor, 1))))
        seconds = timed(tensor, count)
        if rank == 0:
            tell(bytes=size, seconds=seconds)


def run_rank(this: ThisPod, local: int, log: str) -> None:
    """What the process of one rank does: meet the others, measure, and end with exit code 1 when that fails."""
    rank, world = this.first + local, this.pods * this.ranks
    # Whatever the stack says of it: doctor reads what NCCL says of its networks.
    os.environ.update(NCCL_DEBUG="INFO", NCCL_DEBUG_SUBSYS="INIT,NET", NCCL_DEBUG_FILE=log)
    try:
        import torch
        import torch.distributed as dist

        kind, device, name = backend(this, local, torch)
        store = meet(this, rank, dist)
        more = {"timeout": timedelta(seconds=this.run)} | ({"device_id": device} if kind == "nccl" else {})
        dist.init_process_group(kind, store=store, rank=rank, world_size=world, **more)
        if rank == 0:
            nccl = ".".join(map(str, torch.cuda.nccl.version())) if kind == "nccl" else None
            tell(backend=kind, ranks=world, pods=this.pods, device=name, torch=torch.__version__, nccl=nccl)
        measure(this.most, rank, torch, dist, device)
        dist.destroy_process_group()
    except Exception as trouble:
        words = str(trouble) if isinstance(trouble, UnableError) else f"{type(trouble).__name__}: {trouble}"
        tell(failed=f"rank {rank}: {words.splitlines()[0] if words else 'it does not say why'}")
        os._exit(1)


def watch(processes: list[Any], limit: float) -> bool:
    """Whether all ranks of this pod end well in time; no process is left."""
    end, well = time.monotonic() + limit, True
    left = {process.sentinel: process for process in processes}
    while left and (rest := end - time.monotonic()) > 0:
        for sentinel in multiprocessing.connection.wait(list(left), timeout=rest):
            process = left.pop(sentinel)
            process.join()
            if process.exitcode != 0 and well:
                well, end = False, min(end, time.monotonic() + GRACE_SECONDS)
            if process.exitcode < 0:
                tell(failed=f"{process.name} was ended by {signal.Signals(-process.exitcode).name}")
    for process in left.values():
        if well:
            tell(failed=f"{process.name} did not end within {limit:.0f} s")
        process.kill()
        process.join()
    return well and not left


def main(given: Mapping[str, str]) -> int:
    """Start one process for each rank of this pod. The exit code is 0 when all ranks measured, else 1."""
    this = ThisPod.of(given)
    if trouble := without_torch():
        tell(failed=trouble)
        return 1
    start = multiprocessing.get_context("fork").Process  # the program is an argument: no file could be imported again
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder, str(local)) for local in range(this.ranks)]
        processes: list[Any] = []
        for local, log in enumerate(logs):
            processes.append(start(target=run_rank, args=(this, local, str(log)), name=f"rank {this.first + local}"))
            processes[-1].start()
        well = watch(processes, this.join + this.run)
        lines = [line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()]
    tell(pod=this.pod, **seen(lines))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(os.environ))
