"""`lab serve`: the lab, `pulumi up` on the stack dev, and a real completion, with what proves that it is one."""

import time

from lab import cluster, stacks
from lab.console import LabError, say
from lab.observe import Leader, pods

PROMPT = "The quick brown fox"


def serve() -> None:
    """Bring everything up and ask the model once.

    Raises:
        LabError: `pulumi up` failed, or no completion came.
    """
    started = time.monotonic()
    cluster.up()
    stack = stacks.dev()
    stack.configure()
    if stack.stream("up", "--yes", "--skip-preview") != 0:
        raise LabError("`pulumi up` failed; its message stands above. `lab logs` and `lab kubectl` show the rest")
    outputs = stack.outputs()
    leader = Leader.of(outputs["endpoint"])
    before = leader.successes()
    asked = time.monotonic()
    text = leader.chat(PROMPT)
    answered = time.monotonic() - asked
    after = leader.successes_after(before)
    _print(outputs, leader, text, answered)
    print(f"successes   vllm:request_success_total {before} → {after}")
    if after != before + 1:
        raise LabError(f"vLLM counted {after - before} finished requests, not the one that was made")
    say(f"  ✓ served ({time.monotonic() - started:.1f} s). Go on with `lab/lab kubectl get pods -A`, `make down`")


def _print(outputs: dict[str, object], leader: Leader, text: str, seconds: float) -> None:
    print(f"\nplan        {outputs.get('plan', outputs.get('gpus'))}")
    print(f"endpoint    {outputs['endpoint']}  ({leader.address} in the lab)")
    for pod in pods(leader.namespace, leader.service.removesuffix("-leader")):
        print(f"pod         {pod.name:10} {pod.node:8} {', '.join(pod.ranks) or 'no rank'}")
    print(f"prompt      {PROMPT}")
    print(f"completion  {text!r}  ({seconds:.2f} s)")
