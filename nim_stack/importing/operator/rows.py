"""Fields of NIMService and NIMCache, apps.nvidia.com/v1alpha1, as the NIM Operator 3.1.2 publishes them."""

from nim_stack.importing import forms
from nim_stack.importing.rows import Row, judged, left, moved

_DEADLINES = "probes follow from one time budget for image, download and load; timeouts.* where that does not fit"
_TRITON = "NIM for language models has one port for API, health and metrics"
_STORAGE = (
    judged("spec.storage.pvc.create", "storage.storageClass"),
    judged("spec.storage.pvc.name", "storage.existingClaim"),
    judged("spec.storage.pvc.storageClass", "storage.storageClass"),
    judged("spec.storage.pvc.size", "storage.size", says="left out when it cannot hold the model"),
    judged("spec.storage.pvc.volumeAccessMode", "storage.accessMode", says="ReadWriteMany for several pods"),
    judged("spec.storage.pvc.subPath", "storage.subPath"),
    judged("spec.storage.pvc.annotations", "storage.annotations"),
    judged("spec.storage.hostPath", "storage.hostPath.path"),
)
"""A service and a cache say alike where the model is kept."""

_COMMAND = (
    "the operator ignores it across nodes, and both roles run nim-serve-ray; arguments for vLLM are passthroughArgs"
)
_JOB = "the download Job has node labels, tolerations and identity of the pods"
_NO_NEED = "the download Job has no limits, and needs neither GPUs nor containers beside it"
_PULLER = "the image of the model downloads it"
_PUBLISHED = "the image chooses among its profiles by the split; profile names one"
_CERTIFICATES = "mount the ConfigMap with pods.volumes and volumeMounts, and set SSL_CERT_FILE in env"

_EXTRA_CONTAINER = ("name", "image.repository", "image.tag", "image.pullPolicy", "command", "args", "env", "workingDir")


def _containers(field: str, setting: str) -> tuple[Row, ...]:
    rows = [judged(f"{field}[].{name}", setting) for name in _EXTRA_CONTAINER]
    pull = left(f"{field}[].image.pullSecrets", "pull secrets are the pods': secrets.imagePullSecrets", changes=True)
    return (*rows, pull)


SERVICE_ROWS: tuple[Row, ...] = (
    judged("metadata.name", "name", says="with -nim, since LWS makes a Service of its own name, and that one is taken"),
    judged("metadata.namespace", "namespace", "createNamespace", says="it is there already"),
    judged("spec.image.repository", "image", "model", says="the model is that of the image, by the catalogue"),
    judged("spec.image.tag", "image"),
    moved("spec.image.pullPolicy", "imagePullPolicy", forms.text, "the operator ignores it across nodes"),
    moved("spec.image.pullSecrets", "secrets.imagePullSecrets", forms.object_names),
    left("spec.command", _COMMAND),
    left("spec.args", _COMMAND),
    judged("spec.env", "env", says="variables that are settings here go to those, see below"),
    moved("spec.authSecret", "secrets.ngcApiSecret", forms.text),
    judged("spec.storage.nimCache.name", "storage.existingClaim", says="or what the NIMCache says, if given"),
    judged("spec.storage.nimCache.profile", "profile", says="only where parallelism does not say the split"),
    moved("spec.storage.sharedMemorySizeLimit", "resources.shm", forms.text),
    *_STORAGE,
    judged("spec.storage.readOnly", "storage.readOnly", "download.disabled", says="and nothing is downloaded"),
    judged("spec.storage.emptyDir.sizeLimit", "storage.perPod.size"),
    moved("spec.labels", "pods.labels", forms.texts),
    moved("spec.annotations", "pods.annotations", forms.texts),
    judged("spec.nodeSelector", "nodeSelector", "gpu", says="the label of a GPU's product is a GPU type"),
    moved("spec.tolerations", "pods.tolerations", forms.tolerations),
    moved("spec.affinity", "pods.affinity", says="the operator ignores it across nodes"),
    judged("spec.podAffinity", "pods.affinity"),
    judged(
        "spec.resources.limits", "gpusPerNode", "resources.memory", "resources.ephemeralStorage", "resources.extended"
    ),
    judged("spec.resources.requests", "gpusPerNode", "resources.cpu", "resources.memory", "resources.extended"),
    left("spec.resources.claims", "the operator ignores it; pods.resourceClaims"),
    judged("spec.draResources[].resourceClaimName", "pods.resourceClaims"),
    judged("spec.draResources[].resourceClaimTemplateName", "pods.resourceClaims"),
    left(
        "spec.draResources[].claimCreationSpec",
        "make a ResourceClaimTemplate, and name it under pods.resourceClaims",
        changes=True,
    ),
    left("spec.draResources[].requests", "the container uses all that a claim has"),
    moved("spec.expose.service.type", "service.type", forms.text),
    left("spec.expose.service.name", "the Service is called <name>-leader: point clients there", changes=True),
    judged("spec.expose.service.port", "service.port", "ports.server", says="the operator has one for both"),
    left("spec.expose.service.grpcPort", _TRITON),
    left("spec.expose.service.metricsPort", _TRITON),
    moved("spec.expose.service.annotations", "service.annotations", forms.texts),
    left("spec.expose.service.labels", "it has the labels by which the stack and its Pods are found, and no others"),
    judged("spec.expose.ingress.enabled", "ingress.host"),
    judged("spec.expose.ingress.annotations", "ingress.annotations"),
    judged("spec.expose.ingress.spec", "ingress.host", "ingress.path", "ingress.className", "ingress.tlsSecret"),
    judged("spec.expose.router.hostDomainName", "ingress.host", "httpRoute.hostnames", says="after name and namespace"),
    judged("spec.expose.router.annotations", "ingress.annotations", "httpRoute.annotations"),
    judged("spec.expose.router.ingress.ingressClass", "ingress.className"),
    judged("spec.expose.router.ingress.tlsSecretName", "ingress.tlsSecret"),
    judged("spec.expose.router.gateway.name", "httpRoute.parentRefs"),
    judged("spec.expose.router.gateway.namespace", "httpRoute.parentRefs"),
    judged("spec.expose.router.gateway.httpRoutesEnabled", "httpRoute.parentRefs"),
    left("spec.expose.router.gateway.grpcRoutesEnabled", "NIM for language models has no gRPC API"),
    left("spec.expose.router.gateway.backendRef", "the route goes to the leaders", changes=True),
    left("spec.expose.router.eppConfig", "there is no endpoint picker; one Service is in front of all leaders"),
    *(
        left(f"spec.{probe}.{field}", _DEADLINES, changes=field == "probe")
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        for field in ("enabled", "probe")
    ),
    judged("spec.scale.enabled", "autoscaling.maxReplicas", says="the operator refuses it across nodes"),
    left("spec.scale.annotations", "the autoscaler has none"),
    judged("spec.scale.hpa.minReplicas", "autoscaling.minReplicas"),
    judged("spec.scale.hpa.maxReplicas", "autoscaling.maxReplicas"),
    judged("spec.scale.hpa.metrics", "autoscaling.metrics"),
    judged("spec.scale.hpa.behavior", "autoscaling.behavior"),
    moved("spec.schedulerName", "pods.schedulerName", forms.text, "of all pods; the operator sets it on leaders alone"),
    judged("spec.metrics.enabled", "podMonitor", says="a PodMonitor on the leaders"),
    judged("spec.metrics.serviceMonitor.additionalLabels", "podMonitor.labels"),
    left("spec.metrics.serviceMonitor.annotations", "the PodMonitor has none"),
    judged("spec.metrics.serviceMonitor.interval", "podMonitor.interval"),
    left("spec.metrics.serviceMonitor.scrapeTimeout", "Prometheus' own default holds"),
    judged("spec.replicas", "replicas", says="left out with autoscaling, which then owns the number"),
    judged("spec.userID", "podSecurity.runAsUser", says="1000 without it, as there"),
    judged("spec.groupID", "podSecurity.runAsGroup", "podSecurity.fsGroup", says="2000 without it, as there"),
    moved("spec.runtimeClassName", "pods.runtimeClass", forms.text, "the operator ignores it across nodes"),
    moved("spec.priorityClassName", "pods.priorityClass", forms.text),
    judged("spec.proxy.httpProxy", "env"),
    judged("spec.proxy.httpsProxy", "env"),
    judged("spec.proxy.noProxy", "env"),
    left("spec.proxy.certConfigMap", _CERTIFICATES, changes=True),
    left("spec.multiNode.backendType", "it is always a LeaderWorkerSet"),
    judged("spec.multiNode.parallelism.pipeline", "pipelineParallel", "nodes", says="there it is the nodes too"),
    judged("spec.multiNode.parallelism.tensor", "tensorParallel", "gpusPerNode", says="GPUs too without resources"),
    left("spec.multiNode.mpi.mpiStartTimeout", "NIM 2.x joins nodes by Ray, with deadlines of its own", changes=True),
    moved("spec.multiNode.ray.rayPort", "ports.ray", forms.count),
    judged("spec.multiNode.computeDomain.create", "pods.computeDomain"),
    left(
        "spec.multiNode.computeDomain.name",
        "pods claim by its ResourceClaimTemplate: set pods.computeDomain.resourceClaimTemplate to what `kubectl get "
        "computedomain <name> -o jsonpath={.spec.channel.resourceClaimTemplate.name}` prints",
        changes=True,
    ),
    left("spec.inferencePlatform", "KServe has no part in it, and its webhook refuses several nodes"),
    *_containers("spec.initContainers", "pods.initContainers"),
    *_containers("spec.sidecarContainers", "pods.sidecars"),
)


def _hub(source: str) -> tuple[Row, ...]:
    """A Hugging Face hub, or a NeMo Data Store, which speaks its protocol."""
    base = f"spec.source.{source}"
    return (
        judged(f"{base}.endpoint", "download.hubEndpoint", says="left out when it is https://huggingface.co"),
        judged(f"{base}.namespace", "model"),
        judged(f"{base}.modelName", "model", says="hf://<namespace>/<modelName>[@<revision>]"),
        judged(f"{base}.revision", "model"),
        left(f"{base}.datasetName", "a stack serves a model"),
        moved(f"{base}.authSecret", "secrets.hfTokenSecret", forms.text),
        left(f"{base}.modelPuller", _PULLER),
        left(f"{base}.pullSecret", _PULLER),
    )


CACHE_ROWS: tuple[Row, ...] = (
    judged("metadata.name", "download.job", says="where profile says what a Job without GPUs is to download"),
    left("metadata.namespace", "that of the NIMService"),
    judged("spec.source.ngc.authSecret", "secrets.ngcApiSecret", says="where the NIMService has none"),
    left("spec.source.ngc.modelPuller", _PULLER),
    judged("spec.source.ngc.pullSecret", "secrets.imagePullSecrets"),
    judged("spec.source.ngc.modelEndpoint", "model"),
    judged("spec.source.ngc.model.profiles", "profile", says="the only one, where parallelism does not say the split"),
    judged("spec.source.ngc.model.precision", "precision"),
    left("spec.source.ngc.model.engine", "across nodes the container runs vLLM"),
    left("spec.source.ngc.model.tensorParallelism", _PUBLISHED),
    left("spec.source.ngc.model.qosProfile", "profiles of NIM 2.x have none"),
    judged("spec.source.ngc.model.gpus[].product", "gpu", says="the only one, where the catalogue has it"),
    left("spec.source.ngc.model.gpus[].ids", "nodes are selected by the product's label"),
    left("spec.source.ngc.model.lora", "profile names one with LoRA; adapters are passthroughArgs"),
    left("spec.source.ngc.model.buildable", "engines are built for TensorRT-LLM alone"),
    *_hub("hf"),
    *_hub("dataStore"),
    *_STORAGE,
    left("spec.resources.cpu", _NO_NEED),
    left("spec.resources.memory", _NO_NEED),
    left("spec.tolerations", _JOB),
    left("spec.nodeSelector", _JOB),
    left("spec.userID", _JOB),
    left("spec.groupID", _JOB),
    left("spec.runtimeClassName", _NO_NEED),
    left("spec.initContainers", _NO_NEED),
    judged("spec.env", "env", says="pods and Job have the same variables"),
    left("spec.certConfig.name", _CERTIFICATES, changes=True),
    left("spec.certConfig.mountPath", _CERTIFICATES, changes=True),
    left("spec.proxy.certConfigMap", _CERTIFICATES, changes=True),
    judged("spec.proxy.httpProxy", "env"),
    judged("spec.proxy.httpsProxy", "env"),
    judged("spec.proxy.noProxy", "env"),
)
