"""Allowed models."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nim_policy.images import Image, matches
from nim_policy.objects import HELM_RELEASE, Resource
from nim_policy.pods import Json, has_pods, is_group, option, pods_of, serving, variable, words
from nim_policy.values import items, read
from nim_policy.verdict import Verdict

MODEL_PATH = "NIM_MODEL_PATH"


def allowed_models(resource: Resource, config: Mapping[str, Any]) -> Verdict:
    """Models outside of a list: those of LeaderWorkerSets, and those that other pods name as NIM does.

    Args:
        resource: the resource to judge.
        config: `models` are globs of what a container names as its model, with or without `hf://`, or, for an image
            of one model, of the image's repository. Without the list nothing is judged; an empty one allows none.
    """
    verdict = Verdict()
    allowed = config.get("models")
    if allowed is None:
        return verdict
    if resource.type == HELM_RELEASE:
        verdict.left_open(f"The model of {resource.title} is not seen: a Helm release hides its objects.", resource.urn)
    if has_pods(resource):
        with verdict.judging(f"The model of {resource.title} is not judged", resource.urn):
            for container in _serving_models(resource):
                found = _model(container)
                if matches([found, re.sub(r"^\w+://", "", found)], allowed):
                    continue
                verdict.violated(
                    f"{resource.title} serves or downloads {found}, which is not allowed. Allowed are: "
                    f"{', '.join(allowed) or 'none'}.",
                    resource.urn,
                )
    return verdict


def _serving_models(resource: Resource) -> Iterator[Json]:
    """Containers that name a model as NIM does, and without any the one that serves in each pod of a group."""
    for pods in pods_of(resource):
        naming = [container for container in pods.all_containers if _names_a_model(container)]
        yield from naming or ([serving(pods)] if is_group(resource) else [])


def _names_a_model(container: Json) -> bool:
    return any(read(item, "name") == MODEL_PATH for item in items(container, "env"))


def _model(container: Json) -> str:
    """By NIM's variable, then by vLLM's command line; without both the image is one of a single model."""
    named = variable(container, MODEL_PATH)
    if named:
        return named
    line = words(container)
    served = [line[number + 1] for number, word in enumerate(line[:-1]) if word == "serve"]
    asked = option(line, "--model") or next((word for word in served if not word.startswith("-")), None)
    return asked or Image.read(str(read(container, "image") or "")).repository
