"""Rules on what happens at a fault, and on how pods end."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding
from nim_stack.deployment.deadlines import AFTER_DRAIN_SECONDS, DRAIN_DELAY_SECONDS
from nim_stack.deployment.resolution import Resolution
from nim_stack.deployment.vllm_options import option, spelled
from nim_stack.rules.registry import rule

_READS = frozenset({"nim.image", "nim.model", "nim.catalog", "nim.healing"})
REFUSED_ARGUMENTS = {
    "--nnodes": "Leave it out: nim.nodes says how many, and Ray joins them.",
    "--node-rank": "Leave it out: Ray orders the nodes.",
    "--master-addr": "Leave it out: Ray finds the nodes.",
    "--master-port": "Leave it out: Ray finds the nodes.",
    "--headless": "Leave it out: workers run Ray only.",
    "--api-key": "Use the variable VLLM_API_KEY from a Secret (nim.env), which no process list shows.",
    "--disable-log-stats": "Leave it out: these statistics tell a stuck engine from one that computes a long prompt.",
}
"""Beside those that overrule a setting (NIM100); container/nim_serve/contract/values.py refuses them when the pod
starts."""


@rule(
    "NIM160",
    "The grace period is too short to drain",
    cause=f"Requests in flight finish within the grace period less {AFTER_DRAIN_SECONDS} s, which the engine and Ray "
    f"need to end; and new requests come for {DRAIN_DELAY_SECONDS} s more, because a Service lags behind its pods.",
    cure="Use a longer period; as long as the longest request is best.",
    reads=_READS,
)
def grace(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.pods.termination_grace_period_seconds
    least = AFTER_DRAIN_SECONDS + DRAIN_DELAY_SECONDS
    if resolved.image.supervised and given < least:
        why = (
            f"the engine and Ray need {AFTER_DRAIN_SECONDS} s to end, and new requests still arrive for "
            f"{DRAIN_DELAY_SECONDS} s"
        )
        yield Finding("nim.pods.terminationGracePeriodSeconds", given, why, f"Use at least {least}.")


@rule(
    "NIM161",
    "The Ray check is for images without a supervisor",
    cause="The supervisors watch each other, and heal the group in place; a probe that restarts the container would "
    "recreate the group instead.",
    cure="Leave healing.rayCheck out.",
    reads=_READS,
)
def ray_check(resolved: Resolution) -> Iterator[Finding]:
    if resolved.settings.healing.ray_check and resolved.image.supervised:
        why = "the supervisor of this image heals the group in place, and this probe would recreate the group"
        yield Finding("nim.healing.rayCheck", True, why, "Leave it out.")


@rule(
    "NIM162",
    "NVIDIA's image has no such supervisor",
    cause="The supervisor is that of the open image. Under NVIDIA's image the probes would ask a port on which nobody "
    "answers as they expect.",
    cure="Leave healing.supervisor out.",
    severity="warning",
    reads=_READS,
)
def no_supervisor(resolved: Resolution) -> Iterator[Finding]:
    if resolved.settings.healing.supervisor and resolved.image.is_nim:
        why = f"{resolved.image.reference} looks like an image of NVIDIA's, whose first process is another"
        yield Finding("nim.healing.supervisor", True, why, "Leave it out, unless the image is one of container/.")


@rule(
    "NIM164",
    "The open image refuses this argument",
    cause="Its launcher decides how the nodes join, and its supervisor asks vLLM for health and statistics; the pod "
    "would end at its start.",
    cure="Leave the argument out, or use what the message names.",
    reads=_READS | {"nim.passthroughArgs"},
)
def refused_argument(resolved: Resolution) -> Iterator[Finding]:
    if not resolved.image.supervised:
        return
    arguments = resolved.settings.passthrough_args
    for position, argument in enumerate(arguments):
        name = spelled(argument.split("=")[0])
        path = f"nim.passthroughArgs.{position}"
        if name in REFUSED_ARGUMENTS:
            shown = name if name == "--api-key" else argument
            yield Finding(path, shown, "the image refuses it", REFUSED_ARGUMENTS[name])
        elif name == "--ssl-cert-reqs" and option(arguments, name) == "2":
            why = "vLLM then answers nobody without a certificate, neither the supervisor nor the probes"
            yield Finding(path, argument, why, "Use --ssl-cert-reqs 0 or 1.")
