"""Row: a long prompt that is computed slowly is no fault, though it takes far longer than an engine may stand still.

The ranks get a small part of a core, so that a chunk of the prompt takes seconds. The prompt as a whole then takes
longer than NIM_STACK_STALL_SECONDS and yields no token until its end; what moves is the use of the cache alone.
"""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lab import cgroups
from lab.console import LabError
from lab.deployment import GROUP, NAMESPACE, Deployment, until
from lab.engine.faults import CORE, RANK, STALL_NOTICE_SECONDS, STALL_SECONDS, processes
from lab.observe import Leader, first_process
from nim_stack.base.documents import Json
from tests.prove.faults import pods
from tests.prove.faults.pods import PodWatch
from tests.prove.faults.stage import SETTINGS, Stage

CHUNK, CHUNKS = 32, 7
"""Tokens that are computed at once, and how often; with the answer they fill maxModelLen."""

_ARGS = [f"--max-num-batched-tokens={CHUNK}", f"--block-size={CHUNK}", "--max-num-seqs=8"]
CHUNK_SECONDS = (1.2 * STALL_NOTICE_SECONDS / CHUNKS, 0.7 * STALL_SECONDS)
"""So slow must a chunk be: all of them longer than the stall's notice, one of them shorter than a stall."""

_PERIOD_MICROSECONDS = 100_000
_LEAST_MICROSECONDS = 1000
"""The kernel grants no smaller quota (cpu.cfs_quota_us)."""
_SHARE = 0.3
_TIMEOUT_SECONDS = 180.0


def long_prompt(stage: Stage) -> Json:
    """Nobody takes it for a stuck engine: the request is answered, by the engine and in the pods that got it."""
    stage.clear()
    with Deployment(**SETTINGS, passthroughArgs=_ARGS) as it, closing(PodWatch(NAMESPACE, GROUP)) as watch:
        it.up()
        service = Leader.of(it.stack.outputs()["endpoint"])
        until("the pods are seen", lambda: len(pods.there(watch.sights())) == 2, 10)
        inits = [first_process(one.container) for one in pods.there(watch.sights())]
        before, identities = _processes(inits), it.identities()
        ranks = [pid for pid, words in before.items() if RANK in words]
        quick = _ask(service, CHUNKS)
        with _throttled(ranks) as group:
            chunk, quota = _slow_enough(service, group)
            began = time.monotonic()
            took = _ask(service, CHUNKS)
            unready = pods.out_of_service(watch.sights(), began)
        measured = {
            "prompt_tokens": CHUNK * CHUNKS,
            "stall_seconds": STALL_SECONDS,
            "longest_request_s": round(took, 1),
            "chunk_s": round(chunk, 1),
            "unthrottled_s": round(quick, 2),
            "share_of_a_core": quota / _PERIOD_MICROSECONDS,
            "pods_made_anew": len(set(it.identities().values()) - set(identities.values())),
        }
        assert took > STALL_NOTICE_SECONDS, f"the prompt was computed too soon to say anything: {measured}"
        assert unready is None, f"the leader left service {unready - began:.1f} s after the request: {measured}"
        assert _processes(inits) == before, f"the engine was started again: {measured}"
        assert measured["pods_made_anew"] == 0, measured
        return measured


def _processes(inits: list[int]) -> dict[int, str]:
    """The engine's own, by number; a restart would change them."""
    found = {pid: words for init in inits for pid, words in processes(init).items()}
    return {pid: words for pid, words in found.items() if RANK in words or CORE in words}


def _ask(service: Leader, chunks: int) -> float:
    """Seconds until a prompt of so many chunks, of which none is in the cache, yields its one token."""
    model = json.loads(service.request(f"{service.path}/models"))["data"][0]["id"]
    first = 3 + time.monotonic_ns() % 251
    prompt = [3 + (first * (position + 1)) % 251 for position in range(chunks * CHUNK)]
    body = {"model": model, "prompt": prompt, "max_tokens": 1, "temperature": 0}
    began = time.monotonic()
    answer = json.loads(service.request(f"{service.path}/completions", body, _TIMEOUT_SECONDS))
    assert answer["usage"]["prompt_tokens"] == chunks * CHUNK, answer["usage"]
    return time.monotonic() - began


def _slow_enough(service: Leader, group: list[Path]) -> tuple[float, int]:
    """Less and less of a core until a chunk takes long enough: its seconds, and the quota in microseconds."""
    least, most = CHUNK_SECONDS
    quota, tried = int(_SHARE * _PERIOD_MICROSECONDS), []
    while quota >= _LEAST_MICROSECONDS:
        for one in group:
            (one / "cpu.cfs_quota_us").write_text(str(quota))
        took = _ask(service, 1)
        tried.append(f"{took:.1f} s with {quota}")
        if took > most:
            break
        if took > least:
            return took, quota
        quota = int(quota / max(1.3, least / took)) if took * 3 > least else quota // 3
    raise LabError(f"no quota makes a chunk take {least:.1f} to {most:.1f} s: {', '.join(tried)}")


@contextmanager
def _throttled(ranks: list[int]) -> Iterator[list[Path]]:
    """Each rank in a control group of its own beside its container's, which is the group of its supervisor too."""
    if cgroups.is_v2():
        raise LabError("this row moves processes within the cpu hierarchy of control groups version 1")
    homes = {pid: _cpu_group(pid) for pid in ranks}
    groups = {pid: home.parent / f"slow-{pid}" for pid, home in homes.items()}
    try:
        for pid, group in groups.items():
            group.mkdir()
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
            (group / "cgroup.procs").write_text(str(pid))
        yield list(groups.values())
    finally:
        for pid, group in groups.items():
            if Path(f"/proc/{pid}").exists():
                (homes[pid] / "cgroup.procs").write_text(str(pid))
            _remove(group)


def _remove(group: Path) -> None:
    """A process that has ended leaves its group a moment later."""
    until("the group is empty", lambda: not (group / "cgroup.procs").read_text().split(), 10)
    group.rmdir()


def _cpu_group(pid: int) -> Path:
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(","):
            return cgroups.ROOT / controllers / path.lstrip("/")
    raise LabError(f"process {pid} is in no control group for cpu")
