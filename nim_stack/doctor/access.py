"""What this identity may do: asked of the API server, which stores nothing of it (SelfSubjectAccessReview)."""

from collections.abc import Iterator

from nim_stack import names
from nim_stack.doctor.check import Examined, Finding, check, ok, problem, unknown
from nim_stack.observing.errors import CannotReadError
from nim_stack.observing.reader import Reader
from nim_stack.observing.snapshot import Access
from nim_stack.plan import DeploymentPlan

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_CHANGES = ("get", "create", "patch", "delete")
Asked = tuple[str, str, str, str]
"""Verb, API group, resource, namespace (empty: of the cluster)."""


def needed(plan: DeploymentPlan, *, ngc: bool, hub: bool) -> list[Asked]:
    """What `pulumi up` of this stack does."""
    settings, space = plan.settings, plan.settings.namespace
    objects = [(names.LWS_GROUP, "leaderworkersets"), ("", "services")]
    if settings.storage.storage_class is not None:
        objects.append(("", "persistentvolumeclaims"))
    if ngc or hub:
        objects.append(("", "secrets"))
    if settings.smoke and settings.wait:
        objects.append(("batch", "jobs"))
    asked = [(verb, group, resource, space) for group, resource in objects for verb in _CHANGES]
    if settings.create_namespace:
        asked += [(verb, "", "namespaces", "") for verb in ("get", "create", "patch")]
    if settings.lws.mode == "install":
        kinds = [
            ("apiextensions.k8s.io", "customresourcedefinitions"),
            ("rbac.authorization.k8s.io", "clusterroles"),
            ("rbac.authorization.k8s.io", "clusterrolebindings"),
            ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ]
        asked += [(verb, group, resource, "") for group, resource in kinds for verb in ("create", "patch")]
    return asked


def review(reader: Reader, asked: list[Asked]) -> tuple[Access, ...]:
    """The answers; a question that is refused has none."""
    return tuple(answer for each in asked if (answer := _review(reader, each)) is not None)


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
def access(it: Examined) -> Iterator[Finding]:
    if not it.snapshot.access:
        yield unknown("the API server was not asked what this identity may do")
        return
    denied: dict[str, list[str]] = {}
    for answer in it.snapshot.access:
        if not answer.allowed:
            where = f" in {answer.namespace}" if answer.namespace else ""
            denied.setdefault(f"{answer.resource}{where}", []).append(answer.verb)
    if denied:
        what = "; ".join(f"{'/'.join(verbs)} {resource}" for resource, verbs in denied.items())
        yield problem(f"this identity may not {what}", "Run `pulumi up` as one that may, or have it granted.")
    else:
        yield ok(f"all {len(it.snapshot.access)} rights that `pulumi up` needs")
