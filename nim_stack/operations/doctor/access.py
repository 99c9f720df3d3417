"""What this identity may do: asked of the API server, which stores nothing of it (SelfSubjectAccessReview)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from nim_stack.base.problems import Finding
from nim_stack.lws.manifest import Release
from nim_stack.operations.cluster.errors import CannotReadError
from nim_stack.operations.cluster.reader import Reader
from nim_stack.operations.doctor.check import Preflight, check, ok, problem, unknown
from nim_stack.operations.doctor.made import kind, made
from nim_stack.operations.observing.snapshot import Access
from nim_stack.plan import DeploymentPlan

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_KEEPS = ("get", "create", "patch")
_CHANGES = (*_KEEPS, "delete")
_PARALLEL = 8
RELEASE_NOTE = "LWS release: "
"""Begins the note of a snapshot that says why the release could not be read."""
Asked = tuple[str, str, str, str]
"""Verb, API group, resource, namespace (empty: of the cluster)."""


def needed(plan: DeploymentPlan, release: Release | None = None) -> list[Asked]:
    """What `pulumi up` of this stack does to each kind of object that it makes, those of the LWS release included.

    An update may replace an object in the namespace, which deletes the old one; a namespace and a release are deleted
    by `destroy` alone.
    """
    objects = [(item, _CHANGES if "namespace" in item["metadata"] else _KEEPS) for item in made(plan)]
    objects += [(item, _KEEPS) for item in release.objects] if release is not None else []
    asked = ((verb, *kind(item), item["metadata"].get("namespace", "")) for item, verbs in objects for verb in verbs)
    return list(dict.fromkeys(asked))


def review(reader: Reader, asked: list[Asked]) -> tuple[Access, ...]:
    """The answers; a question that is refused has none. Each is a request of its own, and there can be ninety."""
    with ThreadPoolExecutor(_PARALLEL) as pool:
        answers = pool.map(lambda each: _review(reader, each), asked)
        return tuple(answer for answer in answers if answer is not None)


def _review(reader: Reader, asked: Asked) -> Access | None:
    verb, group, resource, namespace = asked
    attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    try:
        answer = reader.send("POST", _REVIEWS, body)
    except CannotReadError:
        return None
    return Access(verb, group, resource, namespace, bool(answer["status"].get("allowed")))


@check("access")
def access(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether this identity has the rights that `pulumi up` needs, by the answers of the API server."""
    if not preflight.snapshot.access:
        yield unknown("the API server was not asked what this identity may do")
        return
    denied: dict[str, list[str]] = {}
    for answer in preflight.snapshot.access:
        if not answer.allowed:
            where = f" in {answer.namespace}" if answer.namespace else ""
            denied.setdefault(f"{answer.resource}{where}", []).append(answer.verb)
    if denied:
        what = "; ".join(f"{'/'.join(verbs)} {resource}" for resource, verbs in denied.items())
        yield problem(f"this identity may not {what}", "Run `pulumi up` as one that may, or have it granted.")
    unread = [note.removeprefix(RELEASE_NOTE) for note in preflight.snapshot.notes if note.startswith(RELEASE_NOTE)]
    if unread:
        what = f"which rights the install of LWS needs is not known, since its release could not be read: {unread[0]}"
        yield unknown(what, "Have nim.lws.manifest where it can be read from here; `pulumi up` reads it too.")
    if not denied and not unread:
        kinds = len({(answer.group, answer.resource) for answer in preflight.snapshot.access})
        yield ok(f"all {len(preflight.snapshot.access)} rights over the {kinds} kinds of object that `pulumi up` makes")
