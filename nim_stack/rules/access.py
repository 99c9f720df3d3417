"""Rules on what is fetched: images, models, and the keys for them."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import rule

_HUB = frozenset({"nim.model", "nim.image", "nim.secrets"})


@rule(
    "NIM070",
    "There is no NGC API key for what comes from NGC",
    cause="Images under nvcr.io/nim are pulled with an NGC API key, and models are fetched from NGC with one: those of "
    "model-specific images, under whatever registry they are mirrored, and ngc:// ones. A model that is in the cache "
    "already (download.disabled) or comes from a mirror (download.repositoryOverride) needs none.",
    cure="Run `pulumi config set --secret ngcApiKey`, or name existing Secrets under secrets.",
    reads=_HUB | {"nim.download"},
)
def ngc_key(resolved: Resolution) -> Iterator[Finding]:
    secrets, download = resolved.settings.secrets, resolved.settings.download
    from_ngc = resolved.image.brings_model or (
        resolved.download.source is not None and resolved.download.source.scheme == "ngc"
    )
    fetches = resolved.download.happens and from_ngc and download.repository_override is None
    pull = resolved.image.is_licensed and not resolved.keys.pulls and not secrets.image_pull_secrets
    fetch = fetches and not resolved.keys.ngc and secrets.ngc_api_secret is None
    if not pull and not fetch:
        return
    if pull and fetch:
        what, names_of = "can neither be pulled nor fetch its model", "ngcApiSecret and nim.secrets.imagePullSecrets"
    else:
        what = "cannot be pulled" if pull else "cannot fetch its model"
        names_of = "imagePullSecrets" if pull else "ngcApiSecret"
    yield Finding(
        "ngcApiKey",
        None,
        f"the image {resolved.image.reference} {what} without an NGC API key",
        "Run `pulumi config set --secret ngcApiKey` and paste the key, or name existing Secrets in "
        f"nim.secrets.{names_of}.",
    )


@rule(
    "NIM071",
    "There is no token for a gated model",
    cause="The hub gives the files only to users who have accepted the model's licence.",
    cure="Accept the licence on the model's page, then run `pulumi config set --secret hfToken`, or name an existing "
    "Secret in secrets.hfTokenSecret.",
    reads=_HUB | {"nim.download"},
)
def gated(resolved: Resolution) -> Iterator[Finding]:
    if _from_hub(resolved) and resolved.model.checkpoint is not None and resolved.model.checkpoint.gated:
        yield Finding(
            "hfToken",
            None,
            f"{resolved.model.hub_path} is gated, and the hub gives it to users who have accepted its licence",
            "Run `pulumi config set --secret hfToken` and paste a token of such a user, or name an existing Secret in "
            "nim.secrets.hfTokenSecret.",
        )


@rule(
    "NIM072",
    "There is no token for the hub",
    cause="It is not known whether the model is gated. Without a token only models that the hub gives to everyone can "
    "be downloaded.",
    cure="None is needed for such a model. Else run `pulumi config set --secret hfToken`.",
    severity="warning",
    reads=_HUB | {"nim.download"},
)
def token(resolved: Resolution) -> Iterator[Finding]:
    if _from_hub(resolved) and resolved.model.spec is None:
        why = "without hfToken or nim.secrets.hfTokenSecret only models that the hub gives to everyone can be had"
        instead = "Run `pulumi config set --secret hfToken` when this one is gated."
        yield Finding("nim.model", resolved.settings.model, why, instead)


def _from_hub(resolved: Resolution) -> bool:
    """Whether a model is fetched from the hub itself without a token; a mirror has its own rules."""
    settings = resolved.settings
    tokenless = not resolved.keys.hub and settings.secrets.hf_token_secret is None
    hub = (
        resolved.download.source is not None
        and resolved.download.source.scheme == "hf"
        and settings.download.hub_endpoint is None
    )
    return tokenless and hub and resolved.download.happens


@rule(
    "NIM073",
    "The image's tag moves",
    cause="After a restart, pods of one group may run different images.",
    cure="Use the tag of a release, or a digest.",
    severity="warning",
)
def moving_tag(resolved: Resolution) -> Iterator[Finding]:
    image = resolved.settings.image
    if image is not None and image.endswith(":latest"):
        why = "it ends in :latest, and pods of one group may run different images after a restart"
        yield Finding("nim.image", image, why, "Use the tag of a release, or a digest.")


@rule(
    "NIM074",
    "An existing Secret has the name of one that the stack makes",
    cause="The stack makes its own Secrets from the keys, under fixed names, and would take the other one's place.",
    cure="Rename the Secret, or leave the key out.",
    reads=frozenset({"nim.name", "nim.secrets"}),
)
def secret_names(resolved: Resolution) -> Iterator[Finding]:
    name, secrets = resolved.settings.name, resolved.settings.secrets
    made = set()
    if resolved.keys.ngc and secrets.ngc_api_secret is None:
        made.add(names.api_secret(name))
    if resolved.keys.ngc and not secrets.image_pull_secrets:
        made.add(names.pull_secret(name))
    if resolved.keys.hub and secrets.hf_token_secret is None:
        made.add(names.hf_secret(name))
    used = {
        "nim.secrets.ngcApiSecret": secrets.ngc_api_secret and secrets.ngc_api_secret.name,
        "nim.secrets.hfTokenSecret": secrets.hf_token_secret and secrets.hf_token_secret.name,
        **{f"nim.secrets.imagePullSecrets.{n}": pull for n, pull in enumerate(secrets.image_pull_secrets)},
    }
    for path, secret in used.items():
        if secret in made:
            yield Finding(path, secret, "the stack makes a Secret of this name itself", "Use another name.")


@rule(
    "NIM075",
    "Restarts follow the rotation of a key that the stack does not hold",
    cause="Whether a key changed is known by a digest on the pods, which the stack works out from the keys of its own. "
    "It never reads a Secret that something else makes.",
    cure="Leave secrets.restartOnRotation out, or give the key as ngcApiKey or hfToken. A group that starts reads the "
    "new key in any case.",
    reads=frozenset({"nim.secrets"}),
)
def rotation(resolved: Resolution) -> Iterator[Finding]:
    secrets = resolved.settings.secrets
    existing = {"ngcApiSecret": secrets.ngc_api_secret, "hfTokenSecret": secrets.hf_token_secret}
    named = [f"nim.secrets.{name}" for name, secret in existing.items() if secret is not None]
    if secrets.restart_on_rotation and named:
        why = f"{' and '.join(named)} {'is' if len(named) == 1 else 'are'} made elsewhere, so that changes are not seen"
        instead = "Leave it out, or give the keys to the stack."
        yield Finding("nim.secrets.restartOnRotation", True, why, instead)
