"""Rules on how the model comes into the cache: by the pods, by a Job, or not at all."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import MODEL, rule

_READS = MODEL | {"nim.storage", "nim.download"}


@rule(
    "NIM076",
    "A Job downloads what must not be downloaded",
    cause="With download.disabled the cache is full already, and nothing may be fetched.",
    cure="Leave one of the two out.",
    reads=_READS,
)
def disabled_job(resolved: Resolution) -> Iterator[Finding]:
    if resolved.settings.download.disabled and resolved.settings.download.job:
        why = "download.disabled says that the cache is full already"
        yield Finding("nim.download.job", True, why, "Leave one of the two out.")


@rule(
    "NIM077",
    "Nothing fills the storage of each pod",
    cause="A pod's own storage begins empty, and with download.disabled it stays so.",
    cure="Use storage that is there already: an existing claim, NFS or a directory of the nodes.",
    reads=_READS,
)
def disabled_and_empty(resolved: Resolution) -> Iterator[Finding]:
    at_a_path = resolved.download.source is not None and resolved.download.source.scheme == "path"
    if resolved.settings.download.disabled and resolved.settings.storage.per_pod is not None and not at_a_path:
        why = "storage.perPod begins empty in every pod"
        instead = "Use storage.existingClaim, nfs or hostPath with the model in it, or let pods download."
        yield Finding("nim.download.disabled", True, why, instead)


@rule(
    "NIM078",
    "A Job cannot fill storage that is not shared",
    cause="The Job runs on one node, and the pods would see nothing of what it fetched.",
    cure="Use a claim, NFS, or a directory that all nodes share; or leave download.job out, and pods download.",
    reads=_READS,
)
def job_elsewhere(resolved: Resolution) -> Iterator[Finding]:
    storage = resolved.settings.storage
    if resolved.settings.download.job and not storage.shared:
        place = "perPod" if storage.per_pod else "hostPath"
        why = f"with storage.{place} no pod sees what a Job downloads"
        instead = "Use a claim, nfs or a hostPath with shared: true; or leave it out."
        yield Finding("nim.download.job", True, why, instead)


@rule(
    "NIM079",
    "NVIDIA's image cannot choose a profile without GPUs",
    cause="The image chooses what to download by the GPUs that it finds, unless a profile is named; a Job has none.",
    cure="Set profile, as `list-model-profiles` of the image lists them; or leave download.job out.",
    reads=_READS | {"nim.profile"},
)
def job_without_profile(resolved: Resolution) -> Iterator[Finding]:
    if (
        resolved.settings.download.job
        and resolved.download.happens
        and resolved.image.is_nim
        and resolved.settings.profile is None
    ):
        why = f"{resolved.image.reference} chooses what to download by its GPUs, and a Job has none"
        instead = (
            "Set nim.profile (the image's list-model-profiles lists them) instead of the two sizes, or leave it out."
        )
        yield Finding("nim.download.job", True, why, instead)


@rule(
    "NIM134",
    "There is nothing for a Job to download",
    cause="A model at a path is there already, or is not.",
    cure="Leave download.job out.",
    reads=_READS,
)
def nothing_to_download(resolved: Resolution) -> Iterator[Finding]:
    if (
        resolved.settings.download.job
        and resolved.download.source is not None
        and resolved.download.source.scheme == "path"
    ):
        why = f"the model is read from {resolved.download.source.name}"
        yield Finding("nim.download.job", True, why, "Leave it out.")


@rule(
    "NIM138",
    "Nothing fills a new claim",
    cause="A claim that the stack makes is empty, unless it was kept from before; and with download.disabled nobody "
    "fills it.",
    cure="None is needed when the claim was kept. Else download once, or name a full claim in storage.existingClaim.",
    severity="warning",
    reads=_READS,
)
def disabled_and_new(resolved: Resolution) -> Iterator[Finding]:
    if resolved.settings.download.disabled and resolved.settings.storage.makes_claim:
        why = "the claim is made by the stack, and is empty unless it was kept from before"
        yield Finding("nim.download.disabled", True, why, "Download once, or use a claim with the model in it.")
