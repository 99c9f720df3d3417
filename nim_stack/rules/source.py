"""Rules on where the model comes from: paths in the container, object stores, and who can read them."""

import re
from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import MODEL, rule
from nim_stack.values.types import EnvVar

_READS = MODEL | {"nim.storage", "nim.download", "nim.pods"}
_CREDENTIALS = {"s3": "AWS_ACCESS_KEY_ID", "gs": "GOOGLE_APPLICATION_CREDENTIALS"}
_KEY = re.compile(r"(SECRET_ACCESS_KEY|SESSION_TOKEN|API_KEY|API_TOKEN|PASSWORD)$")


def _path(resolved: Resolution) -> str | None:
    return (
        resolved.download.source.name
        if resolved.download.source is not None and resolved.download.source.scheme == "path"
        else None
    )


def _under(path: str, mount: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{mount.rstrip('/')}/")


@rule(
    "NIM130",
    "The model's path is in storage that begins empty",
    cause="Each pod's own storage is empty when the pod starts, and a model at a path is never downloaded.",
    cure="Use an existing claim, NFS or a directory of the nodes with the model in it.",
    reads=_READS,
)
def path_in_empty_storage(resolved: Resolution) -> Iterator[Finding]:
    path = _path(resolved)
    if path is not None and resolved.settings.storage.per_pod is not None and _under(path, names.CACHE_MOUNT):
        why = f"{names.CACHE_MOUNT} is storage.perPod, which begins empty in every pod"
        instead = "Use storage.existingClaim, nfs or hostPath with the model in it, or hf://<owner>/<model>."
        yield Finding("nim.model", path, why, instead)


@rule(
    "NIM131",
    "It is not known that the model is at its path",
    cause="A model at a path is never downloaded. It is there when a volume with it is mounted in leader and workers, "
    "or when the image itself has it.",
    cure=f"Put it into the cache, which is mounted at {names.CACHE_MOUNT}: an existing claim, NFS or a directory of "
    "the nodes; or mount a volume by pods.volumes and pods.volumeMounts.",
    severity="warning",
    reads=_READS,
)
def path_unknown(resolved: Resolution) -> Iterator[Finding]:
    path, storage, pods = _path(resolved), resolved.settings.storage, resolved.settings.pods
    if path is None:
        return
    if _under(path, names.CACHE_MOUNT):
        if storage.makes_claim:
            why = f"the claim at {names.CACHE_MOUNT} is made by the stack, and is empty unless it was kept from before"
            yield Finding("nim.model", path, why, "Use a claim with the model in it as storage.existingClaim.")
        return
    everywhere = [mount["mountPath"] for mount in pods.volume_mounts]
    by_role = [[mount["mountPath"] for mount in role.volume_mounts] for role in (pods.leader, pods.worker)]
    if not all(any(_under(path, mount) for mount in (*everywhere, *own)) for own in by_role):
        why = "no volume is mounted there in leader and workers, so that only the image itself can have it"
        instead = f"Mount one by nim.pods.volumes and volumeMounts, or use a path under {names.CACHE_MOUNT}."
        yield Finding("nim.model", path, why, instead)


@rule(
    "NIM132",
    "There are no credentials for the object store",
    cause="NIM reads s3:// with AWS_* variables and gs:// with GOOGLE_APPLICATION_CREDENTIALS, or as the identity that "
    "the cloud gives to the pods' service account.",
    cure="Set them under env by valueFrom, from a Secret; or name a service account in pods.serviceAccount.",
    severity="warning",
    reads=_READS | {"nim.env"},
)
def object_store(resolved: Resolution) -> Iterator[Finding]:
    settings = resolved.settings
    override = settings.download.repository_override
    places = {
        "nim.model": resolved.download.source.model_path if resolved.download.source else "",
        "nim.download.repositoryOverride": override,
    }
    given = {variable.name for variable in settings.env}
    for path, place in places.items():
        needed = _CREDENTIALS.get((place or "").partition("://")[0])
        if needed is None or needed in given or settings.pods.service_account or not resolved.download.happens:
            continue
        why = f"{needed} is not there, so that only what everyone may read can be had"
        instead = f"Set {needed} under nim.env from a Secret, or name nim.pods.serviceAccount."
        yield Finding(path, place, why, instead)


@rule(
    "NIM133",
    "A key stands among the variables in clear",
    cause="It would be readable in the stack file, the state and the pod.",
    cure="Put it into a Secret, and refer to that by valueFrom.",
)
def key_in_clear(resolved: Resolution) -> Iterator[Finding]:
    pods = resolved.settings.pods
    lists: dict[str, tuple[EnvVar, ...]] = {
        "nim.env": resolved.settings.env,
        "nim.pods.leader.env": pods.leader.env,
        "nim.pods.worker.env": pods.worker.env,
    }
    for path, variables in lists.items():
        for position, variable in enumerate(variables):
            # NGC's and the hub's are the stack's own, and refused under another code.
            if (
                variable.value
                and _KEY.search(variable.name)
                and variable.name not in (names.NGC_KEY, "NGC_CLI_API_KEY")
            ):
                instead = f"Use {{name: {variable.name}, valueFrom: {{secretKeyRef: {{name: …, key: …}}}}}}."
                why = "a key would stand in the stack file, the state and the pod in clear"
                yield Finding(f"{path}.{position}.value", None, f"{variable.name}: {why}", instead)


@rule(
    "NIM135",
    "The open image cannot fetch from there",
    cause="ngc://, s3:// and gs:// are understood by NVIDIA's images alone, which are known here by the name of their "
    "repository. The open image of this project takes hf:// and paths.",
    cure="Use NVIDIA's model-free image, or hf://. None is needed when the image is NVIDIA's under another name.",
    severity="warning",
    reads=MODEL,
)
def not_by_the_open_image(resolved: Resolution) -> Iterator[Finding]:
    source = resolved.download.source
    if source is not None and source.scheme in ("ngc", "s3", "gs") and not resolved.image.is_nim:
        why = f"{resolved.image.reference} is none of NVIDIA's images by its name, and the open image does not know {source.scheme}://"
        instead = f"Use {resolved.image.model_free}, or hf://<owner>/<model>."
        yield Finding("nim.model", resolved.settings.model, why, instead)
