"""How the cluster tests look at what happened: previews, the hub's counts, and every place a key could be seen in."""

import base64
import json
from pathlib import Path

from lab.observe import get, kubectl
from lab.stacks import SECRETS, Stack
from nim_stack.base.documents import Json


def preview(stack: Stack) -> list[Json]:
    """The steps of `pulumi preview --json`."""
    steps: list[Json] = json.loads(stack.pulumi("preview", "--json"))["steps"]
    return steps


def refresh_preview(stack: Stack) -> list[Json]:
    """The steps in which `pulumi refresh --preview-only` found the cluster other than the state."""
    steps = json.loads(stack.pulumi("refresh", "--preview-only", "--json"))["steps"]
    return [step for step in steps if step.get("detailedDiff") or step["op"] not in ("same", "refresh")]


def fails(stack: Stack, *words: str) -> str:
    """Run what must fail, and return all it printed."""
    code, text = stack.attempt(*words)
    assert code != 0, f"pulumi {' '.join(words)} went through:\n{text}"
    return text


def refused_preview(stack: Stack, overrides: Json, without: tuple[str, ...] = ()) -> str:
    """What a preview of these settings prints, which must refuse them; the namespaces stay as they were."""
    before = [item["metadata"]["name"] for item in get("namespaces")["items"]]
    fresh = Stack(stack.name, stack.template, stack.layers[0])
    fresh.configure(overrides, without)
    text = fails(fresh, "preview")
    assert "Traceback" not in text, text
    assert [item["metadata"]["name"] for item in get("namespaces")["items"]] == before
    return text


def _forms(key: str) -> set[str]:
    """A key as it is, and as base64 at each of the three alignments it can have inside a longer text."""
    forms = {key}
    for shift in range(3):
        encoded = base64.b64encode(b"x" * shift + key.encode()).decode()
        forms.add(encoded[4 if shift else 0 : len(encoded) - 4])
    return forms


def keys_in(text: str) -> list[str]:
    """Which forms of which secret stand in a text (the config names, not the values)."""
    return [name for name, value in SECRETS.items() for form in _forms(value) if form in text]


def events_of(stack: Stack) -> Path:
    """Where the first `up` of the stack writes the engine's events."""
    return stack.folder / "events.jsonl"


def where_a_key_could_be_seen(stack: Stack, namespace: str) -> dict[str, str]:
    """Everything that people and tools read about a deployment, as text."""
    names = kubectl("get", "pods", "-n", namespace, "-o", "name").split()
    running = kubectl("get", "pods", "-n", namespace, "--field-selector=status.phase=Running", "-o", "name").split()
    return {
        "exported state": stack.pulumi("stack", "export"),
        "preview": stack.pulumi("preview", "--diff"),
        "preview as JSON": stack.pulumi("preview", "--json"),
        "engine events of up": events_of(stack).read_text(),
        "stack outputs": stack.pulumi("stack", "output", "--json"),
        "stack file": stack.file.read_text(),
        "Kubernetes events": kubectl("get", "events", "-A", "-o", "json"),
        "pods": json.dumps(get("pods", "-n", namespace)),
        "LeaderWorkerSet": json.dumps(get("leaderworkerset", "-n", namespace)),
        "ConfigMaps": kubectl("get", "configmaps", "-A", "-o", "json"),
        **{f"log of {name}": kubectl("logs", "-n", namespace, name) for name in names},
        **{
            f"processes of {name}": kubectl(
                "exec", "-n", namespace, name.removeprefix("pod/"), "--", "ps", "-eo", "args"
            )
            for name in running
        },
    }
