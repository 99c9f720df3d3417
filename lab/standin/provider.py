"""The resource provider: each call of the engine, answered from the lab's API server."""
# ruff: noqa: N802, ARG002 (names and arguments of the methods are the protocol's)

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import proto as pb
from pulumi.runtime.proto.status_pb2 import Status

from lab.console import LabError
from lab.standin import operations
from lab.standin.cluster import TEXTS, Api, connect
from lab.standin.objects import CREATOR, annotation, compare, full_name, named, normal, pruned
from lab.standin.values import UNKNOWN, Obj, decode, encode, mark_secrets, plain
from lab.standin.waits import Wait, until_ready

_CHANGES = (pb.DiffResponse.DIFF_NONE, pb.DiffResponse.DIFF_SOME)


def _answered(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any, grpc.ServicerContext], Any]:
    """Turn LabError(text) into what the engine shows, LabError(text, status) also into an object that it keeps."""

    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request)
        except LabError as failure:
            text, *statuses = failure.args
            context.set_trailing_metadata([("grpc-status-details-bin", s.SerializeToString()) for s in statuses])
            context.abort(grpc.StatusCode.UNKNOWN, text)

    return answer


def _manager(state: Obj) -> str:
    """Return the resource's manager for server-side apply: a random one, kept in its state."""
    return str(state.get("__fieldManager") or f"{CREATOR}-{secrets.token_hex(4)}")


class StandIn(pb.ResourceProviderServicer):
    """The provider that the engine runs for one kubeconfig."""

    def __init__(self, engine: str) -> None:
        self.engine = pb.EngineStub(grpc.insecure_channel(engine))
        self.cancelled = threading.Event()
        self.switches: set[str] = set()
        self.api: Api

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> pb.PluginInfo:
        return pb.PluginInfo(version="4.34.2")  # of the recorded official one; the engine compares it with the SDK's

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        self.cancelled.set()
        return Empty()

    def CheckConfig(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:
        return pb.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: pb.DiffRequest, context: grpc.ServicerContext) -> pb.DiffResponse:
        changed = list(compare(plain(decode(request.olds)), plain(decode(request.news)), set()))
        return pb.DiffResponse(changes=_CHANGES[bool(changed)], diffs=changed)

    @_answered
    def Configure(self, request: pb.ConfigureRequest) -> pb.ConfigureResponse:
        config = plain(decode(request.args))
        self.switches = {key for key, value in config.items() if str(value).lower() == "true"}
        self.api = connect(*(config.get(key) for key in ("kubeconfig", "context", "namespace")))
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
            if not meta.get("namespace") and "{namespace}" in (self.api.collection(obj) or "{namespace}"):
                meta["namespace"] = self.api.namespace
        return pb.CheckResponse(inputs=encode(mark_secrets(obj, news)))

    @_answered
    def Diff(self, request: pb.DiffRequest) -> pb.DiffResponse:
        live, new = plain(decode(request.olds)), normal(plain(decode(request.news)))
        found = compare(pruned(live, normal(live.get("__inputs", {}))), new, self.switches)
        details = {path: pb.PropertyDiff(kind=kind, inputDiff=kind // 2 == 1) for path, kind in found.items()}
        replaces = sorted(path for path, kind in found.items() if kind % 2)
        early = bool(replaces) and full_name(new) == full_name(live) and not annotation(new, "autonamed")
        changes = _CHANGES[bool(found)]
        return pb.DiffResponse(
            changes=changes, replaces=replaces, deleteBeforeReplace=early, detailedDiff=details, hasDetailedDiff=True
        )

    @_answered
    def Create(self, request: pb.CreateRequest) -> pb.CreateResponse:
        given, wait, manager = decode(request.properties), self._wait(request), _manager({})
        obj = plain(given)
        upsert = manager * ("upsertExistingObjects" in self.switches)
        live = {} if request.preview and UNKNOWN in str(obj) else operations.create(obj, wait, upsert)
        if not live:
            return pb.CreateResponse(properties=request.properties)
        live |= {"status": None} if request.preview else {}  # which is yet to come
        state = self._state("created", wait, given, manager, obj, partial(until_ready, obj, live, wait))
        return pb.CreateResponse(id=full_name(obj) * (not request.preview), properties=state)

    @_answered
    def Update(self, request: pb.UpdateRequest) -> pb.UpdateResponse:
        given, wait, manager = decode(request.news), self._wait(request), _manager(decode(request.olds))
        obj = normal(plain(given))
        if request.preview and (UNKNOWN in str(obj) or not self.api.collection(obj)):
            return pb.UpdateResponse(properties=request.news)
        act = partial(operations.update, obj, manager, wait)
        return pb.UpdateResponse(properties=self._state("updated", wait, given, manager, obj, act))

    @_answered
    def Read(self, request: pb.ReadRequest) -> pb.ReadResponse:
        version, kind = request.type.removeprefix("kubernetes:").removeprefix("core/").rsplit(":", 1)
        space, _, name = request.id.rpartition("/")
        live = self.api.find({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": space}})
        if not live:
            return pb.ReadResponse()
        given, manager = decode(request.inputs), _manager(decode(request.properties))
        was = normal(plain(given) or {k: v for k, v in live.items() if k != "status"})  # nothing given: an import
        found, wait = pruned(live, was), replace(self._wait(request), timeout=0)  # looks once
        state = self._state("read", wait, given, manager, found, partial(until_ready, was, live, wait, stating=False))
        return pb.ReadResponse(id=request.id, properties=state, inputs=encode(mark_secrets(found, given)))

    @_answered
    def Delete(self, request: pb.DeleteRequest) -> Empty:
        operations.delete(plain(decode(request.properties)), self._wait(request))
        return Empty()

    def _state(self, text: str, wait: Wait, given: Obj, manager: str, obj: Obj, act: Callable[[], Obj]) -> Struct:
        """Act and return what the state keeps: the live object, beside the inputs `obj` that it was made from."""
        problems: list[str] = []
        try:
            live = act()
        except LabError as failure:
            live, problems = self.api.find(obj) or obj, list(failure.args)
        inputs = mark_secrets(plain(obj, "-", "_"), given)
        own = {"__inputs": inputs, "__initialApiVersion": obj["apiVersion"], "__fieldManager": manager}
        state = encode(mark_secrets(plain(live, "-", "_"), given) | own)
        if problems:
            problems[0] = TEXTS[text].format(urn=wait.urn, name=full_name(obj), why=problems[0])
            about: Any = {"id": full_name(obj), "reasons": problems, "inputs": encode(inputs)}
            status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=problems[0])
            status.details.add().Pack(pb.ErrorResourceInitFailed(**about, properties=state))
            raise LabError(problems[0], status)
        return state

    def _wait(self, request: Any) -> Wait:
        def tell(text: str, severity: Any = pb.INFO) -> None:
            passing = severity == pb.INFO
            self.engine.Log(pb.LogRequest(severity=severity, message=text, urn=request.urn, ephemeral=passing))

        preview, timeout = getattr(request, "preview", False), getattr(request, "timeout", 0) or 600
        api = replace(self.api, warn=partial(tell, severity=pb.WARNING), preview=preview)
        return Wait(request.urn, api, tell, self.cancelled, timeout)
