"""A stack's export as the engine writes it, small: stack, component, provider, namespace, and what was under way."""

from typing import Any

from nim_stack.base.documents import Json

STACK = "urn:pulumi:dev::nim-stack::pulumi:pulumi:Stack::nim-stack-dev"
NIM = "urn:pulumi:dev::nim-stack::nim-stack:index:NimStack::nim"
PROVIDER = "urn:pulumi:dev::nim-stack::nim-stack:index:NimStack$pulumi:providers:kubernetes::nim-cluster"
REFERENCE = f"{PROVIDER}::0b5c"
MARK = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:AAAA:BBBB"}
MADE = "2026-05-01T10:00:07Z"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::nim-stack::nim-stack:index:NimStack$kubernetes:{kind}::{name}"


def resource(kind: str, name: str, inputs: Json, **more: Any) -> Json:
    """As it stands in a pending create: no id, no outputs."""
    found = {"urn": urn(kind, name), "custom": True, "type": f"kubernetes:{kind}", "inputs": inputs, "parent": NIM}
    return {**found, "provider": REFERENCE, **more}


def inputs(version: str, kind: str, name: str, **more: Any) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "nim"}, **more}


SERVICE = resource("core/v1:Service", "nim-leader", inputs("v1", "Service", "leader", spec={"ports": [{"port": 8000}]}))
SECRET = resource("core/v1:Secret", "nim-key", inputs("v1", "Secret", "key", type="Opaque", data=MARK))


def live(of: Json, manager: str = "pulumi-kubernetes", operation: str = "Update", **meta: Any) -> Json:
    """The object that a create with these inputs makes."""
    own = of["inputs"]
    entry = {"manager": manager, "operation": operation, "time": MADE, "fieldsV1": {}}
    more = {"uid": "u-1", "creationTimestamp": MADE, "managedFields": [entry], **meta}
    return {**own, "metadata": {**own["metadata"], **more}, "status": {"loadBalancer": {}}}


def existing(of: Json, **more: Any) -> Json:
    """The resource in a state that knows it."""
    return {**of, "id": f"nim/{of['inputs']['metadata']['name']}", "outputs": live(of), **more}


def operation(kind: str, of: Json) -> Json:
    return {"type": kind, "resource": of}


def export(*resources: Json, pending: tuple[Json, ...] = (), **provider: Any) -> Json:
    base: list[Json] = [
        {"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack"},
        {"urn": NIM, "custom": False, "type": "nim-stack:index:NimStack", "parent": STACK},
        {
            "urn": PROVIDER,
            "custom": True,
            "id": "0b5c",
            "type": "pulumi:providers:kubernetes",
            "inputs": {"kubeconfig": "kube.yaml", "upsertExistingObjects": "false", **provider},
            "parent": NIM,
            "created": "2026-05-01T10:00:00.123456789Z",
        },
    ]
    deployment = {"manifest": {"magic": "m"}, "resources": [*base, *resources], "pending_operations": list(pending)}
    return {"version": 3, "deployment": deployment}
