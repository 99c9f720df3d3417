"""Settings of everything but access and scale, one variant a name: together with tests/matrix_access.py and the pods of
tests/matrix_pods.py every setting is in some variant, with another value than its default."""

from typing import Any

from tests.matrix_access import TINY
from tests.matrix_pods import pods_matrix

NIM = "nvcr.io/nim/nvidia/model-free-nim:2.0.2"
NFS = {"server": "nfs.example", "path": "/exports/models"}
WEB: dict[str, dict[str, Any]] = {
    "ingress": {"host": "chat.example.com"},
    "httpRoute": {"parentRefs": [{"name": "gateway"}]},
}

NO_OBJECT: dict[str, str] = {
    "cluster.kubeconfig": "it is the provider's",
    "cluster.context": "it is the provider's",
    "cluster.kubernetesVersion": "rules judge by it",
    "cluster.gpuNodes": "rules judge by it",
    "lws.mode": "objects of LWS have a release of their own",
    "lws.manifest": "objects of LWS have a release of their own",
    "lws.sha256": "objects of LWS have a release of their own",
    "lws.retain": "objects of LWS have a release of their own",
    "lws.version": "rules judge by it",
    "timeouts.upMinutes": "Pulumi waits by it",
    "secrets.restartOnRotation": "the digest that it adds is of keys, which the manifests are made without",
    "ingress.scheme": "the output `url` has it",
    "httpRoute.scheme": "the output `url` has it",
}
"""Settings that change no object, and why."""
ONE_VALUE = {"rollout.startupPolicy": "LeaderReady"}
"""Settings of which all but the default is refused, with what is."""
OF_THE_CATALOGUE = "catalog."
"""Entries of a stack's own have the form of the shipped ones, which the examples use; `own-catalog` brings one of each,
with what reaches objects."""


def settings_matrix() -> dict[str, dict[str, Any]]:
    """Variants by name, each a whole mapping of settings that is accepted without errors when both keys are there."""
    variants = _models() | _engines() | _stores() | _downloads() | _around() | pods_matrix()
    return {name: TINY | settings for name, settings in variants.items()}


def no_object() -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings without and with all of NO_OBJECT."""
    said = {
        "cluster": {"kubeconfig": "~/.kube/other", "context": "other", "kubernetesVersion": "1.33", "gpuNodes": 9},
        "lws": {"mode": "install", "manifest": "lws.yaml", "sha256": "0" * 64, "retain": True, "version": "0.9.0"},
        "timeouts": {"upMinutes": 600},
        "secrets": {"restartOnRotation": True},
        "ingress": WEB["ingress"] | {"scheme": "https"},
        "httpRoute": WEB["httpRoute"] | {"scheme": "http"},
    }
    return TINY | WEB, TINY | WEB | said


def _models() -> dict[str, dict[str, Any]]:
    large = {"model": "llama-3.1-405b-instruct", "gpu": "h100", "gpusPerNode": 8, "image": NIM}
    return {
        "split": large | {"tensorParallel": 16, "pipelineParallel": 1, "precision": "bf16", "fabric": "rdma-shared"},
        "profile-hash": large | {"profile": "0123456789abcdef" * 4, "nodeSelector": {"example.com/pool": "large"}},
        "from-ngc": {"model": "ngc://org/team/model:1.0", "image": NIM},
        "from-s3": {"model": "s3://bucket/model", "image": NIM, "env": [_secret("AWS_ACCESS_KEY_ID")]},
        "from-gs": {"model": "gs://bucket/model", "image": NIM, "pods": {"serviceAccount": "reader"}},
        "at-a-path": {"model": "/model-store/own", "storage": {"existingClaim": "weights"}},
        "one-node": {"nodes": 1, "storage": {"storageClass": "disk", "accessMode": "ReadWriteOnce"}},
        "no-group": {"replicas": 0},
        "own-catalog": {"model": "own", "gpu": "own", "fabric": "own", "gpusPerNode": 4, "catalog": _catalog()},
    }


def _engines() -> dict[str, dict[str, Any]]:
    return {
        "names": {"name": "a" * 40, "namespace": "b" * 63, "createNamespace": False, "podMonitor": {}, **WEB}
        | {"networkPolicy": {}, "download": {"job": True}, "disruptionBudget": {"maxUnavailable": 1}},
        "image": {"image": f"registry.example:5000/a/open-nim@sha256:{'0' * 64}", "imagePullPolicy": "Always"},
        "engine": {
            "servedModelName": "Org/Name of it",
            "maxModelLen": 4096,
            "passthroughArgs": ["--enable-prefix-caching", '--override-generation-config={"temperature": 0.5}'],
            "logLevel": "DEBUG",
            "wait": False,
            "smoke": False,
        },
        "env": {
            "env": [
                {"name": "NCCL_DEBUG", "value": "INFO"},
                {"name": "EMPTY", "value": ""},
                _secret("OF_A_SECRET"),
                _of("OF_A_CONFIG_MAP", configMapKeyRef={"name": "config", "key": "key", "optional": True}),
                _of("OF_THE_POD", fieldRef={"fieldPath": "status.hostIP"}),
                _of("OF_A_LABEL", fieldRef={"fieldPath": "metadata.labels['app.kubernetes.io/name']"}),
                _of("OF_RESOURCES", resourceFieldRef={"resource": "requests.memory", "divisor": "1Mi"}),
            ]
        },
    }


def _stores() -> dict[str, dict[str, Any]]:
    claim = {"storageClass": "shared", "size": "1.5Ti", "retain": False, "annotations": {"example.com/tier": "hot"}}
    stores: dict[str, dict[str, Any]] = {
        "claim": claim,
        "existing-claim": {"existingClaim": "weights", "subPath": "llama/8b", "readOnlyWorkers": True},
        "nfs": {"nfs": NFS},
        "host-path": {"hostPath": {"path": "/var/models"}},
        "host-path-shared": {"hostPath": {"path": "/mnt/lustre/models", "shared": True}},
        "per-pod": {"perPod": {}},
        "per-pod-sized": {"perPod": {"size": "20Gi"}},
        "per-pod-claim": {"perPod": {"storageClass": "disk", "size": "20Gi"}},
    }
    return {f"storage-{name}": {"storage": storage} for name, storage in stores.items()}


def _downloads() -> dict[str, dict[str, Any]]:
    of_pods = {"tolerations": [{"operator": "Exists"}], "serviceAccount": "reader", "volumes": [_config("ca")]}
    mount = {"volumeMounts": [{"name": "ca", "mountPath": "/etc/ca", "readOnly": True}]}
    return {
        "download-job": {
            "storage": {"nfs": NFS, "subPath": "a/b", "readOnly": True},
            "download": {"job": True, "retries": 7, "hubEndpoint": "https://hub.example"},
            "nodeSelector": {"example.com/zone": "a"},
            "pods": of_pods | mount | {"containerSecurityContext": {"readOnlyRootFilesystem": True}},
        },
        "download-job-host-path": {
            "storage": {"hostPath": {"path": "/mnt/models", "shared": True}},
            "download": {"job": True},
        },
        "download-job-of-cluster-ids": {"download": {"job": True}, "podSecurity": {"assignedByCluster": True}},
        "download-disabled": {"storage": {"existingClaim": "full"}, "download": {"disabled": True}},
        "download-mirror": {
            "model": "ngc://org/model:1",
            "image": NIM,
            "download": {"repositoryOverride": "https://mirror.example/nim"},
        },
    }


def _around() -> dict[str, dict[str, Any]]:
    api, hub = {"name": "ngc.of-vault", "key": "api.key"}, {"name": "hub", "key": "token"}
    return {
        "secrets": {"secrets": {"ngcApiSecret": api, "hfTokenSecret": hub, "imagePullSecrets": ["pull", "pull-2"]}},
        "secrets-by-name": {"secrets": {"ngcApiSecret": "ngc", "hfTokenSecret": "hub"}},
        "ports": {"ports": {"server": 9000, "ray": 6380, "heartbeat": 7000, "health": 7001}},
        "ports-below-1024": {"ports": {"server": 80, "ray": 90}},
        "healing": {
            "healing": {"tries": 0, "windowSeconds": 300, "rejoinSeconds": 60, "stallSeconds": 0, "waitForLeader": True}
        },
        "healing-without-supervisor": {
            "image": NIM,
            "healing": {"supervisor": False, "rayCheck": True, "waitForLeader": False},
        },
        "timeouts": {"timeouts": {"imagePullMinutes": 90, "downloadMinutes": 300, "loadMinutes": 120}},
        "rollout": {"replicas": 2, "rollout": {"maxSurge": 2, "maxUnavailable": 0}},
    }


def _catalog() -> dict[str, Any]:
    sources = ["https://example.com"]
    architecture = {"layers": 4, "hidden": 256, "attentionHeads": 8, "kvHeads": 8, "headDim": 32}
    return {
        "models": [
            {
                "name": "own",
                "servedName": "own/model",
                "architecture": architecture | {"vocabulary": 1000, "contextLength": 2048},
                "checkpoints": [{"precision": "bf16", "huggingface": "own/model", "filesGb": 3, "source": "measured"}],
                "sources": sources,
            }
        ],
        "gpus": [
            {"name": "own", "productLabel": "NVIDIA-OWN-80GB", "memoryGib": 79, "native": ["bf16"], "sources": sources}
        ],
        "fabrics": [
            {
                "name": "own",
                "description": "Own",
                "rdma": True,
                "gigabits": 400,
                "resources": {"example.com/nic": "8", "hugepages-2Mi": "2Gi"},
                "annotations": {"k8s.v1.cni.cncf.io/networks": "net-a,net-b"},
                "capabilities": ["IPC_LOCK", "NET_RAW"],
                "env": [{"name": "NCCL_IB_HCA", "value": "=mlx5_0"}],
                "sources": sources,
            }
        ],
    }


def _config(name: str) -> dict[str, Any]:
    return {"name": name, "configMap": {"name": name, "items": [{"key": "a", "path": "b", "mode": 256}]}}


def _secret(name: str) -> dict[str, Any]:
    return _of(name, secretKeyRef={"name": "credentials", "key": "key"})


def _of(name: str, **source: Any) -> dict[str, Any]:
    return {"name": name, "valueFrom": source}
