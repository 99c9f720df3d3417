"""Failures of the group to come together."""

from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.operations.diagnosis.failure import failure, sign, some
from nim_stack.operations.diagnosis.logs import Hit, fresh
from nim_stack.operations.diagnosis.observed import ObservedDeployment
from nim_stack.operations.diagnosis.view import endpoints, ready_endpoints


def _policies(observed: ObservedDeployment) -> list[str]:
    return [
        f"NetworkPolicy {item['metadata']['name']} is in the namespace" for item in observed.snapshot.get("policies")
    ]


def _shadow(observed: ObservedDeployment) -> str | None:
    """What is wrong with the Service of the LWS's name."""
    for service in observed.snapshot.get("services"):
        meta = service["metadata"]
        if meta["name"] != observed.snapshot.name:
            continue
        owners = [owner.get("kind") for owner in meta.get("ownerReferences") or []]
        if service["spec"].get("clusterIP") != "None":
            return f"Service {meta['name']} has the cluster IP {service['spec'].get('clusterIP')} and is not headless"
        if "LeaderWorkerSet" not in owners and not service["spec"].get("publishNotReadyAddresses"):
            return f"Service {meta['name']} is not the one of LWS and hides leaders that are not ready"
        selector = service["spec"].get("selector") or {}
        if selector.get(names.LWS_NAME_LABEL) != observed.snapshot.name:
            return f"Service {meta['name']} is not the one of LWS and selects {selector or 'nothing'}"
    return None


@failure(
    "service-shadows-leader",
    "A Service has the name of the deployment",
    cause="LWS makes a headless Service of the deployment's name only if there is none of that name. With another one "
    "in its place, the leader has no name in DNS and no worker finds it.",
    cure="Delete or rename that Service; LWS makes its own within seconds.",
)
def service_shadows_leader(observed: ObservedDeployment) -> Iterator[Finding]:
    shadow = _shadow(observed)
    if shadow and observed.group is not None:
        seen = [hit.evidence for hit in observed.hits_of("leader-name-unresolved")]
        snapshot = observed.snapshot
        do = f"`kubectl -n {snapshot.namespace} delete service {snapshot.name}`, or deploy under another name."
        yield sign("another Service has the name that LWS needs for its own", (shadow, *some(seen, 1)), do)


@failure(
    "leader-address-missing",
    "The pods do not know their leader",
    cause="LWS puts LWS_LEADER_ADDRESS into every container when a pod is made; its pod webhook was not asked.",
    cure="See the LWS webhooks, then delete the leader pod so that the group is made anew.",
)
def leader_address_missing(observed: ObservedDeployment) -> Iterator[Finding]:
    without = [pod.name for pod in observed.pods
               if not any(v["name"] == "LWS_LEADER_ADDRESS" for v in pod.main_spec.get("env") or [])]  # fmt: skip
    if without:
        seen = tuple(f"{name} has no variable LWS_LEADER_ADDRESS" for name in without[:3])
        do = "See whether the mutating webhook of LWS matches pods of this namespace; then delete the leader pod."
        yield sign("pods were made without LWS's part", seen, do)


@failure(
    "leader-name-unresolved",
    "Workers cannot resolve their leader's name",
    cause="Pods cannot reach the cluster's DNS, it does not run, or it does not know the leader.",
    cure="See that CoreDNS runs and that nothing blocks port 53 (UDP and TCP) from the pods.",
)
def leader_name_unresolved(observed: ObservedDeployment) -> Iterator[Finding]:
    found = [hit for hit in observed.hits_of("leader-name-unresolved") if _leader_is_there(observed, hit)]
    if not found or _shadow(observed):
        return
    name = found[0].match["what"]
    notes, do = _name_services(observed)
    if "." not in name:
        notes.append("the name has no domain: see dnsPolicy (with hostNetwork it must be ClusterFirstWithHostNet)")
    seen = (*some([hit.evidence for hit in found], 2), *notes, *_policies(observed))
    yield sign(f"the name {name} does not resolve in the pods", seen, do)


def _name_services(observed: ObservedDeployment) -> tuple[list[str], str]:
    """What is known of the cluster's DNS and of the headless Service, and what to do about a name that fails."""
    snapshot = observed.snapshot
    notes, do = [], "Allow DNS (port 53, UDP and TCP) from these pods and nodes to kube-system."
    if snapshot.read("dns"):
        ready = len(ready_endpoints(snapshot.get("dns")))
        notes.append(f"cluster DNS has {ready} ready endpoints")
        if not ready:
            do = "Bring the cluster's DNS back: `kubectl -n kube-system get pods -l k8s-app=kube-dns`."
    if snapshot.read("endpoints"):
        headless = {"kubernetes.io/service-name": snapshot.name}.items()
        slices = [e for e in snapshot.get("endpoints") if headless <= (e["metadata"].get("labels") or {}).items()]
        known = len(endpoints(slices))
        notes.append(f"the headless Service {snapshot.name} has {known} endpoints")
        if not known:
            do = f"LWS has not made the headless Service {snapshot.name}, or it selects nothing: see LWS's log."
    return notes, do


@failure(
    "leader-unreachable",
    "Workers cannot reach their leader's Ray port",
    cause="The leader runs and its name resolves, but connections to its Ray port get no answer: a NetworkPolicy, a "
    "service mesh, a firewall, or no network between those two nodes.",
    cure="Allow all TCP between the pods of a group: Ray and NCCL use more ports than the one that they meet at.",
)
def leader_unreachable(observed: ObservedDeployment) -> Iterator[Finding]:
    taken = observed.snapshot.taken
    of_workers = [hit for hit in observed.hits_of("leader-unreachable") if hit.role != "leader" and fresh(hit, taken)]
    found = [hit for hit in of_workers if _leader_is_there(observed, hit)]
    if found:
        pairs = {f"{pod.name} on {pod.node}" for pod in observed.pods if pod.name in {hit.pod for hit in found}}
        leaders = [f"leader {pod.name} runs on {pod.node}, address {pod.address}" for pod in observed.running_leaders]
        seen = (*some([hit.evidence for hit in found], 2), *some(leaders, 1), *_policies(observed))
        do = (
            "Allow all TCP between the pods of a group. In turn: NetworkPolicies of the namespace, a sidecar of a "
            "service mesh, the firewall or security group between the nodes, the network plugin of the node."
        )
        yield sign(f"{found[0].match['what']} gets no answer from {', '.join(sorted(pairs)) or 'a worker'}", seen, do)


@failure(
    "connection-lost",
    "The pods of a group lost each other",
    cause="They had joined, and then one could not reach the other any more: the network between the nodes was cut, or "
    "a port that Ray chose itself is blocked.",
    cure="Allow all TCP between the pods of a group, and see the network between the two nodes.",
)
def connection_lost(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := [hit for hit in observed.hits_of("connection-lost") if fresh(hit, observed.snapshot.taken)]:
        nodes = ", ".join(sorted({pod.node for pod in observed.pods if pod.node}))
        do = f"See the network between {nodes or 'the nodes'}, and that all TCP ports are open between pods of a group."
        seen = (*some([hit.evidence for hit in found], 3), *_policies(observed))
        yield sign(found[0].match["what"], seen, do)


@failure(
    "images-differ",
    "Leader and worker run different versions",
    cause="Ray joins only nodes of the same Ray and Python version; a tag that moved gives each node another image.",
    cure="Use a digest, or an immutable tag, in nim.image.",
)
def images_differ(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := observed.hits_of("images-differ"):
        ids = {str(pod.main.raw.get("imageID")) for pod in observed.pods if pod.main and pod.main.raw.get("imageID")}
        seen = (*some([hit.evidence for hit in found], 2), f"image IDs: {', '.join(sorted(ids))}")
        yield sign("leader and worker have different versions", seen, "Name the image by digest, and pull it anew.")


@failure(
    "group-incomplete",
    "The group does not come together",
    cause="The leader waits for nodes or GPUs, though every pod of the group runs.",
    cure="See what is missing: a worker that has not joined says why in its own log; a pod that brings fewer GPUs than "
    "planned has another request.",
)
def group_incomplete(observed: ObservedDeployment) -> Iterator[Finding]:
    groups = {pod.group for pod in observed.pods if not (pod.main and pod.main.running_since)}
    found = [hit for hit in observed.hits_of("group-incomplete") if not _waits(observed, hit, groups)]
    if found:
        do = "`kubectl logs` of the worker that is missing; nim.gpusPerNode against what the nodes give."
        yield sign(f"still missing: {found[0].match['what']}", some([hit.evidence for hit in found], 2), do)


def _waits(observed: ObservedDeployment, hit: Hit, groups: set[str]) -> bool:
    """Whether a pod of that group does not run yet, which is then the cause."""
    return any(pod.name == hit.pod and pod.group in groups for pod in observed.pods)


def _leader_is_there(observed: ObservedDeployment, hit: Hit) -> bool:
    """Whether the leader runs; else that is what went wrong."""
    pod = next((pod for pod in observed.pods if pod.name == hit.pod), None)
    if pod is None or not hit.when:
        return True
    leader = observed.leader_of(pod)
    return leader is not None and leader.main is not None and leader.main.running_since is not None
