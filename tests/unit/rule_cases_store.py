"""Settings that break a rule on the model's source, its storage, its download or its keys, and the message."""

from typing import Any

from tests.unit.conftest import TINY
from tests.unit.rule_cases_model import LICENSED, Cases

NFS = {"nfs": {"server": "nfs.example", "path": "/models"}}
FREE = {"image": "nvcr.io/nim/nvidia/model-free-nim:2.0.2"}
AWS = [{"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "aws", "key": "id"}}}]
WEIGHTS = [{"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}}]


def tiny(**changes: Any) -> dict[str, Any]:
    return TINY | changes


METRIC = {"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "4"}}}
SCALED = {"minReplicas": 3, "maxReplicas": 6, "metrics": [METRIC]}

ERRORS: Cases = [
    (
        "NIM003",
        tiny(storage=NFS | {"subPath": "a/../b"}),
        "nim.storage.subPath = 'a/../b': it leaves the storage, which ",
    ),
    (
        "NIM003",
        tiny(storage={"hostPath": {"path": "/a/../b"}}),
        "nim.storage.hostPath.path = '/a/../b': it has .. in it, which Kubernetes refuses. Existing directory on the",
    ),
    (
        "NIM003",
        tiny(storage={"existingClaim": "a..b"}),
        "nim.storage.existingClaim = 'a..b': it is not written in a form that works. Name of a ReadWriteMany claim",
    ),
    ("NIM003", tiny(storage={"nfs": {"server": "a/b", "path": "/"}}), "nim.storage.nfs.server = 'a/b': it is not writ"),
    (
        "NIM064",
        LICENSED | {"precision": "bf16", "storage": {"perPod": {"size": "1Gi"}}},
        "nim.storage.perPod.size = '1Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB. Use at least 756Gi",
    ),
    (
        "NIM068",
        tiny(storage=NFS | {"readOnly": True}),
        "nim.storage.readOnly = True: the model could not be written into the cache. Set download.job, which fills it ",
    ),
    (
        "NIM075",
        tiny(secrets={"hfTokenSecret": "hub", "restartOnRotation": True}),
        "nim.secrets.restartOnRotation = True: nim.secrets.hfTokenSecret is made elsewhere, so that changes are not se",
    ),
    (
        "NIM076",
        tiny(storage=NFS, download={"job": True, "disabled": True}),
        "nim.download.job = True: download.disabled says that the cache is full already. Leave one of the two out.",
    ),
    (
        "NIM077",
        tiny(storage={"perPod": {}}, download={"disabled": True}),
        "nim.download.disabled = True: storage.perPod begins empty in every pod. Use storage.existingClaim, nfs or hos",
    ),
    (
        "NIM068",
        tiny(storage={"perPod": {}, "readOnlyWorkers": True}),
        "nim.storage.readOnlyWorkers = True: each worker downloads into storage of its own. Leave it out, or use stora",
    ),
    (
        "NIM078",
        tiny(storage={"hostPath": {"path": "/var/models"}}, download={"job": True}),
        "nim.download.job = True: with storage.hostPath no pod sees what a Job downloads. Use a claim, nfs or a hostPa",
    ),
    (
        "NIM079",
        LICENSED | {"download": {"job": True}},
        "nim.download.job = True: nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 chooses what to download by its GPUs,",
    ),
    (
        "NIM079",
        LICENSED | {"download": {"job": True}, "image": "mirror.example/nim/llama-3.1-405b-instruct:2.0.4"},
        "nim.download.job = True: mirror.example/nim/llama-3.1-405b-instruct:2.0.4 chooses what to download by its GPU",
    ),
    (
        "NIM101",
        tiny(env=[{"name": "HF_ENDPOINT", "value": "http://hub"}]),
        "nim.env.0.name = 'HF_ENDPOINT': the stack sets this variable itself. Use nim.download.hubEndpoint.",
    ),
    (
        "NIM130",
        tiny(model="/model-store/own", storage={"perPod": {}}),
        "nim.model = '/model-store/own': /model-store is storage.perPod, which begins empty in every pod. Use storage.",
    ),
    (
        "NIM133",
        tiny(env=[{"name": "AWS_SECRET_ACCESS_KEY", "value": "in-clear"}]),
        "nim.env.0.value: AWS_SECRET_ACCESS_KEY: a key would stand in the stack file, the state and the pod in clear. ",
    ),
    (
        "NIM134",
        tiny(model="/model-store/own", storage=NFS, download={"job": True}),
        "nim.download.job = True: the model is read from /model-store/own. Leave it out.",
    ),
    (
        "NIM137",
        LICENSED | {"precision": "bf16", "storage": {"perPod": {}}, "resources": {"ephemeralStorage": "100Gi"}},
        "nim.resources.ephemeralStorage = '100Gi': the model takes 812 GB in each pod's emptyDir, which counts against",
    ),
]

WARNINGS: Cases = [
    (
        "NIM066",
        tiny(storage=NFS | {"size": "1Ti"}),
        "nim.storage.size = '1Ti': no claim is made. Leave it out.",
    ),
    (
        "NIM066",
        tiny(storage=NFS | {"accessMode": "ReadWriteMany"}),
        "nim.storage.accessMode = 'ReadWriteMany': no claim is made. Leave it out.",
    ),
    (
        "NIM066",
        LICENSED | {"precision": "bf16", "download": {"hubEndpoint": "http://hub.example"}},
        "nim.download.hubEndpoint = 'http://hub.example': the model does not come from the hub. Leave it out.",
    ),
    (
        "NIM066",
        tiny(download={"retries": 0}),
        "nim.download.retries = 0: they are those of download.job. Leave it out.",
    ),
    (
        "NIM067",
        LICENSED | {"precision": "bf16", "storage": {"perPod": {}}, "replicas": 2},
        "nim.storage.perPod: 4 pods × 812 GB = 3247 GB are downloaded at every start, instead of 812 once. Use storage",
    ),
    (
        "NIM067",
        LICENSED | {"precision": "bf16", "storage": {"perPod": {}}, "autoscaling": SCALED},
        "nim.storage.perPod: 6 to 12 pods × 812 GB = 4870 to 9740 GB are downloaded at every start, instead of 812 "
        "once. Use storage that all nodes mount, unless that is meant.",
    ),
    (
        "NIM067",
        tiny(storage={"hostPath": {"path": "/var/models"}}),
        "nim.storage.hostPath: each of 2 nodes downloads the model, instead of one for all. Use storage that all nodes",
    ),
    (
        "NIM069",
        LICENSED | {"storage": {"storageClass": "a", "readOnlyWorkers": True}},
        "nim.storage.readOnlyWorkers = True: it is not known that workers of nvcr.io/nim/meta/llama-3.1-405b-instruct:",
    ),
    (
        "NIM131",
        tiny(model="/model-store/own"),
        "nim.model = '/model-store/own': the claim at /model-store is made by the stack, and is empty unless it was ke",
    ),
    (
        "NIM131",
        tiny(
            model="/weights/own",
            pods={"volumes": WEIGHTS, "leader": {"volumeMounts": [{"name": "weights", "mountPath": "/weights"}]}},
        ),
        "nim.model = '/weights/own': no volume is mounted there in leader and workers, so that only the image itself ",
    ),
    (
        "NIM132",
        tiny(model="s3://bucket/own", **FREE),
        "nim.model = 's3://bucket/own': AWS_ACCESS_KEY_ID is not there, so that only what everyone may read can be had",
    ),
    (
        "NIM132",
        LICENSED | {"download": {"repositoryOverride": "s3://mirror"}},
        "nim.download.repositoryOverride = 's3://mirror': AWS_ACCESS_KEY_ID is not there, so that only what everyone m",
    ),
    (
        "NIM135",
        tiny(model="s3://bucket/own", env=AWS),
        "nim.model = 's3://bucket/own': registry.example/open-nim:1 is none of NVIDIA's images by its name, and the op",
    ),
    (
        "NIM138",
        tiny(download={"disabled": True}),
        "nim.download.disabled = True: the claim is made by the stack, and is empty unless it was kept from before. Do",
    ),
]

KEYLESS: Cases = [
    (
        "NIM070",
        LICENSED | {"image": "mirror.example/nim/llama-3.1-405b-instruct:2.0.4"},
        "ngcApiKey: the image mirror.example/nim/llama-3.1-405b-instruct:2.0.4 cannot fetch its model without an NGC ",
    ),
    (
        "NIM070",
        LICENSED | {"download": {"disabled": True}, "storage": {"existingClaim": "full"}},
        "ngcApiKey: the image nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 cannot be pulled without an NGC API key. ",
    ),
]
"""What a rule says when no key is given."""
