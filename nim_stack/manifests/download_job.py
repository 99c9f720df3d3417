"""A Job that fills the model cache before the group exists, so that no GPU waits for a download.

It runs once: its name has a digest of its pod template, so that an unchanged stack keeps the finished Job, and anything
that may change what is downloaded, or how, makes another one. That one finds a model that is there already.
"""

import hashlib
import json

from nim_stack.base import names
from nim_stack.base.documents import Manifest
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.cache_volume import cache_mount, cache_volume
from nim_stack.manifests.model_source import model_environment
from nim_stack.manifests.references import References
from nim_stack.manifests.security import pod_security_context, restricted

CONTAINER = "download"


def download_job(plan: DeploymentPlan, references: References, namespace: str) -> Manifest:
    """The whole object. Pulumi waits for its end without being told, and a failed one is made anew by the next
    update. It has no time to live: a Job that vanished would be made and run again."""
    template = _template(plan, references)
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
    labels = names.labels(plan.settings.name, "download")
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": names.download_job(plan.settings.name, digest),
            "namespace": namespace,
            "labels": labels,
            "annotations": {names.REPLACE_UNREADY: "true"},
        },
        "spec": {
            "backoffLimit": plan.settings.download.retries,
            # Ends before Pulumi's own wait, so that the Job says why.
            "activeDeadlineSeconds": plan.budget.join,
            "template": template,
        },
    }


def _template(plan: DeploymentPlan, references: References) -> Manifest:
    settings, pods = plan.settings, plan.settings.pods
    spec: Manifest = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security_context(plan),
        # Where the stack wants its pods, as a claim may be bound where the first of them runs; but any kind of node
        # there: it needs no GPU, and a cluster that scales should not start a node with GPUs for it.
        "nodeSelector": settings.node_selector,
        "tolerations": [{"key": names.GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}, *pods.tolerations],
        "serviceAccountName": pods.service_account,
        "imagePullSecrets": [{"name": name} for name in references.pull_secrets],
        "containers": [_container(plan, references)],
        "volumes": [cache_volume(plan, references), *pods.volumes],
    }
    labels = names.labels(settings.name, "download")
    return {
        "metadata": {"labels": labels},
        "spec": {name: value for name, value in spec.items() if value not in (None, {}, [])},
    }


def _container(plan: DeploymentPlan, references: References) -> Manifest:
    settings = plan.settings
    profile = ["-p", settings.profile] if settings.profile else []
    return {
        "name": CONTAINER,
        "image": plan.image,
        "imagePullPolicy": settings.image_pull_policy,
        "args": ["download-to-cache", *profile],
        "env": [*model_environment(plan, references, offline=False), *(each.manifest for each in settings.env)],
        # No limits: a download is bounded by the network, and a killed one begins again.
        "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}},
        "securityContext": restricted(settings.pods.container_security_context),
        # The log's last lines become the reason that Pulumi shows.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [cache_mount(plan, "download"), *settings.pods.volume_mounts],
    }
