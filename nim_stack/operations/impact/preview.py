"""`pulumi preview --json` as steps of Kubernetes objects.

The document is made by the engine (pulumi/pulumi pkg/backend/display/json.go): one step a resource, with its state
before and after, secrets as `[secret]`. Resources that stay the same are left out unless `--show-sames` asks for
them; with `--refresh` each resource has a step `refresh` beside the one of the program.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nim_stack.base.documents import Json
from nim_stack.base.errors import InputError

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value that is known only after an update (sdk/go/common/resource/plugin/rpc.go)."""
_KNOWN_LATER = "(known later)"
_STACK = "pulumi:pulumi:Stack"
_PLUGIN_PLACE = "using pulumi-"
"""The engine warns of plugins and language hosts that it finds on PATH; that says nothing of the change."""
_PROGRAM_ENDED = "an unhandled error occurred: program exited"
_RECREATED = frozenset({"create-replacement", "delete-replaced"})
"""Parts of a replacement that also has a step `replace`."""


class PreviewError(InputError):
    """The file is not a preview."""


@dataclass(frozen=True)
class Step:
    """One resource: what the program asked for before and asks for now."""

    op: str
    urn: str
    type: str
    before: Json
    """Inputs of before; empty for a new resource."""
    after: Json
    """Inputs from now on; empty for one that goes."""
    fields: tuple[str, ...]
    """Paths that the resource plugin says have changed; they also tell which key of a Secret did."""
    retained: bool
    """Whether the object outlives its deletion by Pulumi."""
    retained_after: bool
    timeouts: Json
    """Seconds for create and update, from now on."""

    @property
    def kind(self) -> str:
        """Kind of the object, or the last part of another resource's type."""
        return self.type.rpartition(":")[2]

    @property
    def is_kubernetes(self) -> bool:
        """Whether the resource is an object of a cluster."""
        return self.type.startswith("kubernetes:")

    @property
    def of_lws(self) -> bool:
        """Whether it is part of the LWS release rather than of a deployment."""
        return "nim-stack:index:LwsOperator$" in self.urn

    @property
    def name(self) -> str:
        """Namespace and name of the object, as it is or was."""
        return object_name(self.before or self.after)


@dataclass(frozen=True)
class Preview:
    """What would be done, in the order of the file."""

    stack: str
    steps: tuple[Step, ...]
    """Of the program, without the components."""
    drift: tuple[Step, ...]
    """What a refresh found: `before` is the state, `after` the cluster; nothing after it: the object is gone."""
    summary: Mapping[str, int]
    warnings: tuple[str, ...]
    errors: tuple[str, ...]
    config: Mapping[str, str]
    complete: bool
    """Whether resources that stay the same are in it too."""
    only_refresh: bool
    """Whether it compares the state with the cluster alone, as `pulumi refresh --preview-only` does."""
    gpus: int | None
    """GPUs of before, by the stack's outputs."""

    @property
    def settings(self) -> dict[str, Any] | None:
        """The settings under `nim:`, when the program is this one."""
        for key, value in self.config.items():
            if key.endswith(":nim"):
                try:
                    found = json.loads(value)
                except ValueError:
                    return None
                return found if isinstance(found, dict) else None
        return None

    def has_key(self, name: str) -> bool:
        """Whether the stack's configuration has this key, whatever its project is called."""
        return any(key.endswith(f":{name}") for key in self.config)


def read_preview(text: str) -> Preview:
    """The preview in this text.

    Raises:
        PreviewError: the text is something else; the message says what was expected.
    """
    document = _document(text)
    raw = [step for step in document["steps"] if isinstance(step, dict) and isinstance(step.get("urn"), str)]
    read = _read_steps(raw)
    summary = _mapping(document.get("changeSummary"))
    warnings, errors = _messages(document.get("diagnostics") or [])
    same = sum(step.op == "same" for step in read.planned.values())
    return Preview(
        stack=read.stack,
        steps=tuple(step for step in read.steps if step.before or step.after),
        drift=tuple(step for step in read.drift if step.is_kubernetes),
        summary=summary,
        warnings=warnings,
        errors=errors,
        config={key: value for key, value in _mapping(document.get("config")).items() if isinstance(value, str)},
        complete=bool(read.refreshed) or summary.get("same", 0) == same,
        only_refresh=read.only_refresh,
        gpus=next((_gpus(step) for step in raw if _mapping(step.get("oldState")).get("type") == _STACK), None),
    )


@dataclass(frozen=True)
class _Steps:
    """The steps of a document by resource: those of a refresh, and those of the program."""

    refreshed: Mapping[str, Step]
    planned: Mapping[str, Step]

    @property
    def _stacks(self) -> list[Step]:
        return [step for step in (*self.refreshed.values(), *self.planned.values()) if step.type == _STACK]

    @property
    def stack(self) -> str:
        """Name of the stack; empty where the document does not have it."""
        return self._stacks[0].urn.split(":")[2] if self._stacks else ""

    @property
    def only_refresh(self) -> bool:
        """Whether the preview is that of a refresh alone, for which Pulumi does not run the program."""
        return bool(self.refreshed) and all(step.op == "refresh" for step in self._stacks)

    @property
    def steps(self) -> list[Step]:
        """What the program does, with the resources that it leaves as they are."""
        unchanged = [
            replace(step, op="same", after=step.before)
            for urn, step in self.refreshed.items()
            if urn not in self.planned
        ]
        return unchanged if self.only_refresh else [*self.planned.values(), *unchanged]

    @property
    def drift(self) -> list[Step]:
        """What a refresh found to be otherwise than the state says."""
        if self.only_refresh:
            return list(self.planned.values())
        return list(_found_by_refresh(self.refreshed, self.planned))


def _read_steps(raw: list[dict[str, Any]]) -> _Steps:
    refreshed = {step["urn"]: _step(step) for step in raw if step.get("op") == "refresh"}
    planned = {step["urn"]: _step(step) for step in raw if step.get("op") not in ({"refresh"} | _RECREATED)}
    return _Steps(refreshed, planned)


def object_name(inputs: Json) -> str:
    """Namespace and name of an object, as `namespace/name`."""
    metadata = inputs.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    parts = (metadata.get("namespace"), metadata.get("name"))
    return "/".join(str(part) for part in parts if part) or "(unnamed)"


def _document(text: str) -> dict[str, Any]:
    expected = "`pulumi preview --json --show-sames` writes one"
    try:
        document = json.loads(text.replace(UNKNOWN, _KNOWN_LATER))
    except ValueError as error:
        if text.lstrip().startswith('{"'):
            raise PreviewError(
                f"not one JSON document ({error}): a stream of engine events? {expected}, without "
                "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
            ) from None
        raise PreviewError(f"not JSON ({error}): {expected}") from None
    if not isinstance(document, dict) or not isinstance(document.get("steps", []), list):
        raise PreviewError(f"not a preview: {expected}")
    if "steps" not in document and "diagnostics" not in document:
        raise PreviewError(f"not a preview, it has neither steps nor diagnostics: {expected}")
    return {**document, "steps": document.get("steps", [])}


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _step(step: Json) -> Step:
    old, new = _mapping(step.get("oldState")), _mapping(step.get("newState"))
    return Step(
        op=str(step.get("op", "")),
        urn=step["urn"],
        type=str((new or old).get("type", "")),
        before=_mapping(old.get("inputs")),
        after=_mapping(new.get("inputs")) if step.get("op") != "delete" else {},
        fields=tuple(step.get("detailedDiff") or ()),
        retained=bool(old.get("retainOnDelete")),
        retained_after=bool(new.get("retainOnDelete")),
        timeouts=_mapping(new.get("customTimeouts")),
    )


def _gpus(stack: Json) -> int | None:
    total = _mapping(_mapping(_mapping(stack.get("oldState")).get("outputs")).get("gpus")).get("total")
    return int(total) if isinstance(total, int | float) else None


def _found_by_refresh(refreshed: Mapping[str, Step], planned: Mapping[str, Step]) -> Iterator[Step]:
    """A step of the program starts from what the refresh read, the step of the refresh from the state."""
    for urn, step in planned.items():
        state = refreshed.get(urn)
        if state is not None and state.before != step.before:
            yield replace(state, op="update" if step.before else "delete", after=step.before)


def _messages(diagnostics: list[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Warnings and errors, each once; that the program ended says nothing beside its reason."""
    found: dict[str, dict[str, None]] = {"warning": {}, "error": {}}
    for entry in diagnostics:
        severity = str(entry.get("severity")) if isinstance(entry, dict) else ""
        text = str(entry.get("message", "")).removeprefix(f"{severity}: ").strip() if severity in found else ""
        if text and not text.startswith(_PLUGIN_PLACE):
            found[severity][text] = None
    errors = tuple(text for text in found["error"] if not text.startswith(_PROGRAM_ENDED)) or tuple(found["error"])
    return tuple(found["warning"]), errors
