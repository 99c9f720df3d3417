"""For every row of the tables an input that holds its value, and what else must be there for the value to count."""

import copy
from collections.abc import Sequence
from typing import Any

import yaml

from nim_stack.importing import converters, variables
from nim_stack.importing.draft import Draft
from nim_stack.importing.helm import rows as helm_rows
from nim_stack.importing.helm import values as helm
from nim_stack.importing.operator import objects, rows
from nim_stack.importing.rows import Row

TABLES: dict[str, Sequence[Row]] = {
    "helm-values": helm_rows.ROWS,
    "nimservice-fields": rows.SERVICE_ROWS,
    "nimcache-fields": rows.CACHE_ROWS,
    "variables": variables.ROWS,
}
ALL_ROWS = [(table, row) for table, found in TABLES.items() for row in found]
IDS = [f"{table} {row.source}" for table, row in ALL_ROWS]
PREFIX = {"nimcache-fields": "NIMCache "}
_METRIC = {
    "type": "Pods",
    "pods": {"metric": {"name": "waiting"}, "target": {"type": "AverageValue", "averageValue": 5}},
}
_BY_READER: dict[Any, Any] = {
    converters.count: 3,
    converters.texts: {"a": "b"},
    converters.truth: "1",
    converters.metrics: [_METRIC],
    converters.objects: [{"name": "first"}],
    converters.object_names: [{"name": "pull"}],
    converters.named_objects: {"scratch": {"emptyDir": {}}},
    converters.tolerations: [{"key": "reserved", "operator": "Exists"}],
}
_RESOURCES = "{nvidia.com/gpu: 8, cpu: 4, memory: 64Gi, ephemeral-storage: 9Gi, vendor.example/nic: 2}"
_INGRESS = "{ingressClassName: nginx, tls: [{secretName: t}], rules: [{host: h, http: {paths: [{path: /v1}]}}]}"
_LABELS = "{nvidia.com/gpu.product: NVIDIA-H200, pool: gpu}"
_SWITCHES = ("enabled", "create", "readOnly", "annotateRequiredSCC", "httpRoutesEnabled")
_VALUES: dict[str, str] = {
    "env": "[{name: A, value: b}]",
    "workers": "2",
    "scc": "restricted-v2",
    "tls": "[{secretName: t}]",
    "podSecurityContext": "{seccompProfile: {type: RuntimeDefault}}",
    "ngcAPIKey": "{not: text}",
    "nodeSelector": _LABELS,
    "limits": _RESOURCES,
    "requests": _RESOURCES,
    "ingress.spec": _INGRESS,
    "repository": "registry.example/nim/deepseek-r1",
    "profile": "vllm-bf16-tp8-pp1",
    "profiles": "[vllm-bf16-tp8-pp1]",
    "precision": "fp8",
    "product": "H200",
    "endpoint": "https://hub.example",
    "affinity": "{nodeAffinity: {}}",
    "podAffinity": "{required: []}",
    "behavior": "{scaleDown: {}}",
    "containerSecurityContext": "{readOnlyRootFilesystem: true}",
    "NGC_API_KEY": "{secretKeyRef: {name: ngc, key: NGC_API_KEY}}",
    "HF_TOKEN": "{secretKeyRef: {name: hub, key: HF_TOKEN}}",
}
"""By the end of the name, as YAML; where none fits, by what reads the value, or `x`."""
_CLAIM = "{storage: {pvc: {create: true, storageClass: s}}}"
_IMAGE = "{image: {repository: registry.example/nim/deepseek-r1, tag: '2'}}"
_NEEDED: dict[str, list[str]] = {
    "image.": [_IMAGE],
    "multiNode.": ["{multiNode: {enabled: true}}"],
    "persistence.": ["{persistence: {enabled: true, storageClass: s}}"],
    "persistence.enabled": ["{persistence: {storageClass: s}}", "{}"],
    "hostPath.": ["{hostPath: {enabled: true}}"],
    "nfs.": ["{nfs: {enabled: true, server: files, path: /models}}"],
    "ingress.": ["{ingress: {enabled: true, hosts: [{host: h}]}}"],
    "autoscaling.": ["{autoscaling: {enabled: true}}"],
    "metrics.": ["{metrics: {serviceMonitor: {enabled: true}}}"],
    "openshift.annotate": ["{openshift: {scc: restricted-v2}}"],
    "spec.image.": [f"{{spec: {_IMAGE}}}"],
    "spec.storage.pvc.name": ["{}"],
    "spec.storage.pvc.": [f"{{spec: {_CLAIM}}}"],
    "spec.storage.nimCache.profile": ["{spec: {storage: {nimCache: {name: c}}}}"],
    "spec.expose.ingress.": [f"{{spec: {{expose: {{ingress: {{enabled: true, spec: {_INGRESS}}}}}}}}}"],
    "spec.expose.router.ingress.": ["{spec: {expose: {router: {hostDomainName: d.example, ingress: {}}}}}"],
    "spec.expose.router.gateway.": ["{spec: {expose: {router: {hostDomainName: d.example, gateway: {}}}}}"],
    "spec.expose.router.": [
        "{spec: {expose: {router: {hostDomainName: d.example, ingress: {}}}}}",
        "{spec: {expose: {router: {hostDomainName: d.example, gateway: {name: g}}}}}",
    ],
    "spec.scale.": ["{spec: {scale: {enabled: true, hpa: {maxReplicas: 4}}}}"],
    "spec.metrics.": ["{spec: {metrics: {enabled: true}}}"],
    "spec.multiNode.parallelism.": ["{spec: {multiNode: {ray: {}}}}"],
    "spec.source.hf.": ["{spec: {source: {hf: {modelName: m}}}}"],
    "spec.source.dataStore.": ["{spec: {source: {dataStore: {modelName: m}}}}"],
}
"""By the beginning of the name, the longest that fits; several where the settings exclude each other, and an empty one
among them for a switch that is off."""


def value_of(row: Row) -> Any:
    """A value that the row can take."""
    ends = [end for end in _VALUES if row.source == end or row.source.endswith(f".{end}")]
    if ends:
        return yaml.safe_load(_VALUES[max(ends, key=len)])
    return True if row.source.endswith(_SWITCHES) else _BY_READER.get(row.read, "x")


def needed(row: Row) -> list[Any]:
    """What else must be there, one tree for each of the inputs."""
    begins = [begin for begin in _NEEDED if row.source.startswith(begin)]
    return [yaml.safe_load(text) for text in (_NEEDED[max(begins, key=len)] if begins else ["{}"])]


def with_value(tree: Any, path: str, value: Any) -> Any:
    """A tree with one value more; `[]` is the first item of a list."""
    key, _, rest = path.partition(".")
    tree, name = copy.deepcopy(tree), key.removesuffix("[]")
    inner = tree.get(name)
    if key.endswith("[]"):
        first, *others = inner or [{}]
        tree[name] = [with_value(first, rest, value), *others]
    else:
        tree[name] = with_value(inner or {}, rest, value) if rest else value
    return tree


def _without_value(tree: Any, path: str) -> Any:
    key, _, rest = path.partition(".")
    name = key.removesuffix("[]")
    if not isinstance(tree, dict) or name not in tree:
        return tree
    if not rest:
        return {other: value for other, value in tree.items() if other != name}
    items = tree[name]
    inner = [_without_value(item, rest) for item in items] if key.endswith("[]") else _without_value(items, rest)
    return tree | {name: inner}


def draft_of(table: str, tree: Any) -> Draft:
    """The draft of an import of nothing but this."""
    draft = Draft("it")
    if table == "variables":
        return draft_of("helm-values", {"env": tree})
    if table == "helm-values":
        helm.take_values(draft, tree, "2.0", "it is said so")
        return draft
    service: dict[str, Any] = {"apiVersion": f"{objects.GROUP}/v1alpha1", "kind": "NIMService"}
    if table == "nimservice-fields":
        objects.take_objects(draft, [service | tree])
        return draft
    cache = tree | {"apiVersion": service["apiVersion"], "kind": "NIMCache"}
    cache["metadata"] = {"name": "c"} | tree.get("metadata", {})
    spec = {"storage": {"nimCache": {"name": cache["metadata"]["name"], "profile": "vllm-bf16-tp8-pp1"}}}
    if "profiles" in str(tree):
        del spec["storage"]["nimCache"]["profile"]
    objects.take_objects(draft, [service | {"spec": spec}, cache])
    return draft


def drafts_of(table: str, row: Row) -> list[tuple[Draft, Draft]]:
    """Drafts with the value of a row, each beside the one of what is needed without it."""
    if table == "variables":
        name, key = row.source.replace("*", "X"), "valueFrom" if row.source in ("NGC_API_KEY", "HF_TOKEN") else "value"
        return [(draft_of(table, [{"name": name, key: value_of(row)}]), draft_of(table, []))]
    pairs, trees = [], needed(row)
    for tree in trees:
        off = len(trees) > 1 and not tree
        value = False if off else value_of(row)
        pairs.append(
            (draft_of(table, with_value(tree, row.source, value)), draft_of(table, _without_value(tree, row.source)))
        )
    return pairs
