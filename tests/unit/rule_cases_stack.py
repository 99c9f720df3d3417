"""Settings that break a rule on anything but the model, and the message that they get."""

from tests.unit.conftest import TINY
from tests.unit.rule_cases_model import HUB, LICENSED, OPEN_IMAGE, Cases

ERRORS: Cases = [
    (
        "NIM001",
        TINY | {"nodez": 2},
        "nim.nodez = 2: there is no such setting. Did you mean nodes? Known here: autoscaling, catalog, cluster, crea",
    ),
    (
        "NIM001",
        TINY | {"storage": {"storageClass": "a", "storageClas": "a"}},
        "nim.storage.storageClas = 'a': there is no such setting. Did you mean storageClass? Known here: accessMode, ",
    ),
    ("NIM002", {"nodes": 1, "storage": {"storageClass": "a"}}, "nim.model: it is required. Name in the model catalog"),
    ("NIM003", TINY | {"nodes": 0}, "nim.nodes = 0: it is less than 1. Whole number from 1: nodes of a group, the "),
    ("NIM003", TINY | {"nodes": "many"}, "nim.nodes = 'many': input should be a valid integer"),
    ("NIM003", TINY | {"gpusPerNode": True}, "nim.gpusPerNode = True: is a truth value, not a number. Whole number"),
    ("NIM003", TINY | {"ports": {"server": 70000}}, "nim.ports.server = 70000: it is more than 65535. Port from 1 to"),
    ("NIM003", TINY | {"ports": {"ray": 0}}, "nim.ports.ray = 0: it is less than 1. Port from 1 to 65535 on which Ray"),
    (
        "NIM003",
        TINY | {"name": "x" * 41},
        f"nim.name = {'x' * 41!r}: it has 41 characters, 40 are possible. At most 40 lower-case letters, digits",
    ),
    ("NIM003", TINY | {"name": "Nim"}, "nim.name = 'Nim': it is not written in a form that works. At most 40 lower"),
    ("NIM003", TINY | {"image": "open-nim"}, "nim.image = 'open-nim': it is not written in a form that works. Image"),
    (
        "NIM003",
        TINY | {"timeouts": {"loadMinutes": 1000001}},
        "nim.timeouts.loadMinutes = 1000001: it is more than 1000000. Whole minutes from 1 to load weights and warm up",
    ),
    (
        "NIM003",
        TINY | {"nodeSelector": {"pool": "a b"}},
        "nim.nodeSelector.pool = 'a b': it is not written in a form that works. Further node labels, text to text.",
    ),
    ("NIM003", TINY | {"lws": "no"}, "nim.lws.mode = 'no': it is not 'install' or 'existing'. install or existing."),
    (
        "NIM060",
        TINY | {"storage": {}},
        "nim.storage: there is neither a storage class nor another place, and the nodes of a group must read the same "
        "files. Set storage.storageClass to a class with ReadWriteMany (`kubectl get storageclass` lists them), or "
        "storage.existingClaim to a claim in the namespace, or nfs, hostPath or perPod.",
    ),
    (
        "NIM061",
        TINY | {"storage": {"storageClass": "a", "existingClaim": "b", "perPod": {}}},
        "nim.storage = 'storageClass, existingClaim and perPod': the cache is one volume. Keep one of them.",
    ),
    (
        "NIM062",
        TINY | {"storage": {"storageClass": "a", "accessMode": "ReadWriteOnce"}},
        "nim.storage.accessMode = 'ReadWriteOnce': 2 nodes × 1 groups mount it, and it can be mounted on one node. Use",
    ),
    (
        "NIM064",
        HUB | {"storage": {"storageClass": "local-nfs", "size": "200Gi"}},
        "nim.storage.size = '200Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB. Use at least 756Gi; "
        "left out, it is computed with room to spare.",
    ),
    (
        "NIM064",
        LICENSED | {"precision": "bf16", "storage": {"storageClass": "a", "size": "500Gi"}},
        "nim.storage.size = '500Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB. Use at least 756Gi or "
        "nim.precision fp8; left out, it is computed with room to spare.",
    ),
    (
        "NIM074",
        LICENSED | {"secrets": {"hfTokenSecret": "nim-ngc-api"}},
        "nim.secrets.hfTokenSecret = 'nim-ngc-api': the stack makes a Secret of this name itself. Use another name for",
    ),
    (
        "NIM080",
        TINY | {"ports": {"ray": 8000}},
        "nim.ports.ray = 8000: nim.ports.server is the same, and two servers cannot listen on one port. Use another",
    ),
    (
        "NIM080",
        TINY | {"ports": {"health": 6380}},
        "nim.ports.health = 6380: nim.ports.heartbeat is the same, and two servers cannot listen on one port. Use",
    ),
    (
        "NIM081",
        TINY | {"ports": {"server": 12000}},
        "nim.ports.server = 12000: Ray takes ports from 10002 to 19999 for its workers. Use a port outside of that ran",
    ),
    (
        "NIM090",
        TINY | {"lws": "install"},
        "nim.lws.sha256: the LWS release is installed cluster-wide, so its manifest is pinned. Read the manifest, then "
        "set the digest that `curl -fsSL https://github.com/kubernetes-sigs/lws/releases/download/v0.9.0/",
    ),
    (
        "NIM091",
        TINY | {"lws": {"version": "0.8.1"}},
        "nim.lws.version = '0.8.1': it is LWS 0.8, whose status does not say which generation it is about. Use LWS 0.9",
    ),
    (
        "NIM091",
        TINY | {"lws": {"mode": "install", "sha256": "0" * 64, "manifest": "https://h/v0.7.0/manifests.yaml"}},
        "nim.lws.manifest = 'https://h/v0.7.0/manifests.yaml': it is LWS 0.7, whose status does not say which generati",
    ),
    (
        "NIM092",
        TINY | {"cluster": {"kubernetesVersion": "1.26"}},
        "nim.cluster.kubernetesVersion = '1.26': LWS needs 1.27 or newer. Use a cluster of 1.27 or newer.",
    ),
    (
        "NIM092",
        TINY | {"fabric": "nvlink-multi-node", "cluster": {"kubernetesVersion": "v1.31.4"}},
        "nim.cluster.kubernetesVersion = 'v1.31.4': the fabric nvlink-multi-node needs 1.32 or newer. Use a cluster of",
    ),
    (
        "NIM094",
        TINY | {"rollout": {"startupPolicy": "LeaderReady"}},
        "nim.rollout.startupPolicy = 'LeaderReady': the leader is ready only when its workers have joined, and they ",
    ),
    (
        "NIM095",
        TINY | {"rollout": {"maxUnavailable": 0}},
        "nim.rollout.maxUnavailable = 0: with rollout.maxSurge = 0 an update may neither add a group nor take one down",
    ),
    (
        "NIM096",
        LICENSED | {"replicas": 2, "rollout": {"maxSurge": 1}, "cluster": {"gpuNodes": 5}},
        "nim.replicas = 2: 2 groups and 1 beside them in an update need 6 nodes, 48 GPUs, and nim.cluster.gpuNodes is 5"
        ". Use at most 1, or more nodes, or no surge.",
    ),
    (
        "NIM097",
        TINY | {"namespace": "lws-system", "lws": {"mode": "install", "sha256": "0" * 64}},
        "nim.namespace = 'lws-system': the LWS release has this namespace to itself. Use another one, such as nim.",
    ),
    (
        "NIM100",
        TINY | {"passthroughArgs": ["--tensor_parallel_size=4"]},
        "nim.passthroughArgs.0 = '--tensor_parallel_size=4': it would overrule what the stack says. Use nim.tensor",
    ),
    (
        "NIM101",
        TINY | {"env": [{"name": "NGC_API_KEY", "value": "k"}]},
        "nim.env.0.name = 'NGC_API_KEY': the stack sets this variable itself. Use the secret ngcApiKey, or",
    ),
    (
        "NIM102",
        TINY | {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
        "nim.env.1.name = 'A': it is there twice. Leave one of the two out.",
    ),
    (
        "NIM103",
        TINY | {"env": [{"name": "NIM_JSONL_LOGGING", "value": "1"}]},
        "nim.env.0.name = 'NIM_JSONL_LOGGING': workers of a Ray group fail with JSON logs, so the stack sets it to 0. ",
    ),
]

WARNINGS: Cases = [
    (
        "NIM099",
        TINY | {"timeouts": {"imagePullMinutes": 1, "downloadMinutes": 1, "loadMinutes": 1, "upMinutes": 5}},
        "nim.timeouts.upMinutes = 5: the phases of a start may take 19 minutes. Use at least 19, or leave it out.",
    ),
    (
        "NIM063",
        TINY | {"storage": {"storageClass": "gp3"}},
        "nim.storage.storageClass = 'gp3': it is usually EBS, which one node alone can mount. Use a class for shared ",
    ),
    (
        "NIM065",
        LICENSED | {"storage": {"storageClass": "local-nfs", "size": "200Gi"}},
        "nim.storage.size = '200Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB, and the image chooses "
        "the precision. Use at least 756Gi; left out, it is computed with room to spare.",
    ),
    (
        "NIM073",
        TINY | {"image": "registry.example/open-nim:latest"},
        "nim.image = 'registry.example/open-nim:latest': it ends in :latest, and pods of one group may run different ",
    ),
    (
        "NIM093",
        TINY | {"replicas": 2, "cluster": {"kubernetesVersion": "1.30"}},
        "nim.cluster.kubernetesVersion = '1.30': before 1.31 pods of different groups cannot share a node. Have 4 node",
    ),
    (
        "NIM098",
        TINY | {"name": "chat-leader"},
        "nim.name = 'chat-leader': a deployment chat in the same namespace would have its Service of this name. Use a ",
    ),
    (
        "NIM104",
        TINY | {"fabric": "efa", "env": [{"name": "NCCL_NVLS_ENABLE", "value": "1"}]},
        "nim.env.0.value = '1': it replaces '0', which the fabric efa needs. Leave it out unless that is meant.",
    ),
]

KEYLESS: Cases = [
    (
        "NIM070",
        LICENSED,
        "ngcApiKey: the image nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 can neither be pulled nor fetch its model "
        "without an NGC API key. Run `pulumi config set --secret ngcApiKey` and paste the key, or name existing Secret",
    ),
    (
        "NIM071",
        HUB | OPEN_IMAGE,
        "hfToken: hf://meta-llama/Llama-3.1-405B-Instruct is gated, and the hub gives it to users who have accepted it",
    ),
    (
        "NIM072",
        TINY,
        "nim.model = 'hf://org/tiny': without hfToken or nim.secrets.hfTokenSecret only models that the hub gives to ",
    ),
]
