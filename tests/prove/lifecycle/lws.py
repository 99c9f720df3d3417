"""Rows of the matrix `lifecycle` on LWS: used, taken over, given away, and destroyed before those who need it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager

from lab import network, pki
from lab.deployment import GROUP, NAMESPACE, Deployment, Json, owner, remove_lws, until
from lab.observe import get, kubectl
from lab.offered import LWS_VERSION, lws_manifest
from lab.plugin import refuses_taken_names
from lab.shell import run
from lab.stacks import Stack
from lab.toolchain import build
from nim_stack.base import names
from nim_stack.operations.impact.report import read_impact
from tests.prove.examined import examined
from tests.prove.lifecycle.load import asked_meanwhile

CONTROLLER = ("deployment", "lws-controller-manager", "-n", names.LWS_NAMESPACE)
DEFINITIONS = ("leaderworkersets.leaderworkerset.x-k8s.io", "disaggregatedsets.disaggregatedset.x-k8s.io")
_OPERATOR = "nim-stack:index:LwsOperator$"


def used_and_taken_over() -> Json:
    """LWS by kubectl: a stack uses it, another takes it over, gives it away and takes it back; nobody notices."""
    with _without_lws():
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(lws_manifest()))
        _until_webhooks_answer()
        before = _controller()
        with Deployment() as it:
            it.up()
            group = it.identities()
            with asked_meanwhile(it.stack.outputs()["endpoint"], least=100) as measured:
                refused = _refused_unless_retained()
                holder = _owner({"retain": True})
                holder.pulumi("up", "--yes", "--skip-preview")
                holder.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
                taken = _objects(holder)
                assert _controller() == before, "the controller was made anew"
                given = _owner("existing")
                given.pulumi("up", "--yes", "--skip-preview")
                assert _objects(given) == [], "the stack still has LWS"
                assert _controller() == before, "the controller is not as it was"
                _owner({"retain": True}).pulumi("up", "--yes", "--skip-preview")
                assert _objects(holder) == taken, "not all was taken back"
                _until_seen(it)
            assert it.identities() == group, "a pod was made anew"
        assert _controller() == before, "the controller was made anew"
        return {"refused without retain": refused, "objects taken over": len(taken), "pods made anew": 0} | measured


def _refused_unless_retained() -> bool | str:
    """Whether an LWS of somebody else stays that somebody's unless `retain` asks for it; or why nobody looked."""
    if not refuses_taken_names():
        return "not tried: the Kubernetes plugin in use is older than 4.29.0 and takes over what exists"
    code, text = _owner({"retain": False}).attempt("up", "--yes", "--skip-preview")
    assert code != 0, "an LWS of somebody else was taken over without being asked for"
    assert "already exists" in text, text[-2000:]
    return True


def from_helm() -> Json:
    """LWS by its chart: Helm uninstalls it, the stack installs it; the groups go on meanwhile."""
    with _without_lws():
        # Helm does not take over definitions that somebody else has applied. No group is there that would go with them.
        kubectl("delete", "customresourcedefinition", *DEFINITIONS, "--ignore-not-found")
        chart = build.LWS.module_dir("sigs.k8s.io/lws") / "charts" / "lws"
        values = [f"image.manager.tag={LWS_VERSION}", "image.manager.pullPolicy=IfNotPresent"]
        values += ["resources.requests.cpu=100m", "resources.requests.memory=64Mi"]
        space = ["--namespace", names.LWS_NAMESPACE]
        _helm("install", "lws", str(chart), *space, "--create-namespace", *(f"--set={value}" for value in values))
        _until_webhooks_answer()
        with Deployment() as it:
            it.up()
            group = it.identities()
            with asked_meanwhile(it.stack.outputs()["endpoint"], least=100) as measured:
                assert "kind: CustomResourceDefinition" not in _helm("get", "manifest", "lws", *space)
                _helm("uninstall", "lws", *space, "--wait")
                holder = _owner({"retain": True})
                holder.pulumi("up", "--yes", "--skip-preview")
                holder.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
                _until_seen(it)
            assert it.identities() == group, "a pod was made anew"
        return {"objects": len(_objects(holder)), "pods made anew": 0} | measured


def destroyed_first() -> Json:
    """The stack with LWS goes while another's group serves: who said so before, and what works meanwhile."""
    with Deployment() as it:
        it.up()
        group = it.identities()
        manifest = lws_manifest()  # doctor reads it for the rights that the install needs
        digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
        installs = {"mode": "install", "manifest": str(manifest), "sha256": digest}
        warned = examined({"name": "lws-only", "namespace": "prove-lws", "lws": installs})
        assert ("lws", "warning") in warned, warned
        stack = _owner({"retain": False})
        told = read_impact(stack.pulumi("destroy", "--preview-only", "--json")).approvals(["deletion"])
        assert any("no group of the cluster is made" in why for _, why in told), told
        with asked_meanwhile(it.stack.outputs()["endpoint"], least=100) as measured:
            stack.pulumi("destroy", "--yes", "--skip-preview")
            assert ("lws", "problem") in examined({"name": GROUP, "namespace": NAMESPACE, "lws": "existing"})
            it.stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
            assert it.identities() == group, "a pod was made anew"
            stack.pulumi("up", "--yes", "--skip-preview")
            _until_seen(it)
        assert it.identities() == group, "a pod was made anew"
        return {"doctor and impact said so before": True, "pods made anew": 0} | measured


@contextmanager
def _without_lws() -> Iterator[None]:
    """No LWS but its CRDs; and, however the row ends, one that is the stack's own again."""
    remove_lws()
    try:
        yield
    finally:
        for retain in (True, False):
            _owner({"retain": retain}).pulumi("up", "--yes", "--skip-preview")


def _owner(lws: Json | str) -> Stack:
    """The stack that has LWS, with these settings of it."""
    stack = owner(lws=lws)
    stack.configure()
    stack.unlock()
    return stack


def _objects(stack: Stack) -> list[str]:
    """URNs of the release's objects in the state."""
    state = json.loads(stack.pulumi("stack", "export"))["deployment"].get("resources", [])
    return sorted(one["urn"] for one in state if _OPERATOR in one["urn"])


def _controller() -> Json:
    """Who the controller is: its Deployment and its pods."""
    pods = get("pods", "-n", names.LWS_NAMESPACE, "-l", "control-plane=controller-manager")["items"]
    return {
        "deployment": get(*CONTROLLER)["metadata"]["uid"],
        "pods": sorted(pod["metadata"]["uid"] for pod in pods),
    }


def _until_webhooks_answer() -> None:
    """An LWS that is no stack's own; the controller is available before its webhooks are."""
    name = "lws-mutating-webhook-configuration"

    def certified() -> bool:
        hooks = get("mutatingwebhookconfiguration", name)["webhooks"]
        return all(hook["clientConfig"].get("caBundle") for hook in hooks)

    kubectl("rollout", "status", *CONTROLLER, "--timeout=90s")
    until("the webhooks have their certificate", certified, 60)


def _until_seen(it: Deployment) -> None:
    """A change of the group that restarts nothing is taken up by the controller."""
    wanted = 2 + int(get("leaderworkerset", it.group, "-n", NAMESPACE)["metadata"]["generation"])
    it.configure(rollout={"maxUnavailable": wanted})
    it.up()
    found = get("leaderworkerset", it.group, "-n", NAMESPACE)
    assert found["spec"]["rolloutStrategy"]["rollingUpdateConfiguration"]["maxUnavailable"] == wanted, found["spec"]
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]


def _helm(*words: str) -> str:
    program = build.ensure(build.HELM)
    return run([*network.enter(), str(program), "--kubeconfig", str(pki.kubeconfig()), *words])


ROWS = {
    "lws-used-and-taken-over": used_and_taken_over,
    "lws-from-helm": from_helm,
    "lws-destroyed-first": destroyed_first,
}
