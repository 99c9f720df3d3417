"""The settings of a stack as TypedDicts, for type checkers and editors.

`make docs` writes this file from the classes of the settings, and a test compares both; nobody edits it. Fields of
Kubernetes' own are mappings here: a preview judges what is in them. docs/settings.md describes each setting.
"""
# fmt: off
# ruff: noqa: E501

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict


class EnvVarDict(TypedDict):
    """One environment variable of a container: its name, and its value or where the value comes from."""
    name: str
    value: NotRequired[str]
    valueFrom: NotRequired[Mapping[str, Any]]

class NfsDict(TypedDict):
    """A directory of an NFS server, mounted by the kubelet without a claim. Namespaces at the Pod Security level `restricted` allow it by claims alone."""
    server: str
    path: str

class HostPathDict(TypedDict):
    """A directory of each node, which exists there and can be written by nim.podSecurity.runAsUser or its group."""
    path: str
    shared: NotRequired[bool]

class PerPodDict(TypedDict):
    """Storage of each pod's own: every pod downloads the model at every start."""
    storageClass: NotRequired[str]
    size: NotRequired[str]

class StorageDict(TypedDict):
    """The model cache: a new claim of a class, or one of existingClaim, nfs, hostPath and perPod."""
    storageClass: NotRequired[str]
    existingClaim: NotRequired[str]
    nfs: NotRequired[NfsDict]
    hostPath: NotRequired[HostPathDict]
    perPod: NotRequired[PerPodDict]
    size: NotRequired[str]
    accessMode: NotRequired[Literal["ReadWriteMany", "ReadWriteOnce"]]
    retain: NotRequired[bool]
    annotations: NotRequired[Mapping[str, str]]
    subPath: NotRequired[str]
    readOnlyWorkers: NotRequired[bool]
    readOnly: NotRequired[bool]

class DownloadDict(TypedDict):
    """How the model comes into the cache."""
    job: NotRequired[bool]
    disabled: NotRequired[bool]
    repositoryOverride: NotRequired[str]
    hubEndpoint: NotRequired[str]
    retries: NotRequired[int]

class LwsDict(TypedDict):
    """The LeaderWorkerSet controller. Exactly one stack of a cluster installs it, the others find it there."""
    mode: NotRequired[Literal["install", "existing"]]
    manifest: NotRequired[str]
    sha256: NotRequired[str]
    retain: NotRequired[bool]
    version: NotRequired[str]

class SecretKeyDict(TypedDict):
    """One key of a Secret that something else makes: a person, External Secrets, Vault."""
    name: str
    key: str

class SecretNamesDict(TypedDict):
    """Secrets that exist in the namespace already; without them the stack makes its own from `ngcApiKey`/`hfToken`."""
    ngcApiSecret: NotRequired[str | SecretKeyDict]
    imagePullSecrets: NotRequired[list[str]]
    hfTokenSecret: NotRequired[str | SecretKeyDict]
    restartOnRotation: NotRequired[bool]

class PortsDict(TypedDict):
    """The ports on which the programs inside the pods listen."""
    server: NotRequired[int]
    ray: NotRequired[int]
    heartbeat: NotRequired[int]
    health: NotRequired[int]

class ResourcesDict(TypedDict):
    """What each pod asks for beside its GPUs."""
    cpu: NotRequired[str]
    memory: NotRequired[str]
    shm: NotRequired[str]
    ephemeralStorage: NotRequired[str]
    extended: NotRequired[Mapping[str, str]]

class PodSecurityDict(TypedDict):
    """The identity of the processes; the defaults are those of the NIM image."""
    runAsUser: NotRequired[int]
    runAsGroup: NotRequired[int]
    fsGroup: NotRequired[int]
    assignedByCluster: NotRequired[bool]
    supplementalGroups: NotRequired[list[int]]

class QueueDict(TypedDict):
    """The queue of a scheduler that admits a group as a whole or not at all."""
    kind: Literal["kueue", "kai", "volcano"]
    name: str

class ComputeDomainDict(TypedDict):
    """A NVLink domain over several nodes (NVIDIA DRA driver): made by the stack, or an existing claim template."""
    resourceClaimTemplate: NotRequired[str]

class RolePodsDict(TypedDict):
    """Fields of the pods of one role, beside or over those of both."""
    labels: NotRequired[Mapping[str, str]]
    annotations: NotRequired[Mapping[str, str]]
    tolerations: NotRequired[list[Mapping[str, Any]]]
    affinity: NotRequired[Mapping[str, Any]]
    topologySpreadConstraints: NotRequired[list[Mapping[str, Any]]]
    volumes: NotRequired[list[Mapping[str, Any]]]
    volumeMounts: NotRequired[list[Mapping[str, Any]]]
    initContainers: NotRequired[list[Mapping[str, Any]]]
    sidecars: NotRequired[list[Mapping[str, Any]]]
    patch: NotRequired[Mapping[str, Any]]
    env: NotRequired[list[EnvVarDict]]
    nodeSelector: NotRequired[Mapping[str, str]]
    resources: NotRequired[ResourcesDict]

class PodsDict(TypedDict):
    """Fields of the pods of both roles."""
    labels: NotRequired[Mapping[str, str]]
    annotations: NotRequired[Mapping[str, str]]
    tolerations: NotRequired[list[Mapping[str, Any]]]
    affinity: NotRequired[Mapping[str, Any]]
    topologySpreadConstraints: NotRequired[list[Mapping[str, Any]]]
    volumes: NotRequired[list[Mapping[str, Any]]]
    volumeMounts: NotRequired[list[Mapping[str, Any]]]
    initContainers: NotRequired[list[Mapping[str, Any]]]
    sidecars: NotRequired[list[Mapping[str, Any]]]
    patch: NotRequired[Mapping[str, Any]]
    exclusiveTopology: NotRequired[str]
    schedulerName: NotRequired[str]
    queue: NotRequired[QueueDict]
    priorityClass: NotRequired[str]
    runtimeClass: NotRequired[str]
    serviceAccount: NotRequired[str]
    hostNetwork: NotRequired[bool]
    resourceClaims: NotRequired[list[Mapping[str, Any]]]
    computeDomain: NotRequired[ComputeDomainDict]
    securityContext: NotRequired[Mapping[str, Any]]
    containerSecurityContext: NotRequired[Mapping[str, Any]]
    terminationGracePeriodSeconds: NotRequired[int]
    leader: NotRequired[RolePodsDict]
    worker: NotRequired[RolePodsDict]

class ServiceDict(TypedDict):
    """The Service in front of the leaders."""
    type: NotRequired[Literal["ClusterIP", "NodePort", "LoadBalancer"]]
    port: NotRequired[int]
    nodePort: NotRequired[int]
    annotations: NotRequired[Mapping[str, str]]
    loadBalancerClass: NotRequired[str]
    loadBalancerSourceRanges: NotRequired[list[str]]

class IngressDict(TypedDict):
    """An Ingress to the leader Service."""
    host: str
    path: NotRequired[str]
    className: NotRequired[str]
    tlsSecret: NotRequired[str]
    scheme: NotRequired[Literal["http", "https"]]
    annotations: NotRequired[Mapping[str, str]]

class ParentRefDict(TypedDict):
    """A Gateway, or one of its listeners."""
    name: str
    namespace: NotRequired[str]
    sectionName: NotRequired[str]

class HttpRouteDict(TypedDict):
    """A Gateway API HTTPRoute to the leader Service."""
    parentRefs: list[ParentRefDict]
    hostnames: NotRequired[list[str]]
    path: NotRequired[str]
    requestTimeout: NotRequired[str]
    scheme: NotRequired[Literal["http", "https"]]
    annotations: NotRequired[Mapping[str, str]]

class NetworkPolicyDict(TypedDict):
    """Everything inside the deployment, the API port from named clients, DNS and the download; nothing else."""
    clients: NotRequired[list[Mapping[str, Any]]]
    egress: NotRequired[list[Mapping[str, Any]]]
    download: NotRequired[list[Mapping[str, Any]]]

class PodMonitorDict(TypedDict):
    """A PodMonitor (Prometheus Operator) on the leaders' /v1/metrics."""
    interval: NotRequired[str]
    labels: NotRequired[Mapping[str, str]]

class AutoscalingDict(TypedDict):
    """A HorizontalPodAutoscaler on the LeaderWorkerSet, which then owns the number of groups."""
    minReplicas: NotRequired[int]
    maxReplicas: int
    metrics: list[Mapping[str, Any]]
    behavior: NotRequired[Mapping[str, Any]]

class DisruptionBudgetDict(TypedDict):
    """A PodDisruptionBudget over the pods of all groups: an eviction of one pod takes its whole group down."""
    maxUnavailable: NotRequired[int]
    minAvailable: NotRequired[int]

class HealingDict(TypedDict):
    """The supervisor of the open image, and what can be done without one."""
    supervisor: NotRequired[bool]
    tries: NotRequired[int]
    windowSeconds: NotRequired[int]
    rejoinSeconds: NotRequired[int]
    stallSeconds: NotRequired[int]
    waitForLeader: NotRequired[bool]
    rayCheck: NotRequired[bool]

class TimeoutsDict(TypedDict):
    """Phases of a start, where the computed time does not fit this cluster. All others are derived from them."""
    imagePullMinutes: NotRequired[int]
    downloadMinutes: NotRequired[int]
    loadMinutes: NotRequired[int]
    upMinutes: NotRequired[int]

class ClusterDict(TypedDict):
    """Which cluster, and what is known of it; without a kubeconfig KUBECONFIG decides."""
    kubeconfig: NotRequired[str]
    context: NotRequired[str]
    kubernetesVersion: NotRequired[str]
    gpuNodes: NotRequired[int]

class RolloutDict(TypedDict):
    """How an update replaces groups."""
    maxSurge: NotRequired[int]
    maxUnavailable: NotRequired[int]
    partition: NotRequired[int]
    startupPolicy: NotRequired[Literal["LeaderCreated", "LeaderReady"]]

class LatentDict(TypedDict):
    """Multi-head latent attention (MLA): one compressed vector for all heads, which tensor parallel cannot split."""
    rank: int
    rope: int

class ExpertsDict(TypedDict):
    """Mixture of experts (MoE): the part of the layers that holds most of the weights."""
    count: int
    active: int
    intermediate: int
    denseLayers: NotRequired[int]
    every: NotRequired[int]

class ArchitectureDict(TypedDict):
    """The numbers of config.json that decide how a model can be split and what it takes."""
    layers: int
    hidden: int
    attentionHeads: int
    kvHeads: NotRequired[int]
    headDim: NotRequired[int]
    latent: NotRequired[LatentDict]
    indexDim: NotRequired[int]
    attentionLayers: NotRequired[int]
    experts: NotRequired[ExpertsDict]
    vocabulary: int
    contextLength: int
    tiedEmbeddings: NotRequired[bool]

class CheckpointDict(TypedDict):
    """The model in one precision, as it is published."""
    precision: Literal["bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "nvfp4"]
    huggingface: str
    filesGb: float
    unusedGb: NotRequired[float]
    scaleBlock: NotRequired[int]
    gated: NotRequired[bool]
    source: str

class ModelSpecDict(TypedDict):
    """One model: its architecture, where it comes from and what it takes."""
    name: str
    servedName: str
    nimImage: NotRequired[str]
    architecture: ArchitectureDict
    checkpoints: list[CheckpointDict]
    pipelineParallel: NotRequired[bool]
    sources: list[str]

class GpuSpecDict(TypedDict):
    """One GPU type, and the node label by which to find it."""
    name: str
    productLabel: str
    memoryGib: float
    perNode: NotRequired[int]
    nvlink: NotRequired[bool]
    native: list[Literal["bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "nvfp4"]]
    weightOnly: NotRequired[list[Literal["bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "nvfp4"]]]
    blockFp8: NotRequired[bool]
    maxSequences: NotRequired[int]
    sources: list[str]

class FabricSpecDict(TypedDict):
    """The network between the nodes of a group, and what pods need in order to use it."""
    name: str
    description: str
    rdma: bool
    nvlink: NotRequired[bool]
    gigabits: float
    resources: NotRequired[Mapping[str, str]]
    annotations: NotRequired[Mapping[str, str]]
    capabilities: NotRequired[list[str]]
    env: NotRequired[list[EnvVarDict]]
    minKubernetes: NotRequired[str]
    sources: list[str]

class OwnCatalogDict(TypedDict):
    """Entries that the shipped catalogue does not have, in the form of its files."""
    models: NotRequired[list[ModelSpecDict]]
    gpus: NotRequired[list[GpuSpecDict]]
    fabrics: NotRequired[list[FabricSpecDict]]

class StackSettingsDict(TypedDict):
    """One model, served by groups of nodes."""
    model: str
    nodes: NotRequired[int]
    gpusPerNode: NotRequired[int]
    tensorParallel: NotRequired[int]
    pipelineParallel: NotRequired[int]
    profile: NotRequired[str]
    precision: NotRequired[Literal["bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "nvfp4"]]
    replicas: NotRequired[int]
    gpu: NotRequired[str]
    fabric: NotRequired[str]
    nodeSelector: NotRequired[Mapping[str, str]]
    name: NotRequired[str]
    namespace: NotRequired[str]
    createNamespace: NotRequired[bool]
    image: NotRequired[str]
    imagePullPolicy: NotRequired[Literal["IfNotPresent", "Always", "Never"]]
    servedModelName: NotRequired[str]
    maxModelLen: NotRequired[int]
    passthroughArgs: NotRequired[list[str]]
    env: NotRequired[list[EnvVarDict]]
    logLevel: NotRequired[Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]]
    storage: NotRequired[StorageDict]
    download: NotRequired[DownloadDict]
    lws: NotRequired[Literal["install", "existing"] | LwsDict]
    secrets: NotRequired[SecretNamesDict]
    ports: NotRequired[PortsDict]
    resources: NotRequired[ResourcesDict]
    podSecurity: NotRequired[PodSecurityDict]
    pods: NotRequired[PodsDict]
    service: NotRequired[ServiceDict]
    ingress: NotRequired[IngressDict]
    httpRoute: NotRequired[HttpRouteDict]
    networkPolicy: NotRequired[NetworkPolicyDict]
    podMonitor: NotRequired[PodMonitorDict]
    autoscaling: NotRequired[AutoscalingDict]
    disruptionBudget: NotRequired[DisruptionBudgetDict]
    healing: NotRequired[HealingDict]
    timeouts: NotRequired[TimeoutsDict]
    cluster: NotRequired[ClusterDict]
    rollout: NotRequired[RolloutDict]
    catalog: NotRequired[OwnCatalogDict]
    wait: NotRequired[bool]
    smoke: NotRequired[bool]
