"""Failures of what makes the pods: LWS, its webhooks, admission."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.base.registry import always
from nim_stack.operations.diagnosis.failure import failure, sign, some
from nim_stack.operations.diagnosis.observed import ObservedDeployment, stated
from nim_stack.operations.diagnosis.view import condition, ready_endpoints

WEBHOOK_SECONDS = 120.0
"""Within this time an event about a webhook is taken to hold still."""
_INSTALL = "Install LWS 0.9 or newer, or set nim.lws to {mode: install, sha256: …} in one stack of the cluster."


@failure(
    "lws-absent",
    "LeaderWorkerSet is not installed",
    cause="The API server does not know the kind LeaderWorkerSet, or knows it from an install that has gone.",
    cure=_INSTALL,
    applies=always,
)
def lws_absent(observed: ObservedDeployment) -> Iterator[Finding]:
    known = names.LWS_GROUP in observed.snapshot.groups
    if not known and observed.snapshot.groups:
        seen = f"API groups of the server: {len(observed.snapshot.groups)}, and {names.LWS_GROUP} is not among them"
        yield sign("the cluster has no LeaderWorkerSet", (seen,), _INSTALL)
    elif known and observed.snapshot.read("webhooks") and not observed.snapshot.get("webhooks"):
        seen = f"CRD {names.LWS_CRD} is there (it outlives an uninstall), its webhook configurations are not"
        yield sign("the controller of LeaderWorkerSet is not installed", (seen,), _INSTALL)


@failure(
    "lws-too-old",
    "LWS is too old",
    cause="Before 0.9 the status does not say which generation it is about, and the restart policy "
    "RecreateGroupAfterStart is unknown.",
    cure="Install LWS 0.9 or newer; update its CRDs too, which Helm never does by itself.",
    applies=always,
)
def lws_too_old(observed: ObservedDeployment) -> Iterator[Finding]:
    for definition in observed.snapshot.get("definitions"):
        served = [version for version in definition["spec"]["versions"] if version["served"]]
        old = [version for version in served if "observedGeneration" not in version["status"]]
        if served and len(old) == len(served):
            seen = f"CRD {names.LWS_CRD}: the status of {old[0]['name']} has no observedGeneration"
            do = (
                "Install LWS 0.9 or newer, its CRDs included (`kubectl apply --server-side` of the release's manifest)."
            )
            yield sign("the CRD of LWS is older than 0.9", (seen,), do)


@failure(
    "webhook-down",
    "The LWS webhooks do not answer",
    cause="They fail closed: no LeaderWorkerSet can be changed and no pod of one be created while they are down.",
    cure="See why the controller's pods do not run: `kubectl -n lws-system get pods`.",
    applies=always,
)
def webhook_down(observed: ObservedDeployment) -> Iterator[Finding]:
    evidence = [*_without_endpoint(observed), *_without_certificate(observed), *_unanswered(observed)]
    if evidence:
        evidence += _controllers_down(observed)
        service = observed.webhook_service
        space = service["namespace"] if service else names.LWS_NAMESPACE
        do = f"`kubectl -n {space} get pods,events`; when its pods run, `kubectl -n {space} logs deploy/…` says more."
        yield sign("the LWS webhooks do not answer, so that no pod of a group can be made", tuple(evidence), do)


def _without_endpoint(observed: ObservedDeployment) -> Iterator[str]:
    """The Service behind the webhooks leads nowhere."""
    service, snapshot = observed.webhook_service, observed.snapshot
    if service and snapshot.read("controllerEndpoints") and not ready_endpoints(snapshot.get("controllerEndpoints")):
        yield f"Service {service['namespace']}/{service['name']} has no ready endpoint"


def _without_certificate(observed: ObservedDeployment) -> Iterator[str]:
    """Webhooks that the API server has no CA for, so that it cannot trust their answer."""
    hooks = [hook for item in observed.snapshot.get("webhooks") for hook in item["webhooks"]]
    if bare := sorted({hook["name"] for hook in hooks if not hook["hasCertificate"]}):
        yield f"no CA bundle yet: {', '.join(bare)}"


def _unanswered(observed: ObservedDeployment) -> Iterator[str]:
    """The newest event of a request that a webhook of LWS did not answer."""
    if observed.available:
        return
    for event in observed.events:
        if observed.age(event.last) < WEBHOOK_SECONDS and observed.is_about_webhooks(event.message):
            yield str(event)
            return


def _controllers_down(observed: ObservedDeployment) -> Iterator[str]:
    """Why the Deployments beside the webhooks are not available."""
    for deployment in observed.snapshot.get("controllers"):
        available = condition(deployment, "Available")
        if available.get("status") != "True":
            words = available.get("message", "it has no status")
            yield f"Deployment {deployment['metadata']['name']}: {stated(words)}"


@failure(
    "not-deployed",
    "There is no deployment of this name",
    cause="The namespace or the LeaderWorkerSet is not there.",
    cure="Look at the name and the namespace, then run `pulumi up`.",
)
def not_deployed(observed: ObservedDeployment) -> Iterator[Finding]:
    here = observed.snapshot
    if names.LWS_GROUP not in here.groups or observed.group is not None:
        return
    if here.read("namespace") and not here.get("namespace"):
        yield sign(
            f"there is no namespace {here.namespace}", (f"namespace {here.namespace}: not found",), "`pulumi up`"
        )
    elif here.read("deployment"):
        seen = f"LeaderWorkerSet {here.namespace}/{here.name}: not found"
        do = "Run `pulumi up`; where it failed, its last error says what was refused."
        yield sign(f"there is no LeaderWorkerSet {here.name} in {here.namespace}", (seen,), do)


CREATE_AGAIN_SECONDS = 1200.0
"""A controller tries a create that was refused again after up to 1000 s (client-go,
DefaultTypedControllerRateLimiter)."""


def _refused(observed: ObservedDeployment) -> list[str]:
    """Why pods that should be there could not be created."""
    if not observed.missing:
        return []
    refused = observed.recent("FailedCreate", seconds=CREATE_AGAIN_SECONDS)
    return [str(event) for event in refused if event.about[0] in ("StatefulSet", "Job")]


_NO_ROOM = ("exceeded quota", "failed quota", "per Pod is", "per Container is")


@failure(
    "quota",
    "A quota or limit forbids the pods",
    cause="A ResourceQuota of the namespace has no room for what the pods request, or a LimitRange forbids it.",
    cure="Raise the quota, free what others use of it, or ask for less.",
)
def quota(observed: ObservedDeployment) -> Iterator[Finding]:
    seen = [text for text in _refused(observed) if any(words in text for words in _NO_ROOM)]
    if seen:
        quotas = ", ".join(item["metadata"]["name"] for item in observed.snapshot.get("quotas")) or "its quota"
        do = f"`kubectl -n {observed.snapshot.namespace} describe quota,limits`; then raise {quotas} or ask for less."
        yield sign(f"{observed.missing} pods are missing: the namespace has no room for them", some(seen), do)


@failure(
    "pod-security",
    "The namespace's Pod Security level refuses the pods",
    cause="The label pod-security.kubernetes.io/enforce of the namespace forbids something that the pods have.",
    cure="Use a namespace with a wider level, or leave out what needs it (hostPath, hostNetwork, capabilities).",
)
def pod_security(observed: ObservedDeployment) -> Iterator[Finding]:
    seen = [text for text in _refused(observed) if "violates PodSecurity" in text]
    if seen:
        labels = next(((item["metadata"].get("labels") or {}) for item in observed.snapshot.get("namespace")), {})
        level = labels.get(names.POD_SECURITY_LABEL, "of the cluster's default")
        do = (
            f"`kubectl label namespace {observed.snapshot.namespace} {names.POD_SECURITY_LABEL}=<level>` with the "
            "level that the message asks for, or leave out what it names."
        )
        yield sign(f"the namespace enforces the level {level}, which these pods do not meet", some(seen), do)


@failure(
    "admission",
    "Something else refuses the pods",
    cause="An admission webhook or policy of the cluster, or an object that the pods refer to and that is not there.",
    cure="The message names what refuses; make the pods as it wants them, or exempt the namespace.",
)
def admission(observed: ObservedDeployment) -> Iterator[Finding]:
    known = (*_NO_ROOM, "violates PodSecurity")
    seen = [text for text in _refused(observed) if not any(word in text for word in known)]
    seen = [text for text in seen if not observed.is_about_webhooks(text)]
    if seen:
        yield sign(f"{observed.missing} pods are missing: their creation is refused", some(seen), "See the message.")
