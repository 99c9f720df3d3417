"""Fields of NIMService and NIMCache, apps.nvidia.com/v1alpha1, as the NIM Operator 3.1.2 publishes them."""

from functools import partial

from nim_stack.importing.converters import count, metrics, name_beside, object_names, one_name, text, texts, tolerations
from nim_stack.importing.converters import variables as variables_of
from nim_stack.importing.model import take_image
from nim_stack.importing.operator.access import autoscaling, ingress, monitor, port, router, startup
from nim_stack.importing.operator.cache import hub, ngc
from nim_stack.importing.operator.pods import claims, compute_domain, containers, owner
from nim_stack.importing.operator.sizes import default_gpus, namespace, profile, sizes
from nim_stack.importing.operator.storage import cache_storage, read_only, storage
from nim_stack.importing.resources import PARTS, node_selector, take_resources
from nim_stack.importing.rows import Handler, Row, each, judged, left, moved, plain
from nim_stack.importing.variables import variables

_DEADLINES = "probes follow from one time budget for image, download and load; timeouts.* where that does not fit"
_TRITON = "NIM for language models has one port for API, health and metrics"
_COMMAND = (
    "the operator ignores it across nodes, and both roles run nim-serve-ray; arguments for vLLM are passthroughArgs"
)
_BESIDE = "with -nim, since LWS makes a Service of its own name, and that one is taken"
_CLAIMS = "make a ResourceClaimTemplate, and name it under pods.resourceClaims"
_JOB = "the download Job has node labels, tolerations and identity of the pods"
_NO_NEED = "the download Job has no limits, and needs neither GPUs nor containers beside it"
_PULL_SECRETS = "pull secrets are the pods': secrets.imagePullSecrets"
_PULLER = "the image of the model downloads it"
_PUBLISHED = "the image chooses among its profiles by the split; profile names one"
_CERTIFICATES = "mount the ConfigMap with pods.volumes and volumeMounts, and set SSL_CERT_FILE in env"

_PROBES = (("livenessProbe", (each,)), ("readinessProbe", (each,)), ("startupProbe", (each, startup)))
_GATEWAY = ("name", "namespace", "httpRoutesEnabled")
_EXTRA_CONTAINER = ("name", "image.repository", "image.tag", "image.pullPolicy", "command", "args", "env", "workingDir")

service_name, proxy, pod_affinity = plain(), plain(), plain()
image = partial(take_image, at="spec.image", default_tag="the operator requires one")
resources = partial(take_resources, at="spec.resources")


_PROXIES = tuple(
    moved(f"spec.proxy.{field}", "env", variables_of(name, name.lower()), by=proxy)
    for field, name in (("httpProxy", "HTTP_PROXY"), ("httpsProxy", "HTTPS_PROXY"), ("noProxy", "NO_PROXY"))
)
"""In both spellings, as the operator sets them."""


def _storage(by: Handler) -> tuple[Row, ...]:
    """A service and a cache say alike where the model is kept."""
    return (
        judged(by, "spec.storage.pvc.create", "storage.storageClass"),
        judged(by, "spec.storage.pvc.name", "storage.existingClaim"),
        judged(by, "spec.storage.pvc.storageClass", "storage.storageClass"),
        judged(by, "spec.storage.pvc.size", "storage.size", text, "left out when it cannot hold the model"),
        judged(by, "spec.storage.pvc.volumeAccessMode", "storage.accessMode", says="ReadWriteMany for several pods"),
        judged(by, "spec.storage.pvc.subPath", "storage.subPath", text),
        judged(by, "spec.storage.pvc.annotations", "storage.annotations", texts),
        judged(by, "spec.storage.hostPath", "storage.hostPath.path"),
    )


def _containers(field: str, setting: str) -> tuple[Row, ...]:
    rows = [judged(containers, f"{field}[].{name}", setting) for name in _EXTRA_CONTAINER]
    return (*rows, left(f"{field}[].image.pullSecrets", _PULL_SECRETS, changes=True, by=containers))


SERVICE_ROWS: tuple[Row, ...] = (
    moved("metadata.name", "name", name_beside, _BESIDE, by=service_name),
    judged(namespace, "metadata.namespace", "namespace createNamespace", says="it is there already"),
    judged(image, "spec.image.repository", "image model", says="the model is that of the image, by the catalogue"),
    judged(image, "spec.image.tag", "image"),
    moved("spec.image.pullPolicy", "imagePullPolicy", text, "the operator ignores it across nodes"),
    moved("spec.image.pullSecrets", "secrets.imagePullSecrets", object_names),
    *(left(f"spec.{name}", _COMMAND) for name in ("command", "args")),
    judged(variables, "spec.env", "env", says="variables that are settings here go to those, see below"),
    moved("spec.authSecret", "secrets.ngcApiSecret", text),
    judged(storage, "spec.storage.nimCache.name", "storage.existingClaim", says="or what the NIMCache says, if given"),
    judged(profile, "spec.storage.nimCache.profile", "profile", text, "only where parallelism does not say the split"),
    moved("spec.storage.sharedMemorySizeLimit", "resources.shm", text),
    *_storage(storage),
    judged(read_only, "spec.storage.readOnly", "storage.readOnly download.disabled", says="and nothing is downloaded"),
    judged(storage, "spec.storage.emptyDir.sizeLimit", "storage.perPod.size", text),
    moved("spec.labels", "pods.labels", texts),
    moved("spec.annotations", "pods.annotations", texts),
    judged(node_selector, "spec.nodeSelector", "nodeSelector gpu", says="the label of a GPU's product is a GPU type"),
    moved("spec.tolerations", "pods.tolerations", tolerations),
    moved("spec.affinity", "pods.affinity", says="the operator ignores it across nodes"),
    moved("spec.podAffinity", "pods.affinity", lambda given: {"podAffinity": given}, by=pod_affinity),
    judged(resources, "spec.resources.limits", f"gpusPerNode {PARTS}", count),
    judged(resources, "spec.resources.requests", f"gpusPerNode resources.cpu {PARTS}", count),
    left("spec.resources.claims", "the operator ignores it; pods.resourceClaims"),
    judged(claims, "spec.draResources[].resourceClaimName", "pods.resourceClaims"),
    judged(claims, "spec.draResources[].resourceClaimTemplateName", "pods.resourceClaims"),
    left("spec.draResources[].claimCreationSpec", _CLAIMS, changes=True, by=claims),
    left("spec.draResources[].requests", "the container uses all that a claim has", by=claims),
    moved("spec.expose.service.type", "service.type", text),
    left("spec.expose.service.name", "the Service is called <name>-leader: point clients there", changes=True),
    judged(port, "spec.expose.service.port", "service.port ports.server", count, "the operator has one for both"),
    *(left(f"spec.expose.service.{name}", _TRITON) for name in ("grpcPort", "metricsPort")),
    moved("spec.expose.service.annotations", "service.annotations", texts),
    left("spec.expose.service.labels", "it has the labels by which the stack and its Pods are found, and no others"),
    judged(ingress, "spec.expose.ingress.enabled", "ingress.host"),
    judged(ingress, "spec.expose.ingress.annotations", "ingress.annotations", texts),
    judged(ingress, "spec.expose.ingress.spec", "ingress.host ingress.path ingress.className ingress.tlsSecret"),
    judged(
        router, "spec.expose.router.hostDomainName", "ingress.host httpRoute.hostnames", says="after name and namespace"
    ),
    judged(router, "spec.expose.router.annotations", "ingress.annotations httpRoute.annotations", texts),
    judged(router, "spec.expose.router.ingress.ingressClass", "ingress.className", text),
    judged(router, "spec.expose.router.ingress.tlsSecretName", "ingress.tlsSecret", text),
    *(judged(router, f"spec.expose.router.gateway.{name}", "httpRoute.parentRefs") for name in _GATEWAY),
    left("spec.expose.router.gateway.grpcRoutesEnabled", "NIM for language models has no gRPC API"),
    left("spec.expose.router.gateway.backendRef", "the route goes to the leaders", changes=True),
    left("spec.expose.router.eppConfig", "there is no endpoint picker; one Service is in front of all leaders"),
    *(
        left(f"spec.{probe}.{field}", _DEADLINES, changes=field == "probe", by=handlers)
        for probe, handlers in _PROBES
        for field in ("enabled", "probe")
    ),
    judged(autoscaling, "spec.scale.enabled", "autoscaling.maxReplicas", says="the operator refuses it across nodes"),
    left("spec.scale.annotations", "the autoscaler has none"),
    *(
        judged(autoscaling, f"spec.scale.hpa.{most}", f"autoscaling.{most}", count)
        for most in ("minReplicas", "maxReplicas")
    ),
    judged(autoscaling, "spec.scale.hpa.metrics", "autoscaling.metrics", metrics),
    judged(autoscaling, "spec.scale.hpa.behavior", "autoscaling.behavior"),
    moved("spec.schedulerName", "pods.schedulerName", text, "of all pods; the operator sets it on leaders alone"),
    judged(monitor, "spec.metrics.enabled", "podMonitor", says="a PodMonitor on the leaders"),
    judged(monitor, "spec.metrics.serviceMonitor.additionalLabels", "podMonitor.labels", texts),
    left("spec.metrics.serviceMonitor.annotations", "the PodMonitor has none"),
    judged(monitor, "spec.metrics.serviceMonitor.interval", "podMonitor.interval", text),
    left("spec.metrics.serviceMonitor.scrapeTimeout", "Prometheus' own default holds"),
    judged(autoscaling, "spec.replicas", "replicas", count, "left out with autoscaling, which then owns the number"),
    judged(owner, "spec.userID", "podSecurity.runAsUser", count, "1000 without it, as there"),
    judged(owner, "spec.groupID", "podSecurity.runAsGroup podSecurity.fsGroup", count, "2000 without it, as there"),
    moved("spec.runtimeClassName", "pods.runtimeClass", text, "the operator ignores it across nodes"),
    moved("spec.priorityClassName", "pods.priorityClass", text),
    *_PROXIES,
    left("spec.proxy.certConfigMap", _CERTIFICATES, changes=True),
    left("spec.multiNode.backendType", "it is always a LeaderWorkerSet"),
    judged(sizes, "spec.multiNode.parallelism.pipeline", "pipelineParallel nodes", count, "there it is the nodes too"),
    judged(
        (sizes, default_gpus),
        "spec.multiNode.parallelism.tensor",
        "tensorParallel gpusPerNode",
        count,
        "GPUs too without resources",
    ),
    left("spec.multiNode.mpi.mpiStartTimeout", "NIM 2.x joins nodes by Ray, with deadlines of its own", changes=True),
    moved("spec.multiNode.ray.rayPort", "ports.ray", count),
    judged(compute_domain, "spec.multiNode.computeDomain.create", "pods.computeDomain"),
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
        judged(hub, f"{base}.endpoint", "download.hubEndpoint", text, "left out when it is https://huggingface.co"),
        judged(hub, f"{base}.namespace", "model"),
        judged(hub, f"{base}.modelName", "model", says="hf://<namespace>/<modelName>[@<revision>]"),
        judged(hub, f"{base}.revision", "model"),
        left(f"{base}.datasetName", "a stack serves a model"),
        moved(f"{base}.authSecret", "secrets.hfTokenSecret", text),
        *(left(f"{base}.{name}", _PULLER) for name in ("modelPuller", "pullSecret")),
    )


CACHE_ROWS: tuple[Row, ...] = (
    judged(
        cache_storage, "metadata.name", "download.job", says="where profile says what a Job without GPUs is to download"
    ),
    left("metadata.namespace", "that of the NIMService"),
    judged(ngc, "spec.source.ngc.authSecret", "secrets.ngcApiSecret", text, "where the NIMService has none"),
    left("spec.source.ngc.modelPuller", _PULLER),
    judged(ngc, "spec.source.ngc.pullSecret", "secrets.imagePullSecrets", one_name),
    judged(ngc, "spec.source.ngc.modelEndpoint", "model", text),
    judged(
        ngc, "spec.source.ngc.model.profiles", "profile", says="the only one, where parallelism does not say the split"
    ),
    judged(ngc, "spec.source.ngc.model.precision", "precision"),
    left("spec.source.ngc.model.engine", "across nodes the container runs vLLM"),
    left("spec.source.ngc.model.tensorParallelism", _PUBLISHED),
    left("spec.source.ngc.model.qosProfile", "profiles of NIM 2.x have none"),
    judged(ngc, "spec.source.ngc.model.gpus[].product", "gpu", says="the only one, where the catalogue has it"),
    left("spec.source.ngc.model.gpus[].ids", "nodes are selected by the product's label", by=ngc),
    left("spec.source.ngc.model.lora", "profile names one with LoRA; adapters are passthroughArgs"),
    left("spec.source.ngc.model.buildable", "engines are built for TensorRT-LLM alone"),
    *_hub("hf"),
    *_hub("dataStore"),
    *_storage(cache_storage),
    *(left(f"spec.resources.{name}", _NO_NEED) for name in ("cpu", "memory")),
    *(left(f"spec.{name}", _JOB) for name in ("tolerations", "nodeSelector", "userID", "groupID")),
    *(left(f"spec.{name}", _NO_NEED) for name in ("runtimeClassName", "initContainers")),
    judged(variables, "spec.env", "env", says="pods and Job have the same variables"),
    *(left(f"spec.certConfig.{name}", _CERTIFICATES, changes=True) for name in ("name", "mountPath")),
    left("spec.proxy.certConfigMap", _CERTIFICATES, changes=True),
    *_PROXIES,
)

SERVICE_ORDER: tuple[Handler, ...] = (
    *(service_name, namespace, sizes, image, each, variables, proxy, resources, default_gpus),
    *(node_selector, pod_affinity, owner, containers, claims, compute_domain),
    *(port, ingress, router, autoscaling, monitor, startup),
)
CACHE_ORDER: tuple[Handler, ...] = (each, ngc, hub, variables, proxy)
"""After those of the service, so that the service decides where both say something."""
LAST: tuple[Handler, ...] = (profile, cache_storage, storage, read_only)
"""Handlers of both, whose decisions need the nodes, the replicas and the split."""
