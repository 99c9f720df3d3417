"""The matrices by name, each with the paths that it is about.

A row is open when one of these paths has changed since the row was proven. A path is a file or a folder with all that
is in it; pages (`*.md`) are never meant, and the folder of the matrix itself always is. Covered is what a row proves
and the code of the row, not the plumbing of the lab: another way to start etcd makes no row untrue.
"""

from dataclasses import dataclass

FOLDER = "tests/prove"


@dataclass(frozen=True)
class Matrix:
    """What a matrix is about.

    Attributes:
        title: what the rows show, for the head of the evidence file.
        covers: paths from the root of the clone, beside the folder of the matrix.
    """

    title: str
    covers: tuple[str, ...]


_STACK = ("Pulumi.dev.yaml", "__main__.py", "lab/deployment.py", "lab/offered.py")
"""The program and the stack that rows deploy; lab/offered.py has the versions of LWS and of the image."""

_OBJECTS = ("nim_stack/manifests", "nim_stack/deployment", "nim_stack/components")
_IMAGE = ("container/nim_serve", "lab/engine")

MATRICES: dict[str, Matrix] = {
    "surface": Matrix("storage, secrets, scale and rollout", (*_STACK, *_OBJECTS, "container/nim_serve/model")),
    "impact": Matrix(
        "what a preview is said to do, and what the cluster did",
        (*_STACK, *_OBJECTS, "nim_stack/operations/impact"),
    ),
    "failures": Matrix(
        "failures provoked for real, and what diagnose named",
        (
            *_STACK,
            *_OBJECTS,
            *_IMAGE,
            "nim_stack/operations/diagnosis",
            "nim_stack/operations/observing",
            "nim_stack/cli/smoke.py",
            f"{FOLDER}/provoke.py",
        ),
    ),
    "defects": Matrix(
        "defects planted in a cluster, and what doctor found",
        (
            "lab/deployment.py",
            "lab/offered.py",
            "nim_stack/manifests",
            "nim_stack/operations/doctor",
            "nim_stack/operations/observing",
            "nim_stack/cli/all_reduce.py",
            "nim_stack/cli/doctor.py",
            f"{FOLDER}/examined.py",
            f"{FOLDER}/provoke.py",
        ),
    ),
    "interruptions": Matrix(
        "the engine killed at any moment, and what the next run made of it",
        (
            *_STACK,
            "nim_stack/components",
            "nim_stack/lws",
            "nim_stack/operations/recovering",
            "nim_stack/cli/recover.py",
            "lab/interrupted.py",
        ),
    ),
    "lifecycle": Matrix(
        "adopting LWS, another model, more storage, one stack fewer: what clients noticed",
        (
            *_STACK,
            *_OBJECTS,
            "nim_stack/lws",
            "nim_stack/operations/doctor",
            "nim_stack/operations/impact",
            "examples/blue_green",
            f"{FOLDER}/examined.py",
            f"{FOLDER}/requests.py",
        ),
    ),
    "faults": Matrix(
        "a group that heals: faults, joining, leaving",
        (
            "lab/deployment.py",
            "lab/offered.py",
            "nim_stack/manifests",
            "nim_stack/deployment",
            *_IMAGE,
            f"{FOLDER}/requests.py",
        ),
    ),
}


def paths(name: str) -> tuple[str, ...]:
    """All paths that a matrix covers, its own folder first."""
    return (f"{FOLDER}/{name}", *MATRICES[name].covers)
