"""Rules on profiles: a name is parsed and checked like the sizes themselves, a hash leaves them open."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding
from nim_stack.catalog.profiles import FORM
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import MODEL, RULES, SIZES, rule
from nim_stack.rules.subject import Subject

_PROFILE = frozenset({"nim.profile"})


@rule(
    "NIM050",
    "The profile is neither a name nor a hash",
    cause="The container would find no such profile, after the image has been pulled on all nodes.",
    cure="Use a name or a hash that `list-model-profiles` prints in the image.",
)
def form(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.profile
    if given is not None and resolved.model.profile is None:
        why = "it is neither the name nor the hash of a profile"
        instead = f"Use a name of the form {FORM}, or the 64 digits that `list-model-profiles` prints in the image."
        yield Finding("nim.profile", given, why, instead)


@rule(
    "NIM051",
    "A profile and the parallel sizes say different things",
    cause="Both decide the split, and the container follows the profile.",
    cure="Leave tensorParallel and pipelineParallel out, or leave the profile out.",
    reads=SIZES,
)
def sizes(resolved: Resolution) -> Iterator[Finding]:
    settings, profile = resolved.settings, resolved.model.profile
    if profile is None:
        return
    given = {"tensorParallel": settings.tensor_parallel, "pipelineParallel": settings.pipeline_parallel}
    meant = {"tensorParallel": profile.tensor_parallel, "pipelineParallel": profile.pipeline_parallel}
    other = [f"{name} = {value}" for name, value in given.items() if value is not None and value != meant[name]]
    if other:
        why = f"the profile decides the split, and the settings say {' and '.join(other)} beside it"
        instead = "Leave tensorParallel and pipelineParallel out, or leave the profile out."
        yield Finding("nim.profile", settings.profile, why, instead)


@rule(
    "NIM052",
    "The hash of a profile needs nodes and GPUs per node beside it",
    cause="A hash does not say how many GPUs the profile is for, so that nothing follows from it.",
    cure="Set nodes and gpusPerNode, or use the name of the profile.",
    reads=SIZES,
)
def hash_needs_sizes(resolved: Resolution) -> Iterator[Finding]:
    settings = resolved.settings
    if resolved.model.profile is None or not resolved.model.profile.is_hash:
        return
    missing = [
        name for name, value in (("nodes", settings.nodes), ("gpusPerNode", settings.gpus_per_node)) if value is None
    ]
    for name in missing:
        why = "it is required with the hash of a profile, because a hash does not say how many GPUs the profile needs"
        instead = "Set it to a whole number from 1, or use the name of the profile, which says how many."
        yield Finding(f"nim.{name}", None, why, instead)


@rule(
    "NIM053",
    "The split of a profile's hash cannot be checked",
    cause="Only the container knows which tensor and pipeline parallel sizes the hash stands for.",
    cure="Use the name of the profile instead, where `list-model-profiles` prints one.",
    severity="warning",
    reads=SIZES,
)
def hash_unchecked(subject: Subject) -> Iterator[Finding]:
    if subject.model.profile is not None and subject.model.profile.is_hash:
        codes = ", ".join(rule.code for rule in RULES.not_judged(subject))
        why = f"a hash does not say how the model is split, so that {codes} were not checked"
        instead = f"Use the profile's name ({FORM}) to have them checked."
        yield Finding("nim.profile", subject.settings.profile, why, instead)


@rule(
    "NIM054",
    "A profile and the precision say different things",
    cause="The profile decides which checkpoint is loaded.",
    cure="Leave precision out, or use the profile of that precision.",
    reads=MODEL | _PROFILE,
)
def precision(resolved: Resolution) -> Iterator[Finding]:
    settings, profile = resolved.settings, resolved.model.profile
    if profile is None or profile.precision is None:
        return
    same = {profile.precision, "bf16" if profile.precision == "fp16" else profile.precision}
    if settings.precision is not None and settings.precision not in same:
        why = f"it is for {profile.precision}, and nim.precision is {settings.precision}"
        instead = f"Use nim.precision {profile.precision}, leave it out, or use another profile."
        yield Finding("nim.profile", settings.profile, why, instead)
    elif resolved.model.spec and resolved.model.checkpoint and resolved.model.checkpoint.precision not in same:
        published = ", ".join(checkpoint.precision for checkpoint in resolved.model.spec.checkpoints)
        why = f"it is for {profile.precision}, and the model is planned as {resolved.model.checkpoint.precision}"
        instead = f"Use a profile of a precision that the catalogue has for it ({published})."
        yield Finding("nim.profile", settings.profile, why, instead)


@rule(
    "NIM055",
    "The profile is for another engine than vLLM",
    cause="NIM 2.x joins nodes by Ray, and on Ray it runs vLLM.",
    cure="Use a profile whose name begins with vllm.",
)
def engine(resolved: Resolution) -> Iterator[Finding]:
    profile = resolved.model.profile
    if profile is not None and profile.engine not in (None, "vllm"):
        why = f"it is for {profile.engine}, and across nodes the container runs vLLM"
        yield Finding("nim.profile", resolved.settings.profile, why, f"Use a profile of the form {FORM}.")
