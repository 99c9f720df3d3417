"""Checks of the cluster's own part: versions, LWS, DNS, and what the settings need to be installed."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.manifests.placement import SCHEDULERS
from nim_stack.operations.diagnosis import control
from nim_stack.operations.diagnosis.view import ready_endpoints
from nim_stack.operations.doctor.check import Preflight, check, ok, problem, unknown, warning
from nim_stack.operations.observing.snapshot import Part
from nim_stack.rules.cluster import KUBERNETES_APART, KUBERNETES_OLDEST, version

_SCHEDULER_GROUPS = {"volcano": "scheduling.volcano.sh", "kai": "scheduling.run.ai", "kueue": "kueue.x-k8s.io"}


@check("kubernetes")
def kubernetes(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the version of the API server is new enough for LWS, the fabric and groups that stay apart."""
    server, found = preflight.snapshot.server, version(preflight.snapshot.server)
    needs = [(KUBERNETES_OLDEST, "LWS")]
    if preflight.plan.fabric is not None and preflight.plan.fabric.min_kubernetes:
        needs.append((version(preflight.plan.fabric.min_kubernetes), f"the fabric {preflight.plan.fabric.name}"))
    oldest, who = max(needs)
    if found < oldest:
        yield problem(f"{server}; {who} needs {oldest[0]}.{oldest[1]}", "Use a newer cluster, or another fabric.")
    elif found < KUBERNETES_APART and preflight.plan.settings.most_groups > 1:
        do = f"Have {preflight.pods} GPU nodes, or Kubernetes {KUBERNETES_APART[0]}.{KUBERNETES_APART[1]}."
        yield warning(f"{server}: pods of different groups cannot share a node", do)
    else:
        yield ok(server)


@check("lws")
def lws(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether LWS is there, works, and may be installed or removed by this stack; one finding, the worst."""
    yield _absent(preflight) or _broken(preflight) or _of_somebody_else(preflight) or _serves(preflight)


def _absent(preflight: Preflight) -> Finding | None:
    """LWS is not installed, or no more of it than its CRD is left."""
    known = names.LWS_GROUP in preflight.snapshot.groups
    running = bool(preflight.snapshot.get("webhooks"))
    if known and (running or not preflight.snapshot.read("webhooks")):
        return None
    if preflight.plan.settings.lws.mode == "install":
        return ok("not there yet; this stack installs it")
    do = "Install LWS 0.9 or newer, or set nim.lws to {mode: install, sha256: …} in one stack of the cluster."
    return problem("LeaderWorkerSet is not installed" + (", its CRD is left over" if known else ""), do)


def _broken(preflight: Preflight) -> Finding | None:
    """LWS is there and cannot do its work; diagnosis knows these failures."""
    if any(True for _ in control.lws_too_old(preflight.observed)):
        do = "Update LWS to 0.9 or newer, its CRDs included."
        return problem("the CRD is older than 0.9: its status has no observedGeneration", do)
    for failed in control.webhook_down(preflight.observed):
        return problem("; ".join(failed.evidence), failed.instead)
    return None


def _of_somebody_else(preflight: Preflight) -> Finding | None:
    """This stack would install, or take away, an LWS that others have or use."""
    settings = preflight.plan.settings.lws
    if settings.mode != "install" or settings.retain:
        return None
    if not preflight.deployed:
        do = "Set nim.lws to existing, unless this very stack installed it; or nim.lws.retain to have it taken over."
        return warning("LeaderWorkerSet is installed already, and this stack would install it too", do)
    if others := _others(preflight):
        shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        do = "Set nim.lws.retain, so that LWS outlives this stack; or destroy this stack after theirs."
        return warning(f"`pulumi destroy` of this stack would take LWS away from {shown}", do)
    return None


def _serves(preflight: Preflight) -> Finding:
    """Nothing is wrong with LWS, as far as it could be read."""
    if not (preflight.snapshot.read("webhooks") and preflight.snapshot.read("definitions")):
        return unknown("it is there; its webhooks or its CRD could not be read")
    deployments = preflight.snapshot.get("controllers")
    containers = [each for item in deployments for each in item["spec"]["template"]["spec"]["containers"]]
    images = [container["image"] for container in containers if "lws" in container["image"]]
    return ok(f"there, its webhooks answer ({images[0]})" if images else "there, its webhooks answer")


def _others(preflight: Preflight) -> list[str]:
    """Groups of the cluster that are not this deployment's, and need the LWS that it installs."""
    own = f"{preflight.snapshot.namespace}/{preflight.snapshot.name}"
    found = (f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in preflight.snapshot.get("others"))
    return sorted(name for name in found if name != own)


@check("dns")
def dns(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the DNS of the cluster, the Service kube-dns in kube-system, has a ready endpoint."""
    if not preflight.snapshot.read("dns"):
        yield unknown("endpoints in kube-system could not be read")
        return
    ready = ready_endpoints(preflight.snapshot.get("dns"))
    if ready:
        yield ok(f"{len(ready)} ready endpoints")
    elif not preflight.snapshot.get("dns"):
        yield unknown(
            "no Service kube-dns in kube-system", "See that pods resolve names: workers find leaders by name."
        )
    else:
        yield problem("the cluster's DNS has no ready endpoint", "Bring it back: workers find their leader by name.")


@check("scheduler")
def scheduler(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the scheduler or the queue that the settings name is installed."""
    pods = preflight.plan.settings.pods
    wanted = pods.scheduler_name or (SCHEDULERS.get(pods.queue.kind) if pods.queue else None)
    kind = pods.queue.kind if pods.queue else next((k for k, name in SCHEDULERS.items() if name == wanted), None)
    if kind is None and wanted in (None, "default-scheduler"):
        yield ok("the cluster's own")
    elif kind is None:
        yield unknown(f"schedulerName {wanted}: not one that doctor knows", f"See that {wanted} runs.")
    elif _SCHEDULER_GROUPS[kind] in preflight.snapshot.groups:
        yield ok(f"{kind} is installed")
    else:
        yield problem(f"{kind} is asked for and not installed", f"Install {kind}, or leave nim.pods.queue out.")


@check("apis")
def apis(preflight: Preflight) -> Iterator[Finding]:
    """Judges whether the API groups and the named objects that the settings need are in the cluster."""
    settings = preflight.plan.settings
    wanted = {
        names.MONITORING_GROUP: ("nim.podMonitor", settings.pod_monitor is not None),
        names.GATEWAY_GROUP: ("nim.httpRoute", settings.http_route is not None),
        "resource.nvidia.com": ("nim.pods.computeDomain", settings.pods.compute_domain is not None),
        "resource.k8s.io": ("nim.pods.resourceClaims", bool(settings.pods.resource_claims)),
    }
    asked = {group: path for group, (path, used) in wanted.items() if used}
    for group, path in asked.items():
        if group not in preflight.snapshot.groups:
            yield problem(
                f"the API group {group} is not there, which {path} needs", f"Install it, or leave {path} out."
            )
    if asked and all(group in preflight.snapshot.groups for group in asked):
        yield ok(", ".join(asked))
    named: tuple[tuple[Part, str, str | None], ...] = (
        ("runtimeClasses", "runtimeClass", settings.pods.runtime_class),
        ("priorityClasses", "priorityClass", settings.pods.priority_class),
        ("serviceAccounts", "serviceAccount", settings.pods.service_account),
    )
    for part, kind, name in named:
        if name is not None and not preflight.snapshot.read(part):
            yield unknown(f"whether there is a {kind} {name} could not be read")
        elif name is not None and not preflight.snapshot.get(part):
            yield problem(f"there is no {kind} {name}", "Make it first.")
