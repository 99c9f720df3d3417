"""Settings that break a rule on anything but the model, and the message that they get."""

from tests.unit.conftest import TINY
from tests.unit.rule_case import RuleCase
from tests.unit.rule_cases_model import HUB, LICENSED, OPEN_IMAGE

ERRORS = [
    RuleCase(
        "a misspelled setting",
        "NIM001",
        TINY | {"nodez": 2},
        "nim.nodez = 2: there is no such setting. Did you mean nodes? Known here: autoscaling, catalog, cluster, "
        "createNamespace, disruptionBudget, download, env, fabric, gpu, gpusPerNode, healing, httpRoute, image, "
        "imagePullPolicy, ingress, logLevel, lws, maxModelLen, model, name, namespace, networkPolicy, "
        "nodeSelector, nodes, passthroughArgs, pipelineParallel, podMonitor, podSecurity, pods, ports, "
        "precision, profile, replicas, resources, rollout, secrets, servedModelName, service, smoke, storage, "
        "tensorParallel, timeouts, wait.",
    ),
    RuleCase(
        "a misspelled setting of the storage",
        "NIM001",
        TINY | {"storage": {"storageClass": "a", "storageClas": "a"}},
        "nim.storage.storageClas = 'a': there is no such setting. Did you mean storageClass? Known here: "
        "accessMode, annotations, existingClaim, hostPath, nfs, perPod, readOnly, readOnlyWorkers, retain, size, "
        "storageClass, subPath.",
    ),
    RuleCase(
        "no model",
        "NIM002",
        {"nodes": 1, "storage": {"storageClass": "a"}},
        "nim.model: it is required. Name in the model catalogue; hf://, ngc://, s3:// or gs:// and where it is "
        "there; or an absolute path inside the container.",
    ),
    RuleCase(
        "a number below its range",
        "NIM003",
        TINY | {"nodes": 0},
        "nim.nodes = 0: it is less than 1. Whole number from 1: nodes of a group, the leader's included; it can "
        "be left out when the two parallel sizes are there.",
    ),
    RuleCase(
        "text instead of a number",
        "NIM003",
        TINY | {"nodes": "many"},
        "nim.nodes = 'many': it is not a whole number. Whole number from 1: nodes of a group, the leader's "
        "included; it can be left out when the two parallel sizes are there.",
    ),
    RuleCase(
        "a truth value instead of a number",
        "NIM003",
        TINY | {"gpusPerNode": True},
        "nim.gpusPerNode = True: it is a truth value, not a number. Whole number from 1: GPUs that the group's "
        "one pod on a node requests; without it those of a usual node of the GPU type, else 8.",
    ),
    RuleCase(
        "a port above its range",
        "NIM003",
        TINY | {"ports": {"server": 70000}},
        "nim.ports.server = 70000: it is more than 65535. Port from 1 to 65535 of API, health and metrics in the "
        "container.",
    ),
    RuleCase(
        "a port below its range",
        "NIM003",
        TINY | {"ports": {"ray": 0}},
        "nim.ports.ray = 0: it is less than 1. Port from 1 to 65535 on which Ray's head listens.",
    ),
    RuleCase(
        "a name that is too long",
        "NIM003",
        TINY | {"name": "x" * 41},
        "nim.name = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx': it has 41 characters, and at most 40 are "
        "possible. At most 40 lower-case letters, digits and dashes, a letter first.",
    ),
    RuleCase(
        "a name with a capital letter",
        "NIM003",
        TINY | {"name": "Nim"},
        "nim.name = 'Nim': it is not written in a form that works. At most 40 lower-case letters, digits and "
        "dashes, a letter first.",
    ),
    RuleCase(
        "an image without a tag",
        "NIM003",
        TINY | {"image": "open-nim"},
        "nim.image = 'open-nim': it is not written in a form that works. Image with a tag or digest, such as "
        "nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0.",
    ),
    RuleCase(
        "minutes above their range",
        "NIM003",
        TINY | {"timeouts": {"loadMinutes": 1000001}},
        "nim.timeouts.loadMinutes = 1000001: it is more than 1000000. Whole minutes from 1 to load weights and "
        "warm up.",
    ),
    RuleCase(
        "a node label with a blank",
        "NIM003",
        TINY | {"nodeSelector": {"pool": "a b"}},
        "nim.nodeSelector.pool = 'a b': it is not written in a form that works. Further node labels, text to text.",
    ),
    RuleCase(
        "an LWS mode that does not exist",
        "NIM003",
        TINY | {"lws": "no"},
        "nim.lws.mode = 'no': it is not 'install' or 'existing'. install or existing.",
    ),
    RuleCase(
        "a storage without a place",
        "NIM060",
        TINY | {"storage": {}},
        "nim.storage: there is neither a storage class nor another place, and the nodes of a group must read the "
        "same files. Set storage.storageClass to a class with ReadWriteMany (`kubectl get storageclass` lists "
        "them), or storage.existingClaim to a claim in the namespace, or nfs, hostPath or perPod.",
    ),
    RuleCase(
        "a storage with three places",
        "NIM061",
        TINY | {"storage": {"storageClass": "a", "existingClaim": "b", "perPod": {}}},
        "nim.storage = 'storageClass, existingClaim and perPod': the cache is one volume. Keep one of them.",
    ),
    RuleCase(
        "a ReadWriteOnce claim for two nodes",
        "NIM062",
        TINY | {"storage": {"storageClass": "a", "accessMode": "ReadWriteOnce"}},
        "nim.storage.accessMode = 'ReadWriteOnce': 2 pods mount the volume, and this access mode allows the pods "
        "of one node alone. Use ReadWriteMany.",
    ),
    RuleCase(
        "a claim smaller than the model",
        "NIM064",
        HUB | {"storage": {"storageClass": "local-nfs", "size": "200Gi"}},
        "nim.storage.size = '200Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB. Use at least "
        "756Gi; left out, it is computed with room to spare.",
    ),
    RuleCase(
        "a claim smaller than one of two precisions",
        "NIM064",
        LICENSED | {"precision": "bf16", "storage": {"storageClass": "a", "size": "500Gi"}},
        "nim.storage.size = '500Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB. Use at least "
        "756Gi or nim.precision fp8; left out, it is computed with room to spare.",
    ),
    RuleCase(
        "a hub token in the Secret of the NGC key",
        "NIM074",
        LICENSED | {"secrets": {"hfTokenSecret": "nim-ngc-api"}},
        "nim.secrets.hfTokenSecret = 'nim-ngc-api': the stack makes a Secret of this name itself. Use another name.",
    ),
    RuleCase(
        "the server's port for Ray",
        "NIM080",
        TINY | {"ports": {"ray": 8000}},
        "nim.ports.ray = 8000: nim.ports.server is the same, and two servers cannot listen on one port. Use "
        "another port for one of them; the defaults: server 8000, ray 6379, heartbeat and health those after "
        "Ray's and the server's.",
    ),
    RuleCase(
        "the heartbeat's port for health",
        "NIM080",
        TINY | {"ports": {"health": 6380}},
        "nim.ports.health = 6380: nim.ports.heartbeat is the same, and two servers cannot listen on one port. "
        "Use another port for one of them; the defaults: server 8000, ray 6379, heartbeat and health those after "
        "Ray's and the server's.",
    ),
    RuleCase(
        "a server port that Ray takes for workers",
        "NIM081",
        TINY | {"ports": {"server": 12000}},
        "nim.ports.server = 12000: Ray takes ports from 10002 to 19999 for its workers. Use a port outside of "
        "that range.",
    ),
    RuleCase(
        "an LWS release without a digest",
        "NIM090",
        TINY | {"lws": "install"},
        "nim.lws.sha256: the LWS release is installed cluster-wide, so its manifest is pinned. Read the "
        "manifest, then set the digest that `curl -fsSL "
        "https://github.com/kubernetes-sigs/lws/releases/download/v0.9.0/manifests.yaml | sha256sum` prints; or "
        "set nim.lws to existing where LWS 0.9 or newer is installed already.",
    ),
    RuleCase(
        "an LWS version that is too old",
        "NIM091",
        TINY | {"lws": {"version": "0.8.1"}},
        "nim.lws.version = '0.8.1': it is LWS 0.8, whose status does not say which generation it is about. Use "
        "LWS 0.9 or newer.",
    ),
    RuleCase(
        "an LWS manifest that is too old",
        "NIM091",
        TINY | {"lws": {"mode": "install", "sha256": "0" * 64, "manifest": "https://h/v0.7.0/manifests.yaml"}},
        "nim.lws.manifest = 'https://h/v0.7.0/manifests.yaml': it is LWS 0.7, whose status does not say which "
        "generation it is about. Use LWS 0.9 or newer.",
    ),
    RuleCase(
        "a cluster that is too old for LWS",
        "NIM092",
        TINY | {"cluster": {"kubernetesVersion": "1.26"}},
        "nim.cluster.kubernetesVersion = '1.26': LWS needs 1.27 or newer. Use a cluster of 1.27 or newer.",
    ),
    RuleCase(
        "a cluster that is too old for the fabric",
        "NIM092",
        TINY | {"fabric": "nvlink-multi-node", "cluster": {"kubernetesVersion": "v1.31.4"}},
        "nim.cluster.kubernetesVersion = 'v1.31.4': the fabric nvlink-multi-node needs 1.32 or newer. Use a "
        "cluster of 1.32 or newer.",
    ),
    RuleCase(
        "workers that start when the leader is ready",
        "NIM094",
        TINY | {"rollout": {"startupPolicy": "LeaderReady"}},
        "nim.rollout.startupPolicy = 'LeaderReady': the leader is ready only when its workers have joined, and "
        "the workers would be made only after that. Use LeaderCreated, or leave it out.",
    ),
    RuleCase(
        "an update that may take nothing down and add nothing",
        "NIM095",
        TINY | {"rollout": {"maxUnavailable": 0}},
        "nim.rollout.maxUnavailable = 0: with rollout.maxSurge = 0 an update may neither add a group nor take "
        "one down. Use 1 or more, or a rollout.maxSurge of 1 or more.",
    ),
    RuleCase(
        "the groups and the surge need too many nodes",
        "NIM096",
        LICENSED | {"replicas": 2, "rollout": {"maxSurge": 1}, "cluster": {"gpuNodes": 5}},
        "nim.replicas = 2: 2 groups and 1 beside them in an update need 6 nodes, 48 GPUs, and "
        "nim.cluster.gpuNodes is 5. Use at most 1, or more nodes, or no surge.",
    ),
    RuleCase(
        "the namespace of the LWS release",
        "NIM097",
        TINY | {"namespace": "lws-system", "lws": {"mode": "install", "sha256": "0" * 64}},
        "nim.namespace = 'lws-system': the LWS release has this namespace to itself. Use another one, such as nim.",
    ),
    RuleCase(
        "an argument that overrules a setting",
        "NIM100",
        TINY | {"passthroughArgs": ["--tensor_parallel_size=4"]},
        "nim.passthroughArgs.0 = '--tensor_parallel_size=4': it would overrule what the stack says. Use "
        "nim.tensorParallel.",
    ),
    RuleCase(
        "a key variable that the stack sets",
        "NIM101",
        TINY | {"env": [{"name": "NGC_API_KEY", "value": "k"}]},
        "nim.env.0.name = 'NGC_API_KEY': the stack sets this variable itself. Use the secret ngcApiKey, or "
        "nim.secrets.ngcApiSecret.",
    ),
    RuleCase(
        "a variable that is there twice",
        "NIM102",
        TINY | {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
        "nim.env.1.name = 'A': it is there twice. Leave one of the two out.",
    ),
    RuleCase(
        "a logging variable that workers cannot have",
        "NIM103",
        TINY | {"env": [{"name": "NIM_JSONL_LOGGING", "value": "1"}]},
        "nim.env.0.name = 'NIM_JSONL_LOGGING': workers of a Ray group fail with JSON logs, so the stack sets it "
        "to 0. Leave it out.",
    ),
]

WARNINGS = [
    RuleCase(
        "a deadline of Pulumi shorter than the start",
        "NIM099",
        TINY | {"timeouts": {"imagePullMinutes": 1, "downloadMinutes": 1, "loadMinutes": 1, "upMinutes": 5}},
        "nim.timeouts.upMinutes = 5: the phases of a start may take 19 minutes. Use at least 19, or leave it out.",
    ),
    RuleCase(
        "a storage class of disks for one node",
        "NIM063",
        TINY | {"storage": {"storageClass": "gp3"}},
        "nim.storage.storageClass = 'gp3': it is usually EBS, which one node alone can mount. Use a class for "
        "shared files, such as NFS, EFS, Filestore, Azure Files, CephFS or Lustre.",
    ),
    RuleCase(
        "a claim smaller than one precision that the image may choose",
        "NIM065",
        LICENSED | {"storage": {"storageClass": "local-nfs", "size": "200Gi"}},
        "nim.storage.size = '200Gi': the files of llama-3.1-405b-instruct in bf16 take 812 GB, and the image "
        "chooses the precision. Use at least 756Gi; left out, it is computed with room to spare.",
    ),
    RuleCase(
        "an image with the tag latest",
        "NIM073",
        TINY | {"image": "registry.example/open-nim:latest"},
        "nim.image = 'registry.example/open-nim:latest': it ends in :latest, and pods of one group may run "
        "different images after a restart. Use the tag of a release, or a digest.",
    ),
    RuleCase(
        "groups on a cluster where they cannot share nodes",
        "NIM093",
        TINY | {"replicas": 2, "cluster": {"kubernetesVersion": "1.30"}},
        "nim.cluster.kubernetesVersion = '1.30': before 1.31 pods of different groups cannot share a node. Have "
        "4 nodes for 2 groups, or a newer cluster.",
    ),
    RuleCase(
        "a name that ends in -leader",
        "NIM098",
        TINY | {"name": "chat-leader"},
        "nim.name = 'chat-leader': a deployment chat in the same namespace would have its Service of this name. "
        "Use a name that does not end in -leader.",
    ),
    RuleCase(
        "a variable of the stack that replaces one of the fabric",
        "NIM104",
        TINY | {"fabric": "efa", "env": [{"name": "NCCL_NVLS_ENABLE", "value": "1"}]},
        "nim.env.0.value = '1': it replaces '0', which the fabric efa needs. Leave it out unless that is meant.",
    ),
]

KEYLESS = [
    RuleCase(
        "an image of NVIDIA's without an NGC key",
        "NIM070",
        LICENSED,
        "ngcApiKey: the image nvcr.io/nim/meta/llama-3.1-405b-instruct:2.0.0 can neither be pulled nor fetch its "
        "model without an NGC API key. Run `pulumi config set --secret ngcApiKey` and paste the key, or name "
        "existing Secrets in nim.secrets.ngcApiSecret and nim.secrets.imagePullSecrets.",
    ),
    RuleCase(
        "a gated model without a hub token",
        "NIM071",
        HUB | OPEN_IMAGE,
        "hfToken: hf://meta-llama/Llama-3.1-405B-Instruct is gated, and the hub gives it to users who have "
        "accepted its licence. Run `pulumi config set --secret hfToken` and paste a token of such a user, or "
        "name an existing Secret in nim.secrets.hfTokenSecret.",
    ),
    RuleCase(
        "a model of a hub without a hub token",
        "NIM072",
        TINY,
        "nim.model = 'hf://org/tiny': without hfToken or nim.secrets.hfTokenSecret only models that the hub "
        "gives to everyone can be had. Run `pulumi config set --secret hfToken` when this one is gated.",
    ),
]
