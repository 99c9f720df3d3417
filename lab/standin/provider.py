"""The resource provider: each call of the engine, answered from the lab's API server."""
# ruff: noqa: N802, ARG002 (names and arguments of the methods are the protocol's)

import contextlib
import os
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.engine_pb2 import LogRequest
from pulumi.runtime.proto.engine_pb2_grpc import EngineStub
from pulumi.runtime.proto.plugin_pb2 import PluginInfo
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
from pulumi.runtime.proto.status_pb2 import Status

from lab.console import LabError
from lab.standin import TEXTS, VERSION, operations
from lab.standin.api import Api, ApiError
from lab.standin.changes import DELETE, compare
from lab.standin.cluster import connect
from lab.standin.objects import annotation, full_name, imported, manager, named, normal, pruned
from lab.standin.values import Obj, decode, encode, mark_secrets, plain, unknown
from lab.standin.waits import WARNING, Wait

_CHANGES = (pb.DiffResponse.DIFF_NONE, pb.DiffResponse.DIFF_SOME)


class _PartialError(LabError):
    """A failure of an object that exists: the engine keeps it in the state, and tries again."""

    def __init__(self, text: str, failure: LabError, state: Obj, inputs: Obj | None = None) -> None:
        super().__init__(text)
        about: Any = {"id": full_name(plain(state)), "reasons": [text, *getattr(failure, "reasons", [])]}
        detail = pb.ErrorResourceInitFailed(**about, properties=encode(state), inputs=inputs and encode(inputs))
        self.status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=text)
        self.status.details.add().Pack(detail)


def _answered(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any, grpc.ServicerContext], Any]:
    """Turn exceptions into what the engine shows."""

    @wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request)
        except LabError as failure:
            if isinstance(failure, _PartialError):
                context.set_trailing_metadata((("grpc-status-details-bin", failure.status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, str(failure))

    return answer


def _state(inputs: Obj, live: Obj, given: Obj, version: str, fields: str) -> Obj:
    """Return what the state keeps of an object: the live one, beside the inputs it was made from."""
    inner = {"__inputs": mark_secrets(plain(inputs, "-", "_"), given)}
    return (
        mark_secrets(plain(live, "-", "_"), given) | inner | {"__initialApiVersion": version, "__fieldManager": fields}
    )


class StandIn(ResourceProviderServicer):
    """The provider that the engine runs for one kubeconfig."""

    def __init__(self, engine: str) -> None:
        self.engine = EngineStub(grpc.insecure_channel(engine)) if engine else None
        self.cancelled = threading.Event()
        self.config: Obj = {}
        self.api: Api

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> PluginInfo:
        return PluginInfo(version=VERSION)

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        self.cancelled.set()
        return Empty()

    def CheckConfig(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:
        return pb.CheckResponse(inputs=request.news)

    @_answered
    def DiffConfig(self, request: pb.DiffRequest) -> pb.DiffResponse:
        olds, news = plain(decode(request.olds)), plain(decode(request.news))
        changed = sorted(key for key in olds.keys() | news.keys() if olds.get(key) != news.get(key))
        return pb.DiffResponse(changes=_CHANGES[bool(changed)], diffs=changed)

    @_answered
    def Configure(self, request: pb.ConfigureRequest) -> pb.ConfigureResponse:
        self.config = plain(decode(request.args))
        self.api = connect(*(self.config.get(key) for key in ("kubeconfig", "context", "namespace")))
        self.api.call("GET", "/version")
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True)

    @_answered
    def Check(self, request: pb.CheckRequest) -> pb.CheckResponse:
        news = decode(request.news)
        obj = normal(plain(news))
        if obj.get("kind") != request.type.rpartition(":")[2]:
            raise LabError(TEXTS["foreign_kind"].format(type=request.type))
        meta = obj.setdefault("metadata", {})
        if isinstance(meta, dict):  # else it is unknown as a whole
            named(obj, plain(decode(request.olds)), request.name, request.randomSeed, request.autonaming.proposed_name)
            if not meta.get("namespace") and self._namespaced(obj):
                meta["namespace"] = self.api.namespace
        return pb.CheckResponse(inputs=encode(mark_secrets(obj, news)))

    @_answered
    def Diff(self, request: pb.DiffRequest) -> pb.DiffResponse:
        live, new = plain(decode(request.olds)), normal(plain(decode(request.news)))
        was = normal(live.get("__inputs", {}))
        old = pruned(live, was)
        old["metadata"]["name"] = live["metadata"]["name"]
        for meta in (old["metadata"], new["metadata"]):
            space = meta.pop("namespace", "")
            meta |= {"namespace": space or "default"} if self._namespaced(new) else {}
        mutable = {kind for kind in ("Secret", "ConfigMap") if self._option(f"enable{kind}Mutable")}
        found = compare(old, new, was, mutable, list(request.ignoreChanges))
        replaces = sorted(path for path, change in found.items() if change % 2)
        same = all(new["metadata"].get(key) == live["metadata"].get(key) for key in ("name", "namespace"))
        details = {k: pb.PropertyDiff(kind=cast(Any, v), inputDiff=v - v % 2 == DELETE) for k, v in found.items()}
        return pb.DiffResponse(
            changes=_CHANGES[bool(found)],
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and same and not annotation(new, "autonamed"),
            detailedDiff=details,
            hasDetailedDiff=True,
        )

    @_answered
    def Create(self, request: pb.CreateRequest) -> pb.CreateResponse:
        given = decode(request.properties)
        obj = plain(given)
        wait, fields, version = self._wait(request, obj), manager(obj, {}), obj["apiVersion"]
        if request.preview and (unknown(obj) or not self.api.kind(obj)):
            return pb.CreateResponse(properties=request.properties)
        try:
            live = operations.create(obj, wait, request.preview, fields * self._option("upsertExistingObjects"))
        except ApiError as failure:
            exists = failure.reason == "AlreadyExists"
            if request.preview and (exists or failure.code == 403 or failure.kind == "namespaces"):
                return pb.CreateResponse(properties=request.properties)
            text = TEXTS["absent_kind" if failure.reason == "NoMatch" else "not_created"]
            text = text.format(urn=request.urn, kind=f"{version}/{obj['kind']}", why=failure)
            raise LabError(text + TEXTS["exists"] * exists) from failure
        if request.preview:
            live.pop("status", None)
            return pb.CreateResponse(properties=encode(_state(obj, live, given, version, fields)))
        if obj["kind"] == "CustomResourceDefinition":
            self.api.kinds.clear()
        try:
            live = operations.until_ready(obj, live, wait)
        except LabError as failure:
            state = _state(obj, getattr(failure, "live", live), given, version, fields)
            raise _PartialError(TEXTS["created"].format(urn=request.urn, why=failure), failure, state) from failure
        wait.say("")
        return pb.CreateResponse(id=full_name(live), properties=encode(_state(obj, live, given, version, fields)))

    @_answered
    def Update(self, request: pb.UpdateRequest) -> pb.UpdateResponse:
        given, state, late = decode(request.news), plain(decode(request.olds)), None
        obj = normal(plain(given))
        wait, fields, version = self._wait(request, obj), manager(obj, state), state["__initialApiVersion"]
        if request.preview and (unknown(obj) or not self.api.kind(obj)):
            return pb.UpdateResponse(properties=request.news)
        try:
            live = operations.update(obj, fields, wait, request.preview)
            live = live if request.preview else operations.until_ready(obj, live, wait)
        except LabError as failure:
            if request.preview and getattr(failure, "code", 0) == 403:
                return pb.UpdateResponse(properties=request.news)
            late = failure
        try:
            live = self.api.get(obj) if late else live
        except ApiError as gone:
            raise LabError(TEXTS["vanished"].format(urn=request.urn, why=late, gone=gone)) from late
        kept = _state(obj, live, given, version, fields)
        if late:
            raise _PartialError(TEXTS["updated"].format(name=full_name(live), why=late), late, kept) from late
        wait.say("")
        return pb.UpdateResponse(properties=encode(kept))

    @_answered
    def Read(self, request: pb.ReadRequest) -> pb.ReadResponse:
        given, state, late = decode(request.inputs), plain(decode(request.properties)), None
        was, fields, (space, _, name) = normal(plain(given)), manager({}, state), request.id.rpartition("/")
        version, kind = request.type.removeprefix("kubernetes:").removeprefix("core/").rsplit(":", 1)
        try:
            live = self.api.get({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": space}})
            operations.ready_now(was, live, self._wait(request, was))
        except ApiError as failure:
            if failure.code != 404:
                raise
            return pb.ReadResponse()
        except LabError as failure:
            late = failure
        found = pruned(live, was) if was else imported(live)
        kept = _state(found, live, given, state.get("__initialApiVersion", version), fields)
        inputs = mark_secrets(found, given)
        if late:
            raise _PartialError(str(late), late, kept, inputs) from late
        return pb.ReadResponse(id=request.id, properties=encode(kept), inputs=encode(inputs))

    @_answered
    def Delete(self, request: pb.DeleteRequest) -> Empty:
        obj = plain(decode(request.properties))
        inputs = obj.get("__inputs", {})
        operations.delete(inputs, obj, self._wait(request, inputs))
        return Empty()

    def _namespaced(self, obj: Obj) -> bool:
        return (self.api.kind(obj) or ("", True))[1]  # assumed of a kind that is absent

    def _option(self, name: str) -> bool:
        """Say whether a switch of the provider is on: in its inputs or, as PULUMI_K8S_…, in the environment."""
        variable = "PULUMI_K8S" + re.sub("([A-Z])", r"_\1", "_" + name.replace("ConfigMap", "Configmap")).upper()
        return str(self.config.get(name, os.environ.get(variable))).lower() == "true"

    def _wait(self, request: Any, obj: Obj) -> Wait:
        def tell(text: str, severity: int, passing: bool = True) -> None:
            message = LogRequest(severity=cast(Any, severity), message=text, urn=request.urn, ephemeral=passing)
            with contextlib.suppress(grpc.RpcError):
                if self.engine:
                    self.engine.Log(message)

        api = replace(self.api, warn=lambda text: tell(text, WARNING, passing=False))
        timeout = getattr(request, "timeout", 0) or float(annotation(obj, "timeoutSeconds") or 600)
        return Wait(api, tell, self.cancelled, timeout)
