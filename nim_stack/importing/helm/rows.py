"""Values of the nim-llm chart: the documented ones of 2.0, and those of 1.1.2, the last whose source is public."""

from functools import partial

from nim_stack.base import names
from nim_stack.importing import converters
from nim_stack.importing.converters import count, text, texts
from nim_stack.importing.helm.access import autoscaling, ingress, monitor, startup
from nim_stack.importing.helm.pods import default_secrets, openshift, security
from nim_stack.importing.helm.sizes import default_gpus, model, sizes
from nim_stack.importing.helm.storage import storage
from nim_stack.importing.model import take_image
from nim_stack.importing.resources import PARTS, node_selector, take_resources
from nim_stack.importing.rows import Handler, Row, each, judged, left, moved, plain
from nim_stack.importing.variables import variables

_OLD, _NEW = "1.x", "2.0"

_MPI = "MPI is NIM 1.x; NIM 2.x joins nodes by Ray"
_DEADLINES = "probes follow from one time budget for image, download and load; timeouts.* where that does not fit"
_COMMAND = (
    "both roles run the image's entrypoint with nim-serve-ray; arguments for vLLM are passthroughArgs, anything else "
    "is pods.patch"
)
_BESIDE = "with -nim, as the old objects are still there"
_LEGACY = "it is for NIM before 1.0"
_LOGS = "logs are lines of text: NIM's JSON formatter is not there in Ray workers, which fail with it"
_WORKERS = "chart 2.0: workers + 1, as the leader is not counted; chart 1.x: workers, as it is"
_LABEL = "the label of a GPU's product is a GPU type of the catalogue"
_IDS = ("runAsUser", "runAsGroup", "fsGroup")
_NO_POD = "pods are those of a LeaderWorkerSet"

release_name = plain()
image = partial(take_image, at="image", default_tag="the chart's default is its own version")
resources = partial(take_resources, at="resources")

_IMAGE = (
    judged(image, "image.repository", "image model", says="the model is that of the image, by the catalogue"),
    judged(image, "image.tag", "image"),
    moved("image.pullPolicy", "imagePullPolicy", text, chart=_OLD),
    judged((each, default_secrets), "imagePullSecrets", "secrets.imagePullSecrets", converters.object_names),
)
_MODEL = (
    judged(model, "model.modelPath", "model", text, chart=_NEW),
    judged(model, "model.profile", "profile", text, chart=_NEW),
    judged((each, default_secrets), "model.ngcAPISecret", "secrets.ngcApiSecret", text),
    left("model.ngcAPIKey", "keys are secret config keys, never values: `pulumi config set --secret ngcApiKey`", _OLD),
    moved("model.hfTokenSecret", "secrets.hfTokenSecret", text, chart=_NEW),
    left("model.jsonLogging", _LOGS, changes=True),
    moved("model.logLevel", "logLevel", converters.log_level),
    moved("model.openaiPort", "ports.server", count),
    left("model.nimCache", f"the cache is always mounted at {names.CACHE_MOUNT}"),
    left("model.name", "only `helm test` reads it; servedModelName is the name in the API", _OLD),
    moved("model.labels", "pods.labels", texts, chart=_OLD),
    *(left(f"model.{name}", _LEGACY, _OLD) for name in ("legacyCompat", "numGpus", "subPath", "modelStorePath")),
)
_SIZES = (
    judged(sizes, "multiNode.enabled", "nodes", says="without it one node"),
    judged(sizes, "multiNode.workers", "nodes", says=_WORKERS),
    judged(sizes, "multiNode.tensorParallelSize", "tensorParallel", count, "0 is none", _NEW),
    judged(sizes, "multiNode.pipelineParallelSize", "pipelineParallel", count, "0 is none", _NEW),
    moved("multiNode.ray.port", "ports.ray", count, chart=_NEW),
    judged(sizes, "multiNode.gpusPerNode", "gpusPerNode", count, chart=_OLD),
    left("multiNode.clusterStartTimeout", "the wait for workers is a part of the time budget", _OLD, changes=True),
    left("multiNode.leaderWorkerSet.enabled", "it is always a LeaderWorkerSet", _OLD),
    left("multiNode.mpiJob.workerAnnotations", f"{_MPI}; pods.worker.annotations", _OLD),
    left("multiNode.mpiJob.launcherResources", _MPI, _OLD),
    left("multiNode.optimized.enabled", "TensorRT-LLM profiles are NIM 1.x", _OLD),
    left("multiNode.existingSSHSecret", _MPI, _OLD),
    judged(
        autoscaling, "replicaCount", "replicas", count, "left out with autoscaling, which then owns the number", _OLD
    ),
    judged((resources, default_gpus), "resources.limits", f"gpusPerNode {PARTS}", count),
    judged((resources, default_gpus), "resources.requests", f"gpusPerNode resources.cpu {PARTS}", count),
)
_STORAGE = (
    judged(storage, "persistence.enabled", "storage.storageClass storage.perPod", says="perPod when no place is on"),
    judged(
        storage, "persistence.size", "storage.size", text, "left out when it cannot hold the model; then it is computed"
    ),
    judged(
        storage, "persistence.accessMode", "storage.accessMode", says="ReadWriteMany where several pods mount the claim"
    ),
    judged(
        storage, "persistence.storageClass", "storage.storageClass", text, "a name; the cluster's default is not taken"
    ),
    judged(storage, "persistence.existingClaim", "storage.existingClaim", text),
    judged(storage, "persistence.annotations", "storage.annotations", texts, chart=_OLD),
    *(
        left(f"persistence.stsPersistentVolumeClaimRetentionPolicy.{when}", "storage.retain keeps the claim", _OLD)
        for when in ("whenDeleted", "whenScaled")
    ),
    judged(storage, "hostPath.enabled", "storage.hostPath.path"),
    judged(storage, "hostPath.path", "storage.hostPath.path"),
    judged(storage, "nfs.enabled", "storage.nfs.server"),
    judged(storage, "nfs.server", "storage.nfs.server"),
    judged(storage, "nfs.path", "storage.nfs.path"),
    judged(storage, "nfs.readOnly", "storage.readOnly download.disabled", says="and nothing is downloaded"),
)
_PODS = (
    judged(variables, "env", "env", says="variables that are settings here go to those, see below"),
    judged(node_selector, "nodeSelector", "nodeSelector gpu", says=_LABEL),
    moved("affinity", "pods.affinity"),
    moved("tolerations", "pods.tolerations", converters.tolerations),
    moved("podAnnotations", "pods.annotations", texts, chart=_OLD),
    *(moved(f"podSecurityContext.{name}", f"podSecurity.{name}", count, chart=_OLD) for name in _IDS),
    judged(security, "podSecurityContext", "pods.securityContext", says="the other fields", chart=_OLD),
    moved("containerSecurityContext", "pods.containerSecurityContext", chart=_OLD),
    moved("extraVolumes", "pods.volumes", converters.named_objects, chart=_OLD),
    moved("extraVolumeMounts", "pods.volumeMounts", converters.named_objects, chart=_OLD),
    moved("initContainers.extraInit", "pods.initContainers", converters.objects, chart=_OLD),
    left("initContainers.ngcInit", f"{_LEGACY}; download.job fills the cache before pods hold GPUs", _OLD),
    left("serviceAccount.create", "pods have no use for the Kubernetes API; name one that exists", _OLD),
    left("serviceAccount.annotations", "they belong to the ServiceAccount, which is not made here", _OLD),
    moved("serviceAccount.name", "pods.serviceAccount", text, chart=_OLD),
    judged(openshift, "openshift.scc", "pods.annotations podSecurity.assignedByCluster", chart=_NEW),
    left("openshift.sccPriority", "the priority is that of the SCC, which the cluster's administrators own", _NEW),
    judged(openshift, "openshift.annotateRequiredSCC", "pods.annotations", chart=_NEW),
    *(left(name, _COMMAND, _OLD) for name in ("customCommand", "customArgs")),
    left("statefulSet.enabled", _NO_POD, _OLD),
)
_ACCESS = (
    moved("service.type", "service.type", text, chart=_OLD),
    moved("service.openaiPort", "service.port", count, chart=_OLD),
    moved("service.annotations", "service.annotations", texts, chart=_OLD),
    left("service.labels", "it has the labels by which the stack and its Pods are found, and no others", _OLD),
    left("service.name", "the Service is called <name>-leader: point clients there", _OLD, changes=True),
    judged(ingress, "ingress.enabled", "ingress.host", chart=_OLD),
    judged(ingress, "ingress.className", "ingress.className", text, chart=_OLD),
    judged(ingress, "ingress.annotations", "ingress.annotations", texts, chart=_OLD),
    judged(ingress, "ingress.hosts[].host", "ingress.host", says="the first host", chart=_OLD),
    judged(ingress, "ingress.hosts[].paths[].path", "ingress.path", says="the first path", chart=_OLD),
    left("ingress.hosts[].paths[].pathType", "it is always a prefix", _OLD, by=ingress),
    left("ingress.hosts[].paths[].serviceType", "there is one API", _OLD, by=ingress),
    judged(ingress, "ingress.tls", "ingress.tlsSecret", says="the first Secret", chart=_OLD),
    judged(autoscaling, "autoscaling.enabled", "autoscaling.maxReplicas", chart=_OLD),
    judged(autoscaling, "autoscaling.minReplicas", "autoscaling.minReplicas", count, chart=_OLD),
    judged(autoscaling, "autoscaling.maxReplicas", "autoscaling.maxReplicas", count, chart=_OLD),
    judged(autoscaling, "autoscaling.metrics", "autoscaling.metrics", converters.metrics, chart=_OLD),
    left("metrics.enabled", "metrics are always at /v1/metrics of the API port", _OLD),
    judged(monitor, "metrics.serviceMonitor.enabled", "podMonitor", says="a PodMonitor on the leaders", chart=_OLD),
    judged(monitor, "metrics.serviceMonitor.additionalLabels", "podMonitor.labels", texts, chart=_OLD),
)
_FIELDS = ("path", "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_PROBES = (("livenessProbe", (each,)), ("readinessProbe", (each,)), ("startupProbe", (each, startup)))
_OTHER = (
    *(
        left(f"{probe}.{field}", _DEADLINES, _OLD, changes=field == "enabled", by=handlers)
        for probe, handlers in _PROBES
        for field in ("enabled", *(("method", "command") if probe == "livenessProbe" else ()), *_FIELDS)
    ),
    left("healthPort", "health is on the API port", _OLD),
    moved("fullnameOverride", "name", converters.name_beside, _BESIDE, _OLD, by=release_name),
    left("nameOverride", "name is the name of everything", chart=_OLD),
)

ROWS: tuple[Row, ...] = (*_IMAGE, *_MODEL, *_SIZES, *_STORAGE, *_PODS, *_ACCESS, *_OTHER)

ORDER: tuple[Handler, ...] = (
    *(sizes, model, image, each, resources, variables, default_gpus, node_selector, security, openshift, release_name),
    *(ingress, autoscaling, monitor, startup, storage, default_secrets),
)
"""What others need comes first: a place for the model needs nodes and replicas, GPUs need the split. The first handler
that sets a setting decides."""
