"""Failures to get a container running: image, Secrets, the node's runtime."""

import re
from collections.abc import Iterator

from nim_stack.base.problems import Finding
from nim_stack.operations.diagnosis.failure import failure, sign, some
from nim_stack.operations.diagnosis.observed import ObservedDeployment, stated
from nim_stack.operations.diagnosis.view import Pod

_PULL = ("ErrImagePull", "ImagePullBackOff", "ImageInspectError", "InvalidImageName", "ErrImageNeverPull",
         "RegistryUnavailable")  # fmt: skip
_REFUSED = re.compile(r"(?i)\b(401|403)\b|unauthori[sz]ed|denied|authorization failed|no basic auth|forbidden")
_UNREACHABLE = re.compile(
    r"(?i)no such host|i/o timeout|connection refused|network is unreachable|no route to host|x509|tls|TLS handshake|"
    r"server misbehaving|context deadline exceeded|too ?many ?requests|\b(429|5\d\d)\b"
)


def _all_failed_pulls(observed: ObservedDeployment) -> Iterator[tuple[Pod, str, str]]:
    """Pods whose image cannot be pulled, the image, and why."""
    for pod in observed.everyone:
        images = {c["name"]: c["image"] for c in [*(pod.spec.get("initContainers") or []), *pod.spec["containers"]]}
        for container in pod.containers:
            if container.waiting.get("reason") in _PULL:
                events = [
                    event.message for event in observed.events_of(pod, "Failed") if "pull" in event.message.lower()
                ]
                words = max([str(container.waiting.get("message", "")), *events[:3]], key=len)
                yield pod, images.get(container.name, "?"), f"{container.waiting['reason']}: {words}"


def _kind(words: str) -> str:
    """What a failed pull was. containerd says "not found" of a host as well, and "denied" of a missing repository."""
    if _UNREACHABLE.search(words):
        return "registry"
    return "refused" if _REFUSED.search(words) else "image"


def _failed_pulls(observed: ObservedDeployment, kind: str) -> list[tuple[Pod, str, str]]:
    return [found for found in _all_failed_pulls(observed) if _kind(found[2]) == kind]


def _words(found: list[tuple[Pod, str, str]]) -> tuple[str, ...]:
    return some([f"{pod.name}: {stated(words)}" for pod, _, words in found], 2)


@failure(
    "image-missing",
    "The image does not exist",
    cause="The registry has no image of this name and tag, or the node may not pull it (imagePullPolicy: Never).",
    cure="Correct nim.image.",
)
def image_missing(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := _failed_pulls(observed, "image"):
        yield sign(f"{found[0][1]} cannot be pulled", _words(found), "Correct nim.image: repository, tag or digest.")


@failure(
    "pull-refused",
    "The registry refuses the pull",
    cause="The pull Secret is missing, is for another registry, or its key may not read this image.",
    cure="Set a key that may (`pulumi config set --secret ngcApiKey`), or correct nim.secrets.imagePullSecrets.",
)
def pull_refused(observed: ObservedDeployment) -> Iterator[Finding]:
    found = _failed_pulls(observed, "refused")
    if not found:
        return
    pod, image, _ = found[0]
    there = {item["metadata"]["name"]: item for item in observed.snapshot.get("secrets")}
    notes = []
    for name in [reference["name"] for reference in pod.spec.get("imagePullSecrets") or []]:
        if name in there:
            registries = there[name].get("registries")
            notes.append(f"pull Secret {name}: for {', '.join(registries) if registries else 'no registry'}")
        elif observed.snapshot.read("secrets") and not any(
            note.startswith("secret ") for note in observed.snapshot.notes
        ):
            notes.append(f"pull Secret {name}: not in the namespace")
    if not pod.spec.get("imagePullSecrets"):
        notes.append("the pods name no pull Secret")
    do = "Use a key that may read this image; for nvcr.io that is an NGC API key with access to the model's team."
    yield sign(f"the registry refuses {image}", (*_words(found), *notes), do)


@failure(
    "registry-unreachable",
    "The registry does not answer",
    cause="The nodes cannot reach it, do not trust its certificate, or are slowed down by it.",
    cure="Reach it from the node (proxy, firewall, DNS), or name a mirror in nim.image.",
)
def registry_unreachable(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := _failed_pulls(observed, "registry"):
        nodes = ", ".join(sorted({pod.node or "?" for pod, _, _ in found}))
        yield sign(f"{nodes} cannot reach the registry of {found[0][1]}", _words(found), "Try it from the node.")


@failure(
    "secret-missing",
    "A Secret or its key is missing",
    cause="The pods take a variable from a Secret that is not in their namespace, or that lacks the key.",
    cure="Make the Secret with the key, or correct its name under nim.secrets.",
)
def secret_missing(observed: ObservedDeployment) -> Iterator[Finding]:
    seen, lacking = [], []
    for pod in observed.everyone:
        for container in pod.containers:
            if container.waiting.get("reason") == "CreateContainerConfigError":
                words = str(container.waiting.get("message", ""))
                seen.append(f"{pod.name}: {stated(words)}")
                found = re.search(r'secret "([^"]+)" not found|key (\S+) in Secret (\S+)', words)
                if found:
                    lacking.append(f"Secret {found[1]}" if found[1] else f"key {found[2]} in Secret {found[3]}")
    if seen:
        what = f"{', '.join(dict.fromkeys(lacking)) or 'something that the pods refer to'} is missing"
        there = [f"Secret {item['metadata']['name']} has the keys: {', '.join(item['keys']) or 'none'}"
                 for item in observed.snapshot.get("secrets")]  # fmt: skip
        yield sign(what, (*some(seen, 2), *there), "Make it, or correct nim.secrets ({name, key}).")


@failure(
    "container-not-created",
    "The node cannot make the container",
    cause="Its container runtime refuses: a runtime class or device that is not there, a command that is not in the "
    "image, a network plugin that fails.",
    cure="The message says which.",
)
def container_not_created(observed: ObservedDeployment) -> Iterator[Finding]:
    seen = []
    for pod in observed.everyone:
        for container in pod.containers:
            if container.waiting.get("reason") in ("CreateContainerError", "RunContainerError", "StartError"):
                seen.append(f"{pod.name}: {stated(str(container.waiting.get('message', '')))}")
            for ended in container.ends:
                if ended.get("reason") in ("StartError", "ContainerCannotRun"):
                    seen.append(f"{pod.name}: {stated(str(ended.get('message', '')))}")
        if pod.phase == "Pending" and observed.age(pod.created) > 30:
            seen += [str(event) for event in observed.events_of(pod, "FailedCreatePodSandBox", "FailedPreStartHook")]
        if pod.raw["status"].get("reason") in ("UnexpectedAdmissionError", "NodeAffinity", "OutOfcpu", "OutOfmemory"):
            seen.append(f"{pod.name}: {stated(str(pod.raw['status'].get('message', '')))}")
    if seen:
        yield sign("a node cannot make the container", some(seen, 3), "See the message; then the node's runtime.")
