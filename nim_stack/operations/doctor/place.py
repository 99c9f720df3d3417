"""Checks of the namespace and the storage: what is there, and whose it is."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.documents import Json
from nim_stack.base.problems import Finding
from nim_stack.base.quantity import Quantity
from nim_stack.manifests.pods import security_level
from nim_stack.manifests.render import made_secrets
from nim_stack.operations.diagnosis.provisioners import shared
from nim_stack.operations.doctor.check import Preflight, check, ok, problem, unknown, warning
from nim_stack.operations.observing.snapshot import Part

_LEVELS = ("restricted", "baseline", "privileged")


@check("namespace")
def namespace(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the namespace is there, or can be made, and whether this stack may own it."""
    settings, there = preflight.plan.settings, preflight.snapshot.get("namespace")
    if not preflight.snapshot.read("namespace"):
        yield unknown(f"namespace {settings.namespace} could not be read")
    elif not there and not settings.create_namespace:
        yield problem(f"there is no namespace {settings.namespace}", "Make it, or set nim.createNamespace to true.")
    elif not there:
        yield ok(f"{settings.namespace} is not there yet; this stack makes it")
    elif there[0].get("status", {}).get("phase") == "Terminating":
        do = "Wait until it has gone; a finalizer of something in it can hold it."
        yield problem(f"namespace {settings.namespace} is being deleted", do)
    elif settings.create_namespace and not preflight.ours(there[0]):
        do = "Set nim.createNamespace to false."
        if settings.storage.retain:
            yield warning(f"namespace {settings.namespace} is somebody else's, and this stack would take it over", do)
        else:
            yield problem(f"namespace {settings.namespace} is there already, so that making it is refused", do)
    else:
        yield ok(f"{settings.namespace} is there")


@check("pod-security")
def pod_security(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the Pod Security level that the namespace enforces admits the pods."""
    needed = security_level(preflight.plan)
    if not preflight.snapshot.read("namespace"):
        yield unknown(f"the pods meet {needed}; what the namespace enforces could not be read")
        return
    labels = next(((item["metadata"].get("labels") or {}) for item in preflight.snapshot.get("namespace")), {})
    enforced = labels.get(names.POD_SECURITY_LABEL)
    if enforced is None:
        yield ok(f"the pods meet {needed}; the namespace enforces nothing itself")
    elif _LEVELS.index(needed) > _LEVELS.index(enforced):
        label = f"{names.POD_SECURITY_LABEL}={needed}"
        do = f"Label the namespace {label}, or leave out what needs it (nim.pods, nim.fabric)."
        yield problem(f"the namespace enforces {enforced}, the pods need {needed}", do)
    else:
        yield ok(f"the namespace enforces {enforced}, which the pods meet")


@check("storage")
def storage(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the pods can mount the claim, or the storage class can make one that they can mount."""
    settings = preflight.plan.settings.storage
    if settings.existing_claim is not None:
        yield from _claim(preflight, settings.existing_claim)
    elif settings.storage_class is not None:
        yield from _class(preflight, settings.storage_class)


def _claim(preflight: Preflight, name: str) -> Iterator[Finding]:
    claim = preflight.observed.claims.get(name)
    if not preflight.snapshot.read("claims"):
        yield unknown("claims could not be read")
        return
    if claim is None:
        yield problem(f"there is no claim {name} in {preflight.snapshot.namespace}", "Make it, or correct the name.")
        return
    modes, phase = claim["spec"].get("accessModes") or [], claim.get("status", {}).get("phase")
    size = Quantity.parse((claim.get("status", {}).get("capacity") or {}).get("storage", 0)).value
    if preflight.pods > 1 and not {"ReadWriteMany", "ReadOnlyMany"} & set(modes):
        do = "Use a ReadWriteMany claim; a claim's mode cannot be changed."
        yield problem(f"claim {name} has {', '.join(modes)}, and {preflight.pods} pods mount it", do)
    elif phase == "Lost":
        yield problem(f"claim {name} has lost its volume", "Restore the volume, or use another claim.")
    elif preflight.plan.model is not None and 0 < size < Quantity.parse(preflight.plan.storage_needed).value:
        what = f"claim {name} has {size / 1024**3:,.0f} GiB, the model needs {preflight.plan.storage_needed}"
        yield warning(what, "Make it larger, unless the weights are in it already.")
    else:
        yield ok(f"claim {name}: {', '.join(modes)}, {phase}")


def _class(preflight: Preflight, name: str) -> Iterator[Finding]:
    if not preflight.snapshot.read("classes"):
        yield unknown("storage classes could not be read")
        return
    classes = {item["metadata"]["name"]: item for item in preflight.snapshot.get("classes")}
    found, claim = classes.get(name), preflight.own_claim
    if found is None:
        do = f"Set nim.storage.storageClass to one of {', '.join(classes) or 'none'}."
        yield problem(f"there is no storage class {name}", do)
        return
    able, what = shared(found)
    if able is False and preflight.pods > 1:
        yield problem(f"class {name} makes {what}, which one node alone can mount", "Use a class for shared files.")
    elif claim is not None and claim["spec"].get("storageClassName") != name:
        do = "Set it back, deploy under another nim.name, or name another claim."
        yield problem(f"the claim that is there has the class {claim['spec'].get('storageClassName')}", do)
    elif claim is not None and _grows(preflight, claim) and not found.get("allowVolumeExpansion"):
        yield problem(f"the claim must grow, and class {name} does not allow it", "Set nim.storage.size back.")
    elif (
        claim is not None
        and Quantity.parse(preflight.plan.storage_size).value < Quantity.parse(_requested(claim)).value
    ):
        what = (
            f"the claim has {_requested(claim)}, {preflight.plan.storage_size} is asked for, and a claim cannot shrink"
        )
        yield problem(what, f"Set nim.storage.size to {_requested(claim)} or more.")
    elif able is None and preflight.pods > 1:
        do = f"See that {what} can do ReadWriteMany; doctor does not know this provisioner."
        yield warning(f"class {name}: {what}", do)
    else:
        yield ok(f"class {name}: {what}")


def _grows(preflight: Preflight, claim: Json) -> bool:
    return Quantity.parse(preflight.plan.storage_size).value > Quantity.parse(_requested(claim)).value


def _requested(claim: Json) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


@check("secrets")
def secrets(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the Secrets that the settings name are there, with their keys, and for the image's registry."""
    existing = preflight.plan.settings.secrets
    there = {item["metadata"]["name"]: item for item in preflight.snapshot.get("secrets")}
    keyed = [secret for secret in (existing.ngc_api_secret, existing.hf_token_secret) if secret is not None]
    unread = [note for note in preflight.snapshot.notes if note.startswith("secret ")]
    wanted = [secret.name for secret in keyed] + list(existing.image_pull_secrets)
    if unread and wanted:
        yield unknown(f"Secrets could not be read: {', '.join(wanted)}")
        return
    found = []
    for secret in keyed:
        keys = there.get(secret.name, {}).get("keys")
        if keys is None:
            found.append(problem(f"there is no Secret {secret.name}", f"Make it, with the key {secret.key}."))
        elif secret.key not in keys:
            do = "Correct nim.secrets ({name, key}), or add the key."
            found.append(problem(f"Secret {secret.name} has no key {secret.key} (it has {', '.join(keys)})", do))
        elif secret.key in there[secret.name]["empty"]:
            found.append(problem(f"key {secret.key} of Secret {secret.name} is empty", "Give it a value."))
    registry = preflight.plan.image.split("/")[0]
    for name in existing.image_pull_secrets:
        pull = there.get(name)
        if pull is None:
            found.append(problem(f"there is no Secret {name}", "Make it (kubernetes.io/dockerconfigjson)."))
        elif pull.get("registries") is None:
            found.append(
                problem(f"Secret {name} holds no pull credentials", "Use type kubernetes.io/dockerconfigjson.")
            )
        elif not any(registry in each for each in pull["registries"]):
            what = f"Secret {name} is for {', '.join(pull['registries'])}, the image comes from {registry}"
            found.append(warning(what, "Name one for the image's registry."))
    yield from found
    if not found:
        yield ok(", ".join(wanted) or "none is named; the stack makes its own")


_NAMED: dict[Part, str] = {"deployment": "LeaderWorkerSets", "services": "Services", "claims": "PersistentVolumeClaims"}


@check("names")
def taken(preflight: Preflight) -> Iterator[Finding]:
    """Objects of somebody else under the names that this deployment needs."""
    clashes = [*_groups_taken(preflight), *_services_taken(preflight), *_claims_taken(preflight)]
    clashes += _secrets_taken(preflight)
    unread = [kind for part, kind in _NAMED.items() if not preflight.snapshot.read(part)]
    unread += [f"Secret {name}" for name in made_secrets(preflight.plan) if _is_noted(preflight, f"secret {name}:")]
    if clashes:
        do = "Remove or rename them, or deploy under another nim.name."
        yield problem(f"taken by somebody else: {', '.join(clashes)}", do)
    if unread:
        yield unknown(f"whether names are taken is not known of {', '.join(unread)}, which could not be read")
    elif not clashes:
        yield ok("free" if not preflight.deployed else "this deployment's own")


def _groups_taken(preflight: Preflight) -> Iterator[str]:
    if preflight.observed.group is not None and not preflight.deployed:
        yield f"LeaderWorkerSet {preflight.plan.settings.name}"


def _services_taken(preflight: Preflight) -> Iterator[str]:
    """The headless Service is made by LWS, which owns it; the one of the leaders carries this deployment's labels."""
    name = preflight.plan.settings.name
    for service in preflight.snapshot.get("services"):
        meta = service["metadata"]
        of_lws = [owner.get("kind") for owner in meta.get("ownerReferences") or []] == ["LeaderWorkerSet"]
        is_headless, is_of_leaders = meta["name"] == name, meta["name"] == names.leader_service(name)
        if (is_headless and not of_lws) or (is_of_leaders and not preflight.ours(service)):
            yield f"Service {meta['name']}"


def _claims_taken(preflight: Preflight) -> Iterator[str]:
    claim = preflight.own_claim
    makes_claim = preflight.plan.settings.storage.storage_class is not None
    if claim is not None and makes_claim and not preflight.ours(claim):
        yield f"PersistentVolumeClaim {claim['metadata']['name']}"


def _secrets_taken(preflight: Preflight) -> Iterator[str]:
    made = made_secrets(preflight.plan)
    for secret in preflight.snapshot.get("secrets"):
        if secret["metadata"]["name"] in made and not preflight.ours(secret):
            yield f"Secret {secret['metadata']['name']}"


def _is_noted(preflight: Preflight, start: str) -> bool:
    """Whether a note of the snapshot, which says what could not be read, begins like this."""
    return any(note.startswith(start) for note in preflight.snapshot.notes)
