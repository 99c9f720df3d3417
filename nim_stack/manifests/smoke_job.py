"""A Job that asks the model for a completion through the leader Service, as a client does.

It runs once for each state of the groups: its name has a digest of what they are made of and of its own template. It
has no time to live, so that an unchanged stack keeps the finished Job and stays unchanged.
"""

import hashlib
import json
from pathlib import Path

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests import leader_worker_set
from nim_stack.manifests.references import References
from nim_stack.manifests.security import pod_security_context, restricted

CONTAINER = "smoke"
SMOKE = {names.COMPONENT_LABEL: "smoke"}
"""Label of every such Job."""
ANSWER_SECONDS = 5 * 60
"""The Service's rules reach a node within seconds; a first request may still compile something."""
SMOKE_RESOURCES: Manifest = {
    "requests": {"cpu": "10m", "memory": "64Mi"},
    "limits": {"cpu": "1", "memory": "256Mi"},
}
_CLIENT = Path(__file__).with_name("programs") / "smoke_client.py"


def ends_up(plan: DeploymentPlan) -> bool:
    """Whether the Job is the last step of `up`: unless the settings leave it out, or nothing serves when it would
    run."""
    return bool(plan.settings.smoke and plan.settings.wait and plan.settings.least_groups)


def smoke_job(plan: DeploymentPlan, namespace: str, pull_secrets: tuple[str, ...] = (), suffix: str = "") -> Manifest:
    """The whole object. Pulumi waits for its end without being told, and a failed one is made anew by the next update.

    Args:
        plan: the deployment whose leader Service is asked.
        namespace: where the deployment is.
        pull_secrets: names of the Secrets with which the image is pulled.
        suffix: another name for a Job that is made by hand.
    """
    template = _template(plan, namespace, pull_secrets)
    groups = leader_worker_set.spec(plan, References("any"))["leaderWorkerTemplate"]
    # An entry that says nothing. It is part of the names of Jobs that have run, and another name would be another Job.
    text = json.dumps([groups, {**template, "pulls": None}], sort_keys=True)
    digest = suffix or hashlib.sha256(text.encode()).hexdigest()[:10]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{plan.settings.name}-smoke-{digest}",
            "namespace": namespace,
            "labels": names.labels(plan.settings.name, "smoke"),
            "annotations": {names.REPLACE_UNREADY: "true"},
        },
        "spec": {
            "backoffLimit": 0,  # it tries again itself, and its log stays in one place
            "activeDeadlineSeconds": plan.budget.image_pull + 2 * ANSWER_SECONDS,
            "template": template,
        },
    }


def _template(plan: DeploymentPlan, namespace: str, pull_secrets: tuple[str, ...]) -> Manifest:
    settings, pods = plan.settings, plan.settings.pods
    beside = {
        "labelSelector": {"matchLabels": names.leader_pods(settings.name)},
        "topologyKey": names.HOSTNAME_LABEL,
    }
    preferred = [{"weight": 100, "podAffinityTerm": beside}]
    spec: Manifest = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security_context(plan),
        # Beside a leader: the image is there already, and it is large.
        "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}},
        "nodeSelector": plan.node_selector,
        "tolerations": [{"key": names.GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}, *pods.tolerations],
        "serviceAccountName": pods.service_account,
        "imagePullSecrets": [{"name": name} for name in pull_secrets],
        "containers": [_container(plan, namespace)],
    }
    return {
        "metadata": {"labels": names.labels(settings.name, "smoke")},
        "spec": {name: value for name, value in spec.items() if value not in (None, {}, [])},
    }


def _container(plan: DeploymentPlan, namespace: str) -> Manifest:
    settings = plan.settings
    env = environment(names.endpoint(settings.name, namespace, settings.service.port), plan.served_name)
    given = [*settings.env, *settings.pods.leader.env]
    env += [variable.manifest for variable in given if variable.name == "VLLM_API_KEY"][-1:]
    return {
        "name": CONTAINER,
        "image": plan.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["python3", "-c", client()],
        "env": env,
        "resources": SMOKE_RESOURCES,
        "securityContext": restricted({"readOnlyRootFilesystem": True}),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def client() -> str:
    """The text of the program that the Job runs."""
    return _CLIENT.read_text(encoding="utf-8")


def environment(url: str, served_name: str) -> list[Manifest]:
    """The variables of that program.

    Args:
        url: base URL of the API.
        served_name: names of the model in the API, joined by commas; the first is asked for.
    """
    values = {
        "SMOKE_URL": url,
        "SMOKE_MODEL": served_name.split(",")[0].strip(),
        "SMOKE_SECONDS": str(ANSWER_SECONDS),
        # Where NVIDIA's runtime is the default it would otherwise give all GPUs of the node to this container.
        "NVIDIA_VISIBLE_DEVICES": "void",
    }
    return [{"name": name, "value": value} for name, value in values.items()]
