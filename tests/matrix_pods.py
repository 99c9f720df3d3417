"""Settings of the pods, one variant a name: every one of them, for both roles and for each, in some variant."""

from typing import Any

ZONE = "topology.kubernetes.io/zone"
PLAIN = {"image": "registry.example/tool:1", "command": ["tool"]}


def pods_matrix() -> dict[str, dict[str, Any]]:
    """Variants by name, without what every deployment has."""
    pods = _both() | _security() | _devices()
    return {f"pods-{name}": {"pods": said} for name, said in pods.items()} | _identities() | _resources()


def _both() -> dict[str, dict[str, Any]]:
    return {
        "metadata": {
            "labels": {"example.com/team": "chat", "empty": ""},
            "annotations": {"example.com/note": "of any length: {}"},
            "priorityClass": "serving",
            "runtimeClass": "nvidia",
            "serviceAccount": "serving",
            "terminationGracePeriodSeconds": 600,
        },
        "placement": {
            "tolerations": _tolerations(),
            "affinity": _affinity("both"),
            "topologySpreadConstraints": _spread(ZONE),
            "exclusiveTopology": "example.com/rack",
            "schedulerName": "custom",
        },
        "containers": {"volumes": _volumes(), "volumeMounts": _mounts(), **_containers("both")},
        "queue-kueue": {"queue": {"kind": "kueue", "name": "team-a"}},
        "queue-kai": {"queue": {"kind": "kai", "name": "Team_A"}},
        "queue-volcano": {"queue": {"kind": "volcano", "name": "team-a"}},
        "host-network": {"hostNetwork": True, **_containers("both")},
        "patch": {
            "patch": _patch("both"),
            "leader": {"patch": _patch("leader")},
            "worker": {"patch": _patch("worker")},
        },
        "of-the-leader": {"leader": _role("leader")},
        "of-the-worker": {"worker": _role("worker")},
        "of-each": {"leader": _role("leader"), "worker": _role("worker"), **_containers("both")},
    }


def _role(role: str) -> dict[str, Any]:
    return {
        "labels": {"example.com/role": role},
        "annotations": {"example.com/role": role},
        "tolerations": _tolerations(),
        "affinity": _affinity(role),
        "topologySpreadConstraints": _spread(f"example.com/{role}"),
        "volumes": [{"name": f"of-the-{role}", "emptyDir": {}}],
        "volumeMounts": [{"name": f"of-the-{role}", "mountPath": f"/{role}"}],
        "patch": {"metadata": {"annotations": {"example.com/patched": role}}},
        "env": [
            {"name": "ROLE", "value": role},
            {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        ],
        "nodeSelector": {"example.com/role": role},
        "resources": {"cpu": "8", "memory": "64Gi", "shm": "8Gi", "ephemeralStorage": "9Gi"}
        | {"extended": {f"example.com/{role}": "1"}},
        **_containers(role),
    }


def _tolerations() -> list[dict[str, Any]]:
    return [
        {"operator": "Exists"},
        {"key": "pool", "value": "models", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30},
    ]


def _affinity(value: str) -> dict[str, Any]:
    required, preferred = "required", "preferred"
    during = "DuringSchedulingIgnoredDuringExecution"
    one = {"matchExpressions": [{"key": "pool", "operator": "In", "values": [value]}]}
    other = {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["node-9"]}]}
    near = {"labelSelector": {"matchLabels": {"app": value}}, "topologyKey": ZONE, "namespaceSelector": {}}
    return {
        "nodeAffinity": {
            required + during: {"nodeSelectorTerms": [one, other]},
            preferred + during: [
                {"weight": 5, "preference": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}
            ],
        },
        "podAffinity": {preferred + during: [{"weight": 100, "podAffinityTerm": near}]},
        "podAntiAffinity": {required + during: [near | {"namespaces": ["elsewhere"]}]},
    }


def _spread(key: str) -> list[dict[str, Any]]:
    own = {"labelSelector": {"matchLabels": {"app": "other"}}, "minDomains": 2, "nodeTaintsPolicy": "Honor"}
    return [
        {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway"},
        {"maxSkew": 2, "topologyKey": f"{key}-2", "whenUnsatisfiable": "DoNotSchedule"} | own,
    ]


def _containers(name: str) -> dict[str, Any]:
    """A container before the model's, one that starts before it and stays, and one beside it."""
    stays = {
        "name": f"{name}-stays",
        "restartPolicy": "Always",
        "startupProbe": {"exec": {"command": ["true"]}},
        "ports": [{"name": f"{name}-port", "containerPort": 9900 + len(name)}],
    }
    beside = {
        "name": f"{name}-beside",
        "env": [{"name": "ADDRESS", "value": "$(LWS_LEADER_ADDRESS)"}],
        "envFrom": [{"prefix": "P_", "configMapRef": {"name": "config", "optional": True}}],
        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}},
        "livenessProbe": {"grpc": {"port": 9902}},
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "securityContext": {"runAsUser": 65532, "readOnlyRootFilesystem": True},
    }
    before = {"name": f"{name}-before", "args": ["once"]}
    return {"initContainers": [PLAIN | before, PLAIN | stays], "sidecars": [PLAIN | beside]}


def _volumes() -> list[dict[str, Any]]:
    """Every kind that the level `restricted` knows."""
    claim = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    token = {"serviceAccountToken": {"audience": "vault", "path": "token", "expirationSeconds": 3600}}
    sources: dict[str, dict[str, Any]] = {
        "config": {"configMap": {"name": "config", "optional": True}},
        "secret": {"secret": {"secretName": "secret", "defaultMode": 288}},
        "disk": {"emptyDir": {"sizeLimit": "1Gi"}},
        "huge": {"emptyDir": {"medium": "Memory"}},
        "claim": {"persistentVolumeClaim": {"claimName": "data", "readOnly": True}},
        "own-claim": {"ephemeral": {"volumeClaimTemplate": claim}},
        "csi": {"csi": {"driver": "secrets-store.csi.k8s.io", "volumeAttributes": {"secretProviderClass": "a"}}},
        "pod": {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        "projected": {"projected": {"sources": [token, {"secret": {"name": "ca"}}]}},
        "image": {"image": {"reference": "registry.example/data:1", "pullPolicy": "IfNotPresent"}},
    }
    return [{"name": name, **source} for name, source in sources.items()]


def _mounts() -> list[dict[str, Any]]:
    return [
        {"name": "config", "mountPath": "/etc/config/file", "subPath": "file", "readOnly": True},
        {"name": "disk", "mountPath": "/work", "subPathExpr": "$(LWS_WORKER_INDEX)"},
        {"name": "projected", "mountPath": "/var/run/secrets/tokens", "readOnly": True},
    ]


def _patch(role: str) -> dict[str, Any]:
    """What no setting names: fields of the pod, a further port and variable of the model container, one more volume."""
    model: dict[str, Any] = {"name": "nim", "env": [{"name": f"PATCHED_{role.upper()}", "value": "1"}]}
    if role == "both":
        model |= {"ports": [{"name": "debug", "containerPort": 5678}], "workingDir": "/tmp"}
        return {
            "spec": {
                "shareProcessNamespace": True,
                "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["hub.example"]}],
                "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
                "readinessGates": [{"conditionType": "example.com/ready"}],
                "containers": [model],
            }
        }
    if role == "leader":
        model |= {"readinessProbe": {"failureThreshold": 9}}
    return {
        "spec": {
            "volumes": [{"name": "patched", "emptyDir": {}}],
            "containers": [model | {"volumeMounts": [{"name": "patched", "mountPath": "/patched"}]}],
        }
    }


def _security() -> dict[str, dict[str, Any]]:
    context = {
        "supplementalGroupsPolicy": "Strict",
        "sysctls": [{"name": "net.ipv4.tcp_keepalive_time", "value": "60"}],
    }
    root = {"runAsUser": 0, "runAsNonRoot": False}
    return {
        "security": {
            "securityContext": {"runAsUser": 5000, "fsGroupChangePolicy": "Always", **context},
            "containerSecurityContext": {"readOnlyRootFilesystem": True, "seLinuxOptions": {"type": "container_t"}},
        },
        "capability-of-baseline": {"containerSecurityContext": {"capabilities": {"add": ["CHOWN", "KILL"]}}},
        "capability-of-no-level": {"containerSecurityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}},
        "root": {"securityContext": root},
        "root-in-a-sidecar": {"sidecars": [PLAIN | {"name": "root", "securityContext": root}]},
        "privileged": {"containerSecurityContext": {"privileged": True}},
        "privileged-sidecar": {"sidecars": [PLAIN | {"name": "privileged", "securityContext": {"privileged": True}}]},
        "system-administrator": {"containerSecurityContext": {"capabilities": {"add": ["CAP_SYS_ADMIN"]}}},
        "volume-of-no-level": {"volumes": [{"name": "host", "hostPath": {"path": "/dev/infiniband"}}]},
        "unconfined": {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
        "process-ids-of-the-node": {"patch": {"spec": {"hostPID": True}}},
        "sysctl-of-no-level": {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "65536"}]}},
        "one-role-of-no-level": {"worker": {"volumes": [{"name": "host", "hostPath": {"path": "/dev/shm"}}]}},
    }


def _devices() -> dict[str, dict[str, Any]]:
    claims = [
        {"name": "nics", "resourceClaimTemplateName": "nics"},
        {"name": "shared", "resourceClaimName": "shared"},
    ]
    return {
        "claims": {"resourceClaims": claims},
        "claims-of-a-domain": {"computeDomain": {"resourceClaimTemplate": "channel"}, "resourceClaims": claims},
        "domain": {"computeDomain": {}},
    }


def _identities() -> dict[str, dict[str, Any]]:
    ids = {"runAsUser": 5001, "runAsGroup": 5002, "fsGroup": 5003, "supplementalGroups": [5004, 5005]}
    return {"ids": {"podSecurity": ids}, "ids-of-the-cluster": {"podSecurity": {"assignedByCluster": True}}}


def _resources() -> dict[str, dict[str, Any]]:
    return {
        "resources": {
            "resources": {"cpu": "1500m", "memory": "200Gi", "shm": "32Gi", "ephemeralStorage": "50Gi"}
            | {"extended": {"rdma/hca_shared": "1", "hugepages-2Mi": "1Gi"}}
        },
        "huge-pages-alone": {"resources": {"extended": {"hugepages-1Gi": "4Gi"}}},
    }
