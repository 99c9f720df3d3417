"""When an object of Kubernetes' own kinds is ready, by the official plugin's rules and in its words."""

from lab.standin import TEXTS
from lab.standin.objects import full_name
from lab.standin.values import Obj
from lab.standin.waits import WARNING, NotReadyError, Wait


def deployment(live: Obj, wait: Wait) -> bool:
    """The controller has seen this generation, and enough Pods of it are ready."""
    status, want, conditions = live.get("status", {}), live["spec"]["replicas"], _conditions(live)
    available, progress = (conditions.get(name, {}) for name in ("Available", "Progressing"))
    wait.problems = [f"[{c['reason']}] {c['message']}" for c in (progress, available) if c.get("status") == "False"]
    for text in wait.problems:
        wait.say(text, WARNING)
    if (ready := min(status.get("readyReplicas", 0), status.get("updatedReplicas", 0))) < want:
        wait.say(f"Waiting for app ReplicaSet to be available ({ready}/{want} Pods available)")
    first = live["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision") == "1"
    rolled_out = first or progress.get("reason") == "NewReplicaSetAvailable"
    observed = status.get("observedGeneration") == live["metadata"]["generation"]
    if observed and rolled_out and ready >= want and available.get("status") == "True":
        wait.say("Deployment initialization complete")
        return True
    wait.problems += ["Minimum number of live Pods was not attained"] * (available.get("status") != "True")
    wait.problems += _pods(live, wait)
    return False


def job(live: Obj, wait: Wait) -> bool:
    """It has completed; a failed one ends the wait at once."""
    status, conditions, name = live.get("status", {}), _conditions(live), full_name(live).removeprefix("default/")
    wait.say(f'Waiting for Job "{name}" to start')
    for text in (text for text in _pods(live, wait) if text not in wait.problems):
        wait.problems.append(text)
        if "containers with unready status" not in text:  # which is so during any Job
            wait.say(text, WARNING)
    if "startTime" in status:
        counts = (f"{count}: {status.get(count.lower(), 0)}" for count in ("Active", "Succeeded", "Failed"))
        wait.say(f'Waiting for Job "{name}" to succeed ({" | ".join(counts)})')
    failed = conditions.get("Failed", {})
    if failed.get("status") == "True" and failed["reason"] in ("BackoffLimitExceeded", "DeadlineExceeded"):
        reasons = [*wait.problems, f"[{failed['reason']}] {failed['message']}"]
        raise NotReadyError(TEXTS["not_ready"].format(**live["metadata"]), live, reasons)
    return conditions.get("Complete", {}).get("status") == "True"


def _conditions(obj: Obj) -> dict[str, Obj]:
    return {c["type"]: c for c in obj.get("status", {}).get("conditions", [])}


def _pods(live: Obj, wait: Wait) -> list[str]:
    """Say what is wrong with the Pods of an object."""
    labels = ",".join(f"{key}={value}" for key, value in live["spec"]["selector"].get("matchLabels", {}).items())
    path, problems = f"/api/v1/namespaces/{live['metadata']['namespace']}/pods", []
    for pod in wait.api.call("GET", path, labelSelector=labels)["items"]:
        ready, status = _conditions(pod).get("Ready", {"status": "True"}), pod["status"]
        texts = [_trouble(c) for c in status.get("containerStatuses", []) if not c["ready"]]
        text = ready.get("message", "") + "\n".join(filter(None, texts))
        if text and ready["status"] != "True" and status.get("phase") != "Succeeded":
            problems.append(f"[Pod {full_name(pod)}]: {text}")
    return problems


def _trouble(container: Obj) -> str:
    (state,) = container["state"].values()
    ended = (
        f'container "{container["name"]}" completed with exit code {state["exitCode"]}' if "exitCode" in state else ""
    )
    return f"[{state['reason']}] {state['message']}" if state.get("message") else ended


BUILT_IN = {"apps/v1/Deployment": deployment, "batch/v1/Job": job}
UNKNOWN = {  # kinds that the official plugin waits for, and the stand-in does not
    f"v1/{kind}" for kind in ("PersistentVolume", "PersistentVolumeClaim", "Pod", "ReplicationController", "Service")
} | {"apps/v1/DaemonSet", "apps/v1/StatefulSet", "networking.k8s.io/v1/Ingress"}
