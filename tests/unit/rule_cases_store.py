"""Settings that break a rule on the model's source, its storage, its download or its keys, and the message."""

from typing import Any

from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase
from tests.unit.rule_cases_model import LICENSED

NFS = {"nfs": {"server": "nfs.example", "path": "/models"}}
FREE = {"image": "nvcr.io/nim/nvidia/model-free-nim:2.0.2"}
AWS = [{"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "aws", "key": "id"}}}]
WEIGHTS = [{"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}}]


def tiny(**changes: Any) -> dict[str, Any]:
    return TINY | changes


METRIC = {"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "4"}}}
SCALED = {"minReplicas": 3, "maxReplicas": 6, "metrics": [METRIC]}

ERRORS = [
    RuleCase(
        "a directory that leaves the storage",
        "NIM003",
        tiny(storage=NFS | {"subPath": "a/../b"}),
        "nim.storage.subPath = 'a/../b': it leaves the storage, which Kubernetes refuses. Directory inside the "
        "storage, a relative path, so that several models can share it.",
    ),
    RuleCase(
        "a directory of the node that goes up",
        "NIM003",
        tiny(storage={"hostPath": {"path": "/a/../b"}}),
        "nim.storage.hostPath.path = '/a/../b': it has .. in it, which Kubernetes refuses. Existing directory on "
        "the node, an absolute path.",
    ),
    RuleCase(
        "a claim whose name has two dots",
        "NIM003",
        tiny(storage={"existingClaim": "a..b"}),
        "nim.storage.existingClaim = 'a..b': it is not written in a form that works. Name of a ReadWriteMany "
        "claim in the deployment's namespace, instead of a class.",
    ),
    RuleCase(
        "an NFS server with a slash",
        "NIM003",
        tiny(storage={"nfs": {"server": "a/b", "path": "/"}}),
        "nim.storage.nfs.server = 'a/b': it is not written in a form that works. Host name or address of the NFS "
        "server, known to the nodes.",
    ),
    RuleCase(
        "storage of each pod smaller than the model",
        "NIM064",
        LICENSED | {"precision": "bf16", "storage": {"perPod": {"size": "1Gi"}}},
        "nim.storage.perPod.size = '1Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB. Use at least "
        "756Gi; left out, it is computed with room to spare.",
    ),
    RuleCase(
        "a cache that leaders cannot write",
        "NIM068",
        tiny(storage=NFS | {"readOnly": True}),
        "nim.storage.readOnly = True: the model could not be written into the cache. Set download.job, which "
        "fills it before; or download.disabled, when it is full.",
    ),
    RuleCase(
        "a Secret made elsewhere that is to restart pods",
        "NIM075",
        tiny(secrets={"hfTokenSecret": "hub", "restartOnRotation": True}),
        "nim.secrets.restartOnRotation = True: nim.secrets.hfTokenSecret is made elsewhere, so that changes are "
        "not seen. Leave it out, or give the keys to the stack.",
    ),
    RuleCase(
        "a download Job for a cache that is full",
        "NIM076",
        tiny(storage=NFS, download={"job": True, "disabled": True}),
        "nim.download.job = True: download.disabled says that the cache is full already. Leave one of the two out.",
    ),
    RuleCase(
        "an empty cache of each pod that nobody fills",
        "NIM077",
        tiny(storage={"perPod": {}}, download={"disabled": True}),
        "nim.download.disabled = True: storage.perPod begins empty in every pod. Use storage.existingClaim, nfs "
        "or hostPath with the model in it, or let pods download.",
    ),
    RuleCase(
        "a cache of each pod that workers cannot write",
        "NIM068",
        tiny(storage={"perPod": {}, "readOnlyWorkers": True}),
        "nim.storage.readOnlyWorkers = True: each worker downloads into storage of its own. Leave it out, or use "
        "storage that is shared.",
    ),
    RuleCase(
        "a download Job for directories of nodes",
        "NIM078",
        tiny(storage={"hostPath": {"path": "/var/models"}}, download={"job": True}),
        "nim.download.job = True: with storage.hostPath no pod sees what a Job downloads. Use a claim, nfs or a "
        "hostPath with shared: true; or leave it out.",
    ),
    RuleCase(
        "a download Job for NVIDIA's image without a profile",
        "NIM079",
        LICENSED | {"download": {"job": True}},
        "nim.download.job = True: nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 chooses what to download by its "
        "GPUs, and a Job has none. Set nim.profile (the image's list-model-profiles lists them) instead of the "
        "two sizes, or leave it out.",
    ),
    RuleCase(
        "a download Job for a mirror of NVIDIA's image without a profile",
        "NIM079",
        LICENSED | {"download": {"job": True}, "image": "mirror.example/nim/llama-3.1-405b-instruct:2.0.4"},
        "nim.download.job = True: mirror.example/nim/llama-3.1-405b-instruct:2.0.4 chooses what to download by "
        "its GPUs, and a Job has none. Set nim.profile (the image's list-model-profiles lists them) instead of "
        "the two sizes, or leave it out.",
    ),
    RuleCase(
        "a hub variable that the stack sets",
        "NIM101",
        tiny(env=[{"name": "HF_ENDPOINT", "value": "http://hub"}]),
        "nim.env.0.name = 'HF_ENDPOINT': the stack sets this variable itself. Use nim.download.hubEndpoint.",
    ),
    RuleCase(
        "a model inside of storage that begins empty",
        "NIM130",
        tiny(model="/model-store/own", storage={"perPod": {}}),
        "nim.model = '/model-store/own': /model-store is storage.perPod, which begins empty in every pod. Use "
        "storage.existingClaim, nfs or hostPath with the model in it, or hf://<owner>/<model>.",
    ),
    RuleCase(
        "a cloud key in clear",
        "NIM133",
        tiny(env=[{"name": "AWS_SECRET_ACCESS_KEY", "value": "in-clear"}]),
        "nim.env.0.value: AWS_SECRET_ACCESS_KEY: a key would stand in the stack file, the state and the pod in "
        "clear. Use {name: AWS_SECRET_ACCESS_KEY, valueFrom: {secretKeyRef: {name: …, key: …}}}.",
    ),
    RuleCase(
        "a download Job for a model that is a path",
        "NIM134",
        tiny(model="/model-store/own", storage=NFS, download={"job": True}),
        "nim.download.job = True: the model is read from /model-store/own. Leave it out.",
    ),
    RuleCase(
        "a disk limit smaller than the model",
        "NIM137",
        LICENSED | {"precision": "bf16", "storage": {"perPod": {}}, "resources": {"ephemeralStorage": "100Gi"}},
        "nim.resources.ephemeralStorage = '100Gi': the model takes 812 GB in each pod's emptyDir, which counts "
        "against it. Use at least 756Gi, or nim.storage.perPod.storageClass.",
    ),
]

WARNINGS = [
    RuleCase(
        "a size for NFS",
        "NIM066",
        tiny(storage=NFS | {"size": "1Ti"}),
        "nim.storage.size = '1Ti': no claim is made. Leave it out.",
    ),
    RuleCase(
        "an access mode for NFS",
        "NIM066",
        tiny(storage=NFS | {"accessMode": "ReadWriteMany"}),
        "nim.storage.accessMode = 'ReadWriteMany': no claim is made. Leave it out.",
    ),
    RuleCase(
        "a hub mirror for a model that the hub does not have",
        "NIM066",
        LICENSED | {"precision": "bf16", "download": {"hubEndpoint": "http://hub.example"}},
        "nim.download.hubEndpoint = 'http://hub.example': the model does not come from the hub. Leave it out.",
    ),
    RuleCase(
        "retries without a download Job",
        "NIM066",
        tiny(download={"retries": 0}),
        "nim.download.retries = 0: the retries belong to the Job of download.job, which is not set. Leave it out.",
    ),
    RuleCase(
        "storage of each pod for a fixed number of groups",
        "NIM067",
        LICENSED | {"precision": "bf16", "storage": {"perPod": {}}, "replicas": 2},
        "nim.storage.perPod: 4 pods × 812 GB = 3247 GB are downloaded at every start, instead of 812 GB once. "
        "Use storage that all nodes mount, unless that is meant.",
    ),
    RuleCase(
        "storage of each pod under an autoscaler",
        "NIM067",
        LICENSED | {"precision": "bf16", "storage": {"perPod": {}}, "autoscaling": SCALED},
        "nim.storage.perPod: 6 to 12 pods × 812 GB = 4870 to 9740 GB are downloaded at every start, instead of "
        "812 GB once. Use storage that all nodes mount, unless that is meant.",
    ),
    RuleCase(
        "directories of two nodes",
        "NIM067",
        tiny(storage={"hostPath": {"path": "/var/models"}}),
        "nim.storage.hostPath: each of 2 nodes downloads the model, instead of one for all. Use storage that all "
        "nodes mount, unless that is meant.",
    ),
    RuleCase(
        "read-only workers of NVIDIA's image",
        "NIM069",
        LICENSED | {"storage": {"storageClass": "a", "readOnlyWorkers": True}},
        "nim.storage.readOnlyWorkers = True: it is not known that workers of "
        "nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 write nothing into the cache. Leave it out if they fail "
        "to start.",
    ),
    RuleCase(
        "a model inside of a claim that the stack makes",
        "NIM131",
        tiny(model="/model-store/own"),
        "nim.model = '/model-store/own': the claim at /model-store is made by the stack, and is empty unless it "
        "was kept from before. Use a claim with the model in it as storage.existingClaim.",
    ),
    RuleCase(
        "a model that only leaders mount",
        "NIM131",
        tiny(
            model="/weights/own",
            pods={"volumes": WEIGHTS, "leader": {"volumeMounts": [{"name": "weights", "mountPath": "/weights"}]}},
        ),
        "nim.model = '/weights/own': no volume is mounted there in leader and workers, so that only the image "
        "itself can have it. Mount one by nim.pods.volumes and volumeMounts, or use a path under /model-store.",
    ),
    RuleCase(
        "a model in S3 without a key",
        "NIM132",
        tiny(model="s3://bucket/own", **FREE),
        "nim.model = 's3://bucket/own': AWS_ACCESS_KEY_ID is not there, so that only what everyone may read can "
        "be had. Set AWS_ACCESS_KEY_ID under nim.env from a Secret, or name nim.pods.serviceAccount.",
    ),
    RuleCase(
        "a repository in S3 without a key",
        "NIM132",
        LICENSED | {"download": {"repositoryOverride": "s3://mirror"}},
        "nim.download.repositoryOverride = 's3://mirror': AWS_ACCESS_KEY_ID is not there, so that only what "
        "everyone may read can be had. Set AWS_ACCESS_KEY_ID under nim.env from a Secret, or name "
        "nim.pods.serviceAccount.",
    ),
    RuleCase(
        "a model in S3 for the open image",
        "NIM135",
        tiny(model="s3://bucket/own", env=AWS),
        "nim.model = 's3://bucket/own': registry.example/open-nim:1 is none of NVIDIA's images by its name, and "
        "the open image does not know s3://. Use nvcr.io/nim/nvidia/model-free-nim:2.0.2, or "
        "hf://<owner>/<model>.",
    ),
    RuleCase(
        "a new claim that nobody fills",
        "NIM138",
        tiny(download={"disabled": True}),
        "nim.download.disabled = True: the claim is made by the stack, and is empty unless it was kept from "
        "before. Download once, or use a claim with the model in it.",
    ),
]

KEYLESS = [
    RuleCase(
        "a mirror of NVIDIA's image without an NGC key",
        "NIM070",
        LICENSED | {"image": "mirror.example/nim/llama-3.1-405b-instruct:2.0.4"},
        "ngcApiKey: the image mirror.example/nim/llama-3.1-405b-instruct:2.0.4 cannot fetch its model without an "
        "NGC API key. Run `pulumi config set --secret ngcApiKey` and paste the key, or name existing Secrets in "
        "nim.secrets.ngcApiSecret.",
    ),
    RuleCase(
        "a full cache without an NGC key",
        "NIM070",
        LICENSED | {"download": {"disabled": True}, "storage": {"existingClaim": "full"}},
        "ngcApiKey: the image nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 cannot be pulled without an NGC API "
        "key. Run `pulumi config set --secret ngcApiKey` and paste the key, or name existing Secrets in "
        "nim.secrets.imagePullSecrets.",
    ),
]
"""What a rule says when no key is given."""
