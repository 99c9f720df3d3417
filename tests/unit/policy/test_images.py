"""Images that move, images without a digest, and images that are not allowed."""

from typing import Any

import pytest
from nim_policy.images import Image, allowed_images, pinned_images

from tests.unit.policy.seen import group, of, open_texts, seen, texts, unknown

DIGEST = f"@sha256:{'0' * 64}"


def with_image(reference: str) -> Any:
    return seen(group(container={"image": reference}))


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("vllm", Image("vllm", None, None)),
        ("registry.example:5000/vllm", Image("registry.example:5000/vllm", None, None)),
        ("registry.example:5000/team/vllm:1.2", Image("registry.example:5000/team/vllm", "1.2", None)),
        (f"a/b:1{DIGEST}", Image("a/b", "1", DIGEST.removeprefix("@"))),
        (f"a/b{DIGEST}", Image("a/b", None, DIGEST.removeprefix("@"))),
    ],
    ids=[
        "a name alone",
        "a registry with a port",
        "a registry with a port, and a tag",
        "a tag and a digest",
        "a digest alone",
    ],
)
def test_a_reference_is_read(reference: str, image: Image) -> None:
    assert Image.read(reference) == image


@pytest.mark.parametrize(
    ("reference", "config", "why"),
    [
        ("registry.example:5000/vllm", {}, "no tag, which means latest"),
        ("vllm:latest", {}, "the tag latest, which moves"),
        ("vllm:1", {}, None),
        (f"vllm:latest{DIGEST}", {}, None),
        ("vllm:nightly-3", {}, None),
        ("vllm:nightly-3", {"movingTags": ["latest", "nightly*"]}, "the tag nightly-3, which moves"),
        ("vllm:latest", {"movingTags": []}, None),
        ("vllm:1", {"require": "digest"}, "no digest"),
        (f"vllm{DIGEST}", {"require": "digest"}, None),
    ],
    ids=[
        "no tag",
        "the tag latest",
        "a version",
        "latest with a digest",
        "a tag that nobody calls moving",
        "a tag that the list calls moving",
        "latest, where no tag moves",
        "a version where a digest is required",
        "a digest where a digest is required",
    ],
)
def test_an_image_is_one_that_stays(reference: str, config: dict[str, Any], why: str | None) -> None:
    said = texts(pinned_images(with_image(reference), config))
    assert len(said) == (why is not None)
    assert why is None or (why in said[0] and f"The image {reference} of LeaderWorkerSet nim" in said[0])


def test_every_place_of_a_pod_is_looked_at_and_an_image_is_named_once() -> None:
    pod = {
        "initContainers": [{"name": "first", "image": "a:latest"}],
        "ephemeralContainers": [{"name": "debug", "image": "b:latest"}],
        "volumes": [{"name": "weights", "image": {"reference": "c:latest"}}, {"name": "x", "emptyDir": {}}],
    }
    assert texts(pinned_images(seen(group(container={"image": "a:latest"}, pod=pod)), {})) == [
        f"The image {name}:latest of LeaderWorkerSet nim ({places}) has the tag latest, which moves. Name a version, "
        "or a digest."
        for name, places in {
            "a": "leader container first, leader container engine, worker container first, worker container engine",
            "b": "leader container debug, worker container debug",
            "c": "leader volume weights, worker volume weights",
        }.items()
    ]


@pytest.mark.parametrize(
    "kind", ["apps/v1 Deployment", "apps/v1 StatefulSet", "apps/v1 DaemonSet", "apps/v1 ReplicaSet", "batch/v1 Job"]
)
def test_every_kind_with_pods_is_looked_at(kind: str) -> None:
    api, _, name = kind.partition(" ")
    spec = {"template": {"spec": {"containers": [{"name": "x", "image": "x:latest"}]}}}
    assert len(texts(pinned_images(seen(of(name, api, spec)), {}))) == 1
    cron = of("CronJob", "batch/v1", {"jobTemplate": {"spec": spec}})
    assert len(texts(pinned_images(seen(cron), {}))) == 1
    assert len(texts(pinned_images(seen(of("Pod", "v1", spec["template"]["spec"])), {}))) == 1


def test_an_image_that_is_not_known_is_said_and_the_others_are_judged() -> None:
    where = ("spec", "leaderWorkerTemplate", "workerTemplate", "spec")
    manifest = group(container={"image": "a:latest"})
    manifest["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"].append({"name": "b", "image": "b"})
    verdict = pinned_images(unknown(seen(manifest), *where, "containers", 1, "image"), {})
    assert [text.partition(" has ")[2] for text in texts(verdict)] == [
        "the tag latest, which moves. Name a version, or a digest."
    ]
    assert open_texts(verdict) == [
        f"The image of LeaderWorkerSet nim ({role} container b) is not judged: a value is not known before the update."
        for role in ("leader", "worker")
    ]
    hidden = pinned_images(unknown(seen(manifest), *where), {})
    assert open_texts(hidden) == [
        "The images of LeaderWorkerSet nim are not all judged: spec is not known before the update."
    ]


def test_a_helm_release_is_not_judged() -> None:
    release = seen(of("Release", "helm.sh/v3", {}))
    assert "a Helm release hides its objects" in open_texts(pinned_images(release, {}))[0]
    assert "a Helm release hides its objects" in open_texts(allowed_images(release, {"images": ["*"]}))[0]
    assert open_texts(allowed_images(release, {})) == []


@pytest.mark.parametrize(
    ("reference", "allowed", "kept"),
    [
        ("nvcr.io/nim/meta/llama:2.0.0", ["nvcr.io/nim/*"], True),
        ("nvcr.io/nim/meta/llama:2.0.0", ["nvcr.io/nim/meta/llama"], True),
        ("nvcr.io/nim/meta/llama:2.0.0", ["nvcr.io/nim/meta/llama:2.0.*"], True),
        ("nvcr.io/nim/meta/llama:2.0.0", ["nvcr.io/nim/meta/llama:2.1.*"], False),
        ("evil.example/nvcr.io/nim/x:1", ["nvcr.io/*"], False),
        ("vllm/vllm-openai:v1", ["docker.io/vllm/*"], True),
        ("python:3.12", ["docker.io/library/python:3*"], True),
        ("localhost/nim:1", ["docker.io/*"], False),
        ("vllm:1", [], False),
    ],
    ids=[
        "a registry",
        "a repository with any tag",
        "a version with a pattern",
        "another version",
        "a name that only looks like it",
        "a short name of the default registry",
        "a short name of the default library",
        "another registry",
        "an empty list",
    ],
)
def test_an_image_is_on_the_list(reference: str, allowed: list[str], kept: bool) -> None:
    said = texts(allowed_images(with_image(reference), {"images": allowed}))
    assert (said == []) == kept
    assert kept or f"Allowed are: {', '.join(allowed) or 'none'}." in said[0]
    assert texts(allowed_images(with_image(reference), {})) == []
