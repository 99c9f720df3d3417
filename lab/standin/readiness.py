"""When an object of Kubernetes' own kinds is ready, by the official plugin's rules and in its words."""

import time

from lab.standin.objects import full_name
from lab.standin.values import Obj
from lab.standin.waits import WARNING, NotReadyError, Wait


def _conditions(obj: Obj) -> dict[str, Obj]:
    return {c["type"]: c for c in obj.get("status", {}).get("conditions", [])}


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
    rolled_out = progress.get("reason") == "NewReplicaSetAvailable" or first
    observed = status.get("observedGeneration") == live["metadata"]["generation"]
    if observed and rolled_out and ready >= want and available.get("status") == "True":
        wait.say("Deployment initialization complete")
        return True
    wait.problems += ["Minimum number of live Pods was not attained"] * (available.get("status") != "True")
    wait.problems += _pods(live, wait, live["spec"]["selector"].get("matchLabels", {}))
    return False


def stateful_set(live: Obj, wait: Wait) -> bool:
    """All replicas are ready and of the newest revision."""
    status, want = live.get("status", {}), live["spec"]["replicas"]
    wait.say(f"Waiting for StatefulSet to create Pods ({status.get('readyReplicas', 0)}/{want} Pods ready)")
    wait.problems = _pods(live, wait, live["spec"]["selector"].get("matchLabels", {}))
    same = status.get("currentRevision") == status.get("updateRevision")
    observed = status.get("observedGeneration") == live["metadata"]["generation"]
    return bool(same and observed and want == status.get("readyReplicas", 0) == status.get("replicas", 0))


def job(live: Obj, wait: Wait) -> bool:
    """It has completed; a failed one ends the wait at once."""
    status, conditions, name = live.get("status", {}), _conditions(live), full_name(live).removeprefix("default/")
    wait.say(f'Waiting for Job "{name}" to start')
    if "startTime" not in status:
        return False
    for text in _pods(live, wait, live["spec"]["selector"]["matchLabels"]):
        if text not in wait.problems:
            wait.problems.append(text)
            if "containers with unready status" not in text:  # which is so during any Job
                wait.say(text, WARNING)
    counts = (f"{count}: {status.get(count.lower(), 0)}" for count in ("Active", "Succeeded", "Failed"))
    wait.say(f'Waiting for Job "{name}" to succeed ({" | ".join(counts)})')
    failed = conditions.get("Failed", {})
    if failed.get("status") == "True" and failed["reason"] in ("BackoffLimitExceeded", "DeadlineExceeded"):
        wait.problems.append(f"[{failed['reason']}] {failed['message']}")
        text = f"Resource '{live['metadata']['name']}' was created but failed to initialize"
        raise NotReadyError(text, live, wait.problems)
    return conditions.get("Complete", {}).get("status") == "True"


def pod(live: Obj, wait: Wait) -> bool:
    """It is ready, or has succeeded."""
    wait.problems = _pod_problems(live)
    return live["status"].get("phase") == "Succeeded" or _conditions(live).get("Ready", {}).get("status") == "True"


def service(live: Obj, wait: Wait) -> bool:
    """Its endpoints have not changed for ten seconds and none is unready; no endpoint at all is fine."""
    spec, meta = live["spec"], live["metadata"]
    if spec.get("type") == "LoadBalancer" and not live["status"].get("loadBalancer", {}).get("ingress"):
        return False
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return True
    wait.say("[1/3] Finding Pods to direct traffic to")
    path = f"/apis/discovery.k8s.io/v1/namespaces/{meta['namespace']}/endpointslices"
    slices = wait.api.call("GET", path, labelSelector=f"kubernetes.io/service-name={meta['name']}")["items"]
    endpoints = [
        (e["addresses"], e.get("conditions", {}).get("ready")) for s in slices for e in s.get("endpoints") or []
    ]
    if str(endpoints) != wait.seen[0]:
        wait.seen = str(endpoints), time.monotonic()
    unready = any(not ready for _, ready in endpoints)
    wait.problems = ["Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may "
                     "not match labels on any Pods"] * unready  # fmt: skip
    return not unready and time.monotonic() - wait.seen[1] >= min(10, wait.timeout)


def claim(live: Obj, wait: Wait) -> bool:
    """It is bound, or waits for its first consumer; five minutes, whatever timeout is set."""
    wait.timeout = 300
    name = live["spec"].get("storageClassName")
    storage = wait.api.call("GET", f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else {}
    wanted = ["Bound"] + ["Pending"] * (storage.get("volumeBindingMode") == "WaitForFirstConsumer")
    return live["status"].get("phase") in wanted


def _pods(live: Obj, wait: Wait, labels: dict[str, str]) -> list[str]:
    path = f"/api/v1/namespaces/{live['metadata']['namespace']}/pods"
    selector = ",".join(f"{k}={v}" for k, v in labels.items())
    return [text for p in wait.api.call("GET", path, labelSelector=selector)["items"] for text in _pod_problems(p)]


def _pod_problems(pod: Obj) -> list[str]:
    ready = _conditions(pod).get("Ready", {"status": "True"})
    if ready["status"] == "True" or pod["status"].get("phase") == "Succeeded":
        return []
    texts = []
    for state in ((c["name"], c["state"]) for c in pod["status"].get("containerStatuses", []) if not c["ready"]):
        for found in (state[1].get("waiting"), state[1].get("terminated")):
            if found and found.get("message"):
                texts.append(f"[{found['reason']}] {found['message']}")
            elif found and "exitCode" in found:
                texts.append(f'container "{state[0]}" completed with exit code {found["exitCode"]}')
    text = ready.get("message", "") + "\n".join(texts)
    return [f"[Pod {full_name(pod)}]: {text}"] if text else []


BUILT_IN = {
    "apps/v1/Deployment": deployment,
    "apps/v1/StatefulSet": stateful_set,
    "batch/v1/Job": job,
    "v1/PersistentVolumeClaim": claim,
    "v1/Pod": pod,
    "v1/Service": service,
}
