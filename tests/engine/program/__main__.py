"""A program for the tests of engine and plugin: the variable STEP chooses what it declares.

The steps create, change and grow have the shape of the program that was recorded (tests/engine/recorded).
"""

import os
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import CustomTimeouts, Output, ResourceOptions
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

STEP = os.environ["STEP"]
IMAGE = "localhost/nim-lab/open-nim:cpu-stand-in"
SKIP = {"pulumi.com/skipAwait": "true"}


def pod(command: str, image: str = IMAGE, value: str = "1") -> dict[str, Any]:
    container = {"name": "c", "image": image, "command": ["sh", "-c", command], "env": [{"name": "A", "value": value}]}
    return {"terminationGracePeriodSeconds": 1, "containers": [container]}


def deployment(name: str, timeout: str, after: ResourceOptions, **given: str) -> None:
    spec: Any = {
        "replicas": 1,
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": pod("sleep 3600", **given)},
    }
    k8s.apps.v1.Deployment(
        "deployment",
        metadata=ObjectMetaArgs(name=name, namespace="fx"),
        spec=spec,
        opts=ResourceOptions.merge(after, ResourceOptions(custom_timeouts=CustomTimeouts(create=timeout))),
    )


def job(name: str, command: str, after: ResourceOptions) -> None:
    spec: Any = {"backoffLimit": 0, "template": {"spec": {**pod(command), "restartPolicy": "Never"}}}
    k8s.batch.v1.Job("job", metadata=ObjectMetaArgs(name=name, namespace="fx"), spec=spec, opts=after)


def claim(name: str, storage_class: str, size: str, after: ResourceOptions) -> None:
    requests = {"requests": {"storage": size}}
    spec: Any = {"accessModes": ["ReadWriteMany"], "storageClassName": storage_class, "resources": requests}
    metadata = ObjectMetaArgs(name=name, namespace="fx", annotations=SKIP)
    k8s.core.v1.PersistentVolumeClaim(f"pvc-{name}", metadata=metadata, spec=spec, opts=after)


def recorded_objects(changed: bool) -> None:
    after = ResourceOptions(depends_on=[k8s.core.v1.Namespace("ns", metadata={"name": "fx"})])
    key = Output.secret("key-2" if changed else "key-1")
    version = "v2" if changed else "v1"
    fixed = ObjectMetaArgs(name="ngc-api", namespace="fx")
    k8s.core.v1.Secret("secret-fixed-name", metadata=fixed, string_data={"NGC_API_KEY": key}, opts=after)
    k8s.core.v1.Secret("secret-autonamed", metadata={"namespace": "fx"}, string_data={"K": version}, opts=after)
    k8s.core.v1.ConfigMap("configmap-autonamed", metadata={"namespace": "fx"}, data={"k": version}, opts=after)
    claim("grow", "x", "2Gi" if STEP == "grow" else "1Gi", after)
    claim("class", "y" if changed else "x", "1Gi", after)
    k8s.core.v1.Service(
        "service",
        metadata={"name": "leader", "namespace": "fx", "annotations": SKIP},
        spec={"selector": {"app": "fx"}, "ports": [{"name": "http", "port": 8001 if changed else 8000}]},
        opts=after,
    )


def widget(name: str, spec: dict[str, Any], wait_for: str = "", timeout: str = "", **options: Any) -> None:
    k8s.apiextensions.CustomResource(
        name,
        api_version="engine.test/v1",
        kind="Widget",
        metadata={
            "name": name,
            "namespace": "fx",
            "annotations": {"pulumi.com/waitFor": wait_for} if wait_for else None,
        },
        spec=spec,
        opts=ResourceOptions(custom_timeouts=CustomTimeouts(create=timeout, update=timeout), **options),
    )


def widget_definition() -> k8s.apiextensions.CustomResource:
    """A kind whose status the tests write themselves; its schema uses the extensions that state and SDK respell."""
    condition = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    conditions = {"type": "array", "items": condition}
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "status": {
                "type": "object",
                "properties": {"conditions": conditions, "observedGeneration": {"type": "integer"}},
            },
        },
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "description": "several\nlines\n  of text\n"}
        ],
    }
    return k8s.apiextensions.CustomResource(
        "definition",
        api_version="apiextensions.k8s.io/v1",
        kind="CustomResourceDefinition",
        metadata={"name": "widgets.engine.test"},
        spec={
            "group": "engine.test",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"},
            "preserveUnknownFields": False,
            "versions": [version],
        },
    )


if STEP in ("create", "change", "grow"):
    recorded_objects(changed=STEP != "create")
elif STEP in ("workloads", "workloads-changed"):
    ready = ResourceOptions(depends_on=[k8s.core.v1.Namespace("ns", metadata={"name": "fx"})])
    deployment("dep", "60s", ready, value="2" if STEP == "workloads-changed" else "1")
    job("good", "exit 0", ready)
elif STEP == "job-fails":
    job("bad", "exit 3", ResourceOptions(depends_on=[k8s.core.v1.Namespace("ns", metadata={"name": "fx"})]))
elif STEP == "deployment-timeout":
    ready = ResourceOptions(depends_on=[k8s.core.v1.Namespace("ns", metadata={"name": "fx"})])
    deployment("bad", "4s", ready, image="localhost/absent:1")
elif STEP == "exists":
    taken = ObjectMetaArgs(name="kube-root-ca.crt", namespace="default")
    k8s.core.v1.ConfigMap("already-exists", metadata=taken, data={"a": "b"})
elif STEP == "no-crd":
    absent = ObjectMetaArgs(name="x", namespace="default")
    k8s.apiextensions.CustomResource(
        "no-crd", api_version="example.com/v1", kind="Absent", metadata=absent, spec={"a": 1}
    )
elif STEP == "no-namespace":
    k8s.core.v1.ConfigMap("no-namespace", metadata={"name": "x", "namespace": "absent"}, data={"a": "b"})
elif STEP == "mutable":
    provider = k8s.Provider("mutable", enable_secret_mutable=True, enable_config_map_mutable=True, namespace="default")
    data = {"k": os.environ["VALUE"]}
    k8s.core.v1.Secret(
        "secret", metadata={"name": "engine-secret"}, string_data=data, opts=ResourceOptions(provider=provider)
    )
    k8s.core.v1.ConfigMap(
        "config", metadata={"name": "engine-config"}, data=data, opts=ResourceOptions(provider=provider)
    )
elif STEP == "import":
    k8s.core.v1.ConfigMap(
        "adopted",
        metadata={"name": "engine-adopted", "namespace": "default"},
        data={"a": "b"},
        opts=ResourceOptions(import_="default/engine-adopted"),
    )
elif STEP == "upsert":
    provider = k8s.Provider("upserting", upsert_existing_objects=True)
    notes = {"pulumi.com/patchForce": "true"} if os.environ["FORCE"] else {}
    k8s.core.v1.ConfigMap(
        "taken",
        metadata={"name": "engine-taken", "namespace": "default", "annotations": notes},
        data={"a": "c"},
        opts=ResourceOptions(provider=provider),
    )
elif STEP == "many":
    for index in range(int(os.environ["COUNT"])):
        k8s.core.v1.ConfigMap(
            f"many-{index}", metadata={"name": f"engine-{index}", "namespace": "default"}, data={"a": "b"}
        )
elif STEP.startswith("widget"):
    namespace = k8s.core.v1.Namespace("ns", metadata={"name": "fx"})
    definition = widget_definition()
    wait_for = os.environ.get("WAIT_FOR", "")
    if STEP != "widget-definition":
        size = int(os.environ.get("SIZE", "1"))
        widget("w", {"size": size}, wait_for, os.environ.get("TIMEOUT", "30s"), depends_on=[namespace, definition])
pulumi.export("step", STEP)
