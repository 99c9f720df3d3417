"""Every name, label, annotation and port, once.

The names of things that people, DNS or other tools use are fixed; they are derived from the deployment's one name.
"""

from typing import Final

PROJECT: Final = "nim-stack"
"""Name of the Pulumi project, of the command, and value of the label that tells the objects of this project."""
MAX_NAME: Final = 40
"""LWS appends group and worker ordinals and StatefulSets a revision hash to the name; its documentation allows 51
characters less those digits and its webhook does not check (LWS troubleshooting page, section 3)."""

LWS_GROUP: Final = "leaderworkerset.x-k8s.io"
LWS_CRD: Final = f"leaderworkersets.{LWS_GROUP}"
LWS_NAMESPACE: Final = "lws-system"
LWS_NAME_LABEL: Final = "leaderworkerset.sigs.k8s.io/name"
LWS_GROUP_INDEX_LABEL: Final = "leaderworkerset.sigs.k8s.io/group-index"
LWS_GROUP_KEY_LABEL: Final = "leaderworkerset.sigs.k8s.io/group-key"
LWS_WORKER_INDEX_LABEL: Final = "leaderworkerset.sigs.k8s.io/worker-index"
LWS_PREFIX: Final = "leaderworkerset.sigs.k8s.io/"
EXCLUSIVE_TOPOLOGY: Final = "leaderworkerset.sigs.k8s.io/exclusive-topology"
GATEWAY_GROUP: Final = "gateway.networking.k8s.io"
MONITORING_GROUP: Final = "monitoring.coreos.com"
KARPENTER_GROUP: Final = "karpenter.sh"
INSTANCE_LABEL: Final = "app.kubernetes.io/instance"
PART_OF_LABEL: Final = "app.kubernetes.io/part-of"
COMPONENT_LABEL: Final = "app.kubernetes.io/component"
JOB_NAME_LABEL: Final = "batch.kubernetes.io/job-name"
HOSTNAME_LABEL: Final = "kubernetes.io/hostname"
CLIQUE_LABEL: Final = "nvidia.com/gpu.clique"
"""Nodes whose GPUs reach each other by NVLink have the same value (GPU feature discovery)."""
KUEUE_QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"
KAI_QUEUE_LABEL: Final = "kai.scheduler/queue"
VOLCANO_QUEUE: Final = "scheduling.volcano.sh/queue-name"
COMPUTE_DOMAIN_API: Final = "resource.nvidia.com/v1beta1"
POD_SECURITY_LABEL: Final = "pod-security.kubernetes.io/enforce"
GPU_RESOURCE: Final = "nvidia.com/gpu"
GPU_PRODUCT_LABEL: Final = f"{GPU_RESOURCE}.product"
"""Value of a node: the type of its GPUs (GPU feature discovery)."""

WAIT_FOR: Final = "pulumi.com/waitFor"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
PATCH_FORCE: Final = "pulumi.com/patchForce"
REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
KEYS_DIGEST: Final = "nim-stack/keys-digest"
"""Annotation of pods that changes with the keys."""

SERVER_PORT: Final = 8000
RAY_PORT: Final = 6379
SERVICE_PORT: Final = 8000
HTTP: Final = "http"
"""Name of the container's API port: the Service and the probes find the port by it."""

HEALTH: Final = "health"
"""Name of the port on which the supervisor answers the probes, also while the engine is being restarted."""

HEALTH_READY: Final = "/v1/health/ready"
HEALTH_LIVE: Final = "/v1/health/live"
METRICS: Final = "/v1/metrics"
API: Final = "/v1"

CACHE_MOUNT: Final = "/model-store"
"""Where both of NVIDIA's own deployers mount the cache (nim-llm chart, NIM Operator)."""
SHM_MOUNT: Final = "/dev/shm"

MODEL_CONTAINER: Final = "nim"
WAIT_CONTAINER: Final = "wait-for-leader"
CACHE_VOLUME: Final = "model-cache"
CACHE_COMPONENT: Final = "model-cache"
"""Value of the component label of a claim for the weights."""
SHM_VOLUME: Final = "dshm"
COMPUTE_DOMAIN_CLAIM: Final = "compute-domain"

NGC_REGISTRY: Final = "nvcr.io"
NGC_KEY: Final = "NGC_API_KEY"
HF_KEY: Final = "HF_TOKEN"


def leader_service(name: str) -> str:
    """Service in front of the leaders. Never the name of the LWS: its controller makes a headless Service of that name
    only if there is none, and without it workers never find their leader (ai-dynamo/dynamo#9612)."""
    return f"{name}-leader"


def compute_domain(name: str) -> str:
    """ComputeDomain of NVIDIA's DRA driver, for NVLink between nodes."""
    return f"{name}-nvlink"


def compute_domain_claims(name: str) -> str:
    """ResourceClaimTemplate that the driver makes for the domain."""
    return f"{name}-nvlink-channel"


def service_port(port: int) -> str:
    """The name of the Service's port with this number: `http` for the default, and `http-<number>` for every other.

    Two ports of a Service cannot have the same name. When the number changes, a preview applies the new port while the
    old port is still there, since that belongs to the field manager which made the Service. Service meshes take the
    protocol from the prefix `http-`.
    """
    return HTTP if port == SERVICE_PORT else f"{HTTP}-{port}"


def download_policy(name: str) -> str:
    """NetworkPolicy of the pods of the download Job."""
    return f"{name}-download"


def group_pods(name: str) -> dict[str, str]:
    """Labels of the pods of all groups, by LWS."""
    return {LWS_NAME_LABEL: name}


def leader_pods(name: str) -> dict[str, str]:
    """Labels of the leaders of all groups, by LWS."""
    return {LWS_NAME_LABEL: name, LWS_WORKER_INDEX_LABEL: "0"}


def cache_claim(name: str) -> str:
    """PersistentVolumeClaim that the stack makes for the weights."""
    return f"{name}-model-cache"


def api_secret(name: str) -> str:
    """Secret with the NGC API key, for downloads."""
    return f"{name}-ngc-api"


def pull_secret(name: str) -> str:
    """Secret with which the kubelet pulls images of NVIDIA's registry."""
    return f"{name}-ngc-pull"


def hf_secret(name: str) -> str:
    """Secret with the token of the Hugging Face hub."""
    return f"{name}-hf-token"


def download_job(name: str, digest: str) -> str:
    """Job that fills the shared cache; the digest is that of its pod template, which a Job cannot change."""
    return f"{name}-download-{digest}"


def endpoint(name: str, namespace: str, port: int = SERVICE_PORT) -> str:
    """Base URL of a deployment's OpenAI API inside the cluster."""
    return service_url(leader_service(name), namespace, port)


def service_url(service: str, namespace: str, port: int) -> str:
    """Base URL of the OpenAI API behind a Service, whatever the cluster's domain is."""
    return f"http://{service}.{namespace}.svc:{port}{API}"


def labels(name: str, component: str | None = None) -> dict[str, str]:
    """The labels that Kubernetes recommends for all objects; `component` says what the object is for."""
    common = {
        "app.kubernetes.io/name": "nim",
        INSTANCE_LABEL: name,
        PART_OF_LABEL: PROJECT,
        "app.kubernetes.io/managed-by": "pulumi",
    }
    return common | ({COMPONENT_LABEL: component} if component else {})
