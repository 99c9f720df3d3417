"""When an object of Kubernetes' own kinds is ready, by the official plugin's rules and in its words."""

import time

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


def stateful_set(live: Obj, wait: Wait) -> bool:
    """All replicas are ready and of the newest revision."""
    status, want = live.get("status", {}), live["spec"]["replicas"]
    wait.say(f"Waiting for StatefulSet to create Pods ({status.get('readyReplicas', 0)}/{want} Pods ready)")
    wait.problems = _pods(live, wait)
    observed = status.get("observedGeneration") == live["metadata"]["generation"]
    same = observed and status.get("currentRevision") == status.get("updateRevision")
    return bool(same and want == status.get("readyReplicas", 0) == status.get("replicas", 0))


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


def service(live: Obj, wait: Wait) -> bool:
    """Its endpoints have not changed for ten seconds and none is unready; no endpoint at all is fine."""
    spec, meta = live["spec"], live["metadata"]
    if spec["type"] == "LoadBalancer" and not live["status"].get("loadBalancer", {}).get("ingress"):
        return False
    if spec["type"] == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return True
    wait.say("[1/3] Finding Pods to direct traffic to")
    path = f"/apis/discovery.k8s.io/v1/namespaces/{meta['namespace']}/endpointslices"
    slices = wait.api.call("GET", path, labelSelector=f"kubernetes.io/service-name={meta['name']}")["items"]
    found = [(e["addresses"], e["conditions"].get("ready")) for s in slices for e in s.get("endpoints") or []]
    if str(found) != wait.settled[0]:
        wait.settled = str(found), time.monotonic()
    unready = any(not ready for _, ready in found)
    wait.problems = [TEXTS["no_endpoints"]] * unready
    return not unready and time.monotonic() - wait.settled[1] >= min(10, wait.timeout)


def claim(live: Obj, wait: Wait) -> bool:
    """It is bound, or waits for its first consumer; five minutes, whatever timeout is set."""
    wait.timeout, name = 300, live["spec"].get("storageClassName")
    storage = wait.api.call("GET", f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else {}
    first_consumer = storage.get("volumeBindingMode") == "WaitForFirstConsumer"
    return live["status"]["phase"] == "Bound" or (first_consumer and live["status"]["phase"] == "Pending")


def _conditions(obj: Obj) -> dict[str, Obj]:
    return {c["type"]: c for c in obj.get("status", {}).get("conditions", [])}


def _pods(live: Obj, wait: Wait) -> list[str]:
    """Say what is wrong with the Pods of an object."""
    labels = ",".join(f"{key}={value}" for key, value in live["spec"]["selector"].get("matchLabels", {}).items())
    path, problems = f"/api/v1/namespaces/{live['metadata']['namespace']}/pods", []
    for pod in wait.api.call("GET", path, labelSelector=labels)["items"]:
        ready = _conditions(pod).get("Ready", {"status": "True"})
        if ready["status"] == "True" or pod["status"].get("phase") == "Succeeded":
            continue
        texts = []
        for container in (c for c in pod["status"].get("containerStatuses", []) if not c["ready"]):
            for state in container["state"].values():
                if state.get("message"):
                    texts.append(f"[{state['reason']}] {state['message']}")
                elif "exitCode" in state:
                    texts.append(f'container "{container["name"]}" completed with exit code {state["exitCode"]}')
        if text := ready.get("message", "") + "\n".join(texts):
            problems.append(f"[Pod {full_name(pod)}]: {text}")
    return problems


BUILT_IN = {
    "apps/v1/Deployment": deployment,
    "apps/v1/StatefulSet": stateful_set,
    "batch/v1/Job": job,
    "v1/PersistentVolumeClaim": claim,
    "v1/Service": service,
}
