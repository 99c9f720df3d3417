"""The model, its image and its profile, as a chart and the operator name them alike."""

import re

from nim_stack.base import names
from nim_stack.catalog.entries import ModelSpec
from nim_stack.catalog.load import load_catalog
from nim_stack.importing.converters import is_placeholder, word
from nim_stack.importing.rows import Field, Fields

_SHIPPED = ("bf16", "fp8", "mxfp4", "nvfp4")


def take_image(own: Fields, at: str, default_tag: str) -> None:
    """Image and model. A model-specific image says which model it is by the last part of its repository.

    Args:
        own: rows of repository and tag.
        at: the name above both.
        default_tag: what the other deployer does without a tag.
    """
    repository, tag = own[f"{at}.repository"], own[f"{at}.tag"]
    if not repository:
        return
    if is_placeholder(repository.value):
        why = f"{repository.name} is the placeholder {repository.value}; the catalogue's image is used without one"
        repository.ask("image", why)
        return
    draft, model = own.draft, _model_of(str(repository.value))
    if draft.get("model") is None and model is not None:
        repository.take(model.name, "model")
    _take_tag(repository, tag, default_tag)
    if draft.get("model") is None:
        why = f"the image {repository.value} is of no model in the catalogue (`nim-stack models`)"
        repository.ask("model", f"{why}; give --model, or describe it under catalog.models with its nimImage")


def _take_tag(repository: Field, tag: Field, default_tag: str) -> None:
    if not tag or is_placeholder(tag.value):
        why = f"{tag.name} is not there, and {default_tag}; the catalogue's image is used without one"
        repository.ask("image", why)
        return
    version = word(tag.value)
    if str(repository.value).startswith(f"{names.NGC_REGISTRY}/") and re.match(r"v?1\.", version):
        why = "NIM 1.x joins nodes by MPI over ssh and has no Ray; the catalogue's image of NIM 2.x is used, or --image"
        tag.change(why)
        return
    image = f"{repository.value}{'@' if version.startswith('sha256:') else ':'}{version}"
    repository.take(image, "image")
    if tag.draft.get("image") == image:
        tag.take(image)


def _model_of(repository: str) -> ModelSpec | None:
    last = repository.rstrip("/").rpartition("/")[2]
    for model in load_catalog().models.values():
        own = (model.nim_image or "").split("@")[0].rpartition("/")[2].split(":")[0]
        if last in (own, model.name):
            return model
    return None


def profile_note(profile: str) -> str:
    """What is to be said of a profile's name, beside that it is taken; empty when there is nothing."""
    name = profile.split("-")
    if len(profile) == 64 or (name[1:2] and name[1] in _SHIPPED and "pp1" in name):
        return ""
    return (
        "NVIDIA's later documents list bf16, fp8, mxfp4 and nvfp4 with pp1 alone; run `list-model-profiles` in the "
        "image, or use tensorParallel and pipelineParallel instead"
    )
