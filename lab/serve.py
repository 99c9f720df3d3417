"""`lab serve`: the lab, `pulumi up` on the stack dev, and a real completion, with what proves that it is one."""

import time
from typing import Any

from lab import cluster, stacks
from lab.console import LabError, say
from lab.observe import Leader, pods
from lab.stacks import Stack

PROMPT = "The quick brown fox"


def serve() -> None:
    """Bring everything up and ask the model once.

    Raises:
        LabError: `pulumi up` failed, or no completion came.
    """
    started = time.monotonic()
    cluster.up()
    stack = stacks.dev()
    with cluster.lock(".serve"):
        stack.configure()
        stack.unlock()
        _serve(stack, started)


def _serve(stack: Stack, started: float) -> None:
    if stack.stream("up", "--yes", "--skip-preview") != 0:
        raise LabError(
            "`pulumi up` failed; its message stands above. See `lab/lab kubectl get events -A` and `lab/lab logs`. "
            'Where an engine was killed and objects "already exist", `lab/lab exec -- python -m nim_stack.cli recover '
            "-s dev --yes` writes the state right; then `make up` again"
        )
    outputs = stack.outputs()
    leader = Leader.of(outputs["endpoint"])
    before = leader.successes()
    asked = time.monotonic()
    text = leader.chat(PROMPT)
    answered = time.monotonic() - asked
    after = leader.successes_after(before)
    _print(outputs, leader, text, answered)
    print(f"{'successes':12} vllm:request_success_total {before} → {after}")
    if after != before + 1:
        raise LabError(f"vLLM counted {after - before} finished requests, not the one that was made")
    say(f"  ✓ served ({time.monotonic() - started:.1f} s). Go on with `lab/lab kubectl get pods -A`, `make down`")


def _print(outputs: dict[str, Any], leader: Leader, text: str, seconds: float) -> None:
    plan = outputs["plan"]
    rows = [
        ("plan", f"{plan['model']}: {plan['split']}, {plan['groups']} × {plan['nodesPerGroup']} nodes"),
        ("GPUs", f"{outputs['gpus']['perNode']} a node, {outputs['gpus']['total']} in all (counted, not real)"),
        ("endpoint", f"{outputs['endpoint']} ({leader.address} in the lab)"),
    ]
    for pod in pods(leader.namespace, leader.service.removesuffix("-leader")):
        rows.append((f"pod {pod.name}", f"{pod.node}: {', '.join(pod.ranks) or 'no rank'}"))
    rows += [
        ("prompt", PROMPT),
        ("completion", f"{text!r} in {seconds:.2f} s (random weights: the text means nothing)"),
    ]
    print()
    for name, value in rows:
        print(f"{name:12} {value}")
