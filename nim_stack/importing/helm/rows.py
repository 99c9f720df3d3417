"""Values of the nim-llm chart: the documented ones of 2.0, and those of 1.1.2, the last whose source is public."""

from nim_stack.base import names
from nim_stack.importing import forms
from nim_stack.importing.rows import Row, judged, left, moved

_OLD, _NEW = "1.x", "2.0"

_MPI = "MPI is NIM 1.x; NIM 2.x joins nodes by Ray"
_DEADLINES = "probes follow from one time budget for image, download and load; timeouts.* where that does not fit"
_COMMAND = (
    "both roles run the image's entrypoint with nim-serve-ray; arguments for vLLM are passthroughArgs, anything else "
    "is pods.patch"
)
_LEGACY = "it is for NIM before 1.0"
_NO_POD = "pods are those of a LeaderWorkerSet"

_IMAGE = (
    judged("image.repository", "image", "model", says="the model is that of the image, by the catalogue"),
    judged("image.tag", "image"),
    moved("image.pullPolicy", "imagePullPolicy", forms.text, chart=_OLD),
    moved("imagePullSecrets", "secrets.imagePullSecrets", forms.object_names),
)
_MODEL = (
    judged("model.modelPath", "model", chart=_NEW),
    judged("model.profile", "profile", chart=_NEW),
    moved("model.ngcAPISecret", "secrets.ngcApiSecret", forms.text),
    judged(
        "model.ngcAPIKey",
        says="keys are secret config keys, never values: `pulumi config set --secret ngcApiKey`",
        chart=_OLD,
    ),
    moved("model.hfTokenSecret", "secrets.hfTokenSecret", forms.text, chart=_NEW),
    left(
        "model.jsonLogging",
        "logs are lines of text: NIM's JSON formatter is not there in Ray workers, which fail with it",
        changes=True,
    ),
    moved("model.logLevel", "logLevel", forms.log_level),
    moved("model.openaiPort", "ports.server", forms.count),
    left("model.nimCache", f"the cache is always mounted at {names.CACHE_MOUNT}"),
    left("model.name", "only `helm test` reads it; servedModelName is the name in the API", _OLD),
    moved("model.labels", "pods.labels", forms.texts, chart=_OLD),
    *(left(f"model.{name}", _LEGACY, _OLD) for name in ("legacyCompat", "numGpus", "subPath", "modelStorePath")),
)
_SIZES = (
    judged("multiNode.enabled", "nodes", says="without it one node"),
    judged(
        "multiNode.workers",
        "nodes",
        says="chart 2.0: workers + 1, as the leader is not counted; chart 1.x: workers, as it is",
    ),
    judged("multiNode.tensorParallelSize", "tensorParallel", says="0 is none", chart=_NEW),
    judged("multiNode.pipelineParallelSize", "pipelineParallel", says="0 is none", chart=_NEW),
    moved("multiNode.ray.port", "ports.ray", forms.count, chart=_NEW),
    judged("multiNode.gpusPerNode", "gpusPerNode", chart=_OLD),
    left("multiNode.clusterStartTimeout", "the wait for workers is a part of the time budget", _OLD, changes=True),
    left("multiNode.leaderWorkerSet.enabled", "it is always a LeaderWorkerSet", _OLD),
    left("multiNode.mpiJob.workerAnnotations", f"{_MPI}; pods.worker.annotations", _OLD),
    left("multiNode.mpiJob.launcherResources", _MPI, _OLD),
    left("multiNode.optimized.enabled", "TensorRT-LLM profiles are NIM 1.x", _OLD),
    left("multiNode.existingSSHSecret", _MPI, _OLD),
    judged("replicaCount", "replicas", says="left out with autoscaling, which then owns the number", chart=_OLD),
    judged("resources.limits", "gpusPerNode", "resources.memory", "resources.ephemeralStorage", "resources.extended"),
    judged("resources.requests", "gpusPerNode", "resources.cpu", "resources.memory", "resources.extended"),
)
_STORAGE = (
    judged("persistence.enabled", "storage.storageClass", "storage.perPod", says="perPod when no place is on"),
    judged("persistence.size", "storage.size", says="left out when it cannot hold the model; then it is computed"),
    judged("persistence.accessMode", "storage.accessMode", says="ReadWriteMany where several pods mount the claim"),
    judged("persistence.storageClass", "storage.storageClass", says="a name; the cluster's default is not taken"),
    judged("persistence.existingClaim", "storage.existingClaim"),
    judged("persistence.annotations", "storage.annotations", chart=_OLD),
    *(
        left(f"persistence.stsPersistentVolumeClaimRetentionPolicy.{when}", "storage.retain keeps the claim", _OLD)
        for when in ("whenDeleted", "whenScaled")
    ),
    judged("hostPath.enabled", "storage.hostPath.path"),
    judged("hostPath.path", "storage.hostPath.path"),
    judged("nfs.enabled", "storage.nfs.server"),
    judged("nfs.server", "storage.nfs.server"),
    judged("nfs.path", "storage.nfs.path"),
    judged("nfs.readOnly", "storage.readOnly", "download.disabled", says="and nothing is downloaded"),
)
_PODS = (
    judged("env", "env", says="variables that are settings here go to those, see below"),
    judged("nodeSelector", "nodeSelector", "gpu", says="the label of a GPU's product is a GPU type of the catalogue"),
    moved("affinity", "pods.affinity"),
    moved("tolerations", "pods.tolerations", forms.tolerations),
    moved("podAnnotations", "pods.annotations", forms.texts, chart=_OLD),
    moved("podSecurityContext.runAsUser", "podSecurity.runAsUser", forms.count, chart=_OLD),
    moved("podSecurityContext.runAsGroup", "podSecurity.runAsGroup", forms.count, chart=_OLD),
    moved("podSecurityContext.fsGroup", "podSecurity.fsGroup", forms.count, chart=_OLD),
    judged("podSecurityContext", "pods.securityContext", says="the other fields", chart=_OLD),
    moved("containerSecurityContext", "pods.containerSecurityContext", chart=_OLD),
    moved("extraVolumes", "pods.volumes", forms.named_objects, chart=_OLD),
    moved("extraVolumeMounts", "pods.volumeMounts", forms.named_objects, chart=_OLD),
    moved("initContainers.extraInit", "pods.initContainers", forms.objects, chart=_OLD),
    left("initContainers.ngcInit", f"{_LEGACY}; download.job fills the cache before pods hold GPUs", _OLD),
    left("serviceAccount.create", "pods have no use for the Kubernetes API; name one that exists", _OLD),
    left("serviceAccount.annotations", "they belong to the ServiceAccount, which is not made here", _OLD),
    moved("serviceAccount.name", "pods.serviceAccount", forms.text, chart=_OLD),
    judged("openshift.scc", "pods.annotations", "podSecurity.assignedByCluster", chart=_NEW),
    left("openshift.sccPriority", "the priority is that of the SCC, which the cluster's administrators own", _NEW),
    judged("openshift.annotateRequiredSCC", "pods.annotations", chart=_NEW),
    left("customCommand", _COMMAND, _OLD),
    left("customArgs", _COMMAND, _OLD),
    left("statefulSet.enabled", _NO_POD, _OLD),
)
_ACCESS = (
    moved("service.type", "service.type", forms.text, chart=_OLD),
    moved("service.openaiPort", "service.port", forms.count, chart=_OLD),
    moved("service.annotations", "service.annotations", forms.texts, chart=_OLD),
    left("service.labels", "it has the labels by which the stack and its Pods are found, and no others", _OLD),
    left("service.name", "the Service is called <name>-leader: point clients there", _OLD, changes=True),
    judged("ingress.enabled", "ingress.host", chart=_OLD),
    judged("ingress.className", "ingress.className", chart=_OLD),
    judged("ingress.annotations", "ingress.annotations", chart=_OLD),
    judged("ingress.hosts[].host", "ingress.host", says="the first host", chart=_OLD),
    judged("ingress.hosts[].paths[].path", "ingress.path", says="the first path", chart=_OLD),
    left("ingress.hosts[].paths[].pathType", "it is always a prefix", _OLD),
    left("ingress.hosts[].paths[].serviceType", "there is one API", _OLD),
    judged("ingress.tls", "ingress.tlsSecret", says="the first Secret", chart=_OLD),
    judged("autoscaling.enabled", "autoscaling.maxReplicas", chart=_OLD),
    judged("autoscaling.minReplicas", "autoscaling.minReplicas", chart=_OLD),
    judged("autoscaling.maxReplicas", "autoscaling.maxReplicas", chart=_OLD),
    judged("autoscaling.metrics", "autoscaling.metrics", chart=_OLD),
    left("metrics.enabled", "metrics are always at /v1/metrics of the API port", _OLD),
    judged("metrics.serviceMonitor.enabled", "podMonitor", says="a PodMonitor on the leaders", chart=_OLD),
    judged("metrics.serviceMonitor.additionalLabels", "podMonitor.labels", chart=_OLD),
)
_FIELDS = ("path", "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_OTHER = (
    *(
        left(f"{probe}.{field}", _DEADLINES, _OLD, changes=field == "enabled")
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        for field in ("enabled", *(("method", "command") if probe == "livenessProbe" else ()), *_FIELDS)
    ),
    left("healthPort", "health is on the API port", _OLD),
    judged("fullnameOverride", "name", says="with -nim, as the old objects are still there", chart=_OLD),
    left("nameOverride", "name is the name of everything", chart=_OLD),
)

ROWS: tuple[Row, ...] = (*_IMAGE, *_MODEL, *_SIZES, *_STORAGE, *_PODS, *_ACCESS, *_OTHER)
