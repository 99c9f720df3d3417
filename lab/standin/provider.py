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
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto.engine_pb2 import LogRequest
from pulumi.runtime.proto.engine_pb2_grpc import EngineStub
from pulumi.runtime.proto.plugin_pb2 import PluginInfo
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
from pulumi.runtime.proto.status_pb2 import Status

from lab.console import LabError
from lab.standin import VERSION, operations
from lab.standin.api import Api, ApiError, NoMatchError
from lab.standin.changes import compare
from lab.standin.cluster import connect
from lab.standin.objects import annotation, full_name, imported, manager, named, normal, pruned
from lab.standin.values import Obj, decode, encode, mark_secrets, plain, unknown
from lab.standin.waits import WARNING, NotReadyError, Wait

_EXISTS = """

The resource already exists in the cluster. This can happen when:

  - Renaming a Pulumi resource: use an alias to preserve the identity,
    or use deleteBeforeReplace if the resource needs replacement.
  - Managing an existing resource: use a Patch resource (e.g. NamespacePatch)
    to manage specific fields without owning the resource lifecycle.
  - Adopting a resource into Pulumi: use `pulumi import`. Note that
    protected resources (e.g. kube-system) cannot be deleted on destroy.
  - Intentional upsert: set upsertExistingObjects on the provider to allow
    server-side apply to update existing objects on create."""


_CHANGES = (pb.DiffResponse.DIFF_NONE, pb.DiffResponse.DIFF_SOME)


class _FailedError(Exception):
    """An answer that is an error; `detail` keeps an object in the state that is not as wanted."""

    def __init__(self, text: str, detail: pb.ErrorResourceInitFailed | None = None) -> None:
        super().__init__(text)
        self.detail = detail


def _partial(text: str, failure: Exception, state: Obj, inputs: Obj | None = None) -> _FailedError:
    """Word a failure of an object that exists, in the form from which the engine keeps it and tries again."""
    reasons = [text, *(failure.reasons if isinstance(failure, NotReadyError) else [])]
    detail = pb.ErrorResourceInitFailed(id=full_name(plain(state)), properties=encode(state), reasons=reasons)
    if inputs is not None:
        detail.inputs.CopyFrom(encode(inputs))
    return _FailedError(text, detail)


def _answered(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any, grpc.ServicerContext], Any]:
    """Turn exceptions into what the engine shows."""

    @wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request)
        except (_FailedError, LabError, ApiError, NoMatchError, NotReadyError) as failure:
            if detail := getattr(failure, "detail", None):
                packed = Packed()
                packed.Pack(detail)
                status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(failure), details=[packed])
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, str(failure))

    return answer


def _state(inputs: Obj, live: Obj, secrets: Obj, version: str, fields: str) -> Obj:
    """Return what the state keeps of an object: the live one, beside the inputs it was made from."""
    kept = mark_secrets(plain(inputs, "-", "_"), secrets)
    known = {"__inputs": kept, "__initialApiVersion": version, "__fieldManager": fields}
    return mark_secrets(plain(live, "-", "_"), secrets) | known


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
        self.api = Api(connect(*(self.config.get(key) for key in ("kubeconfig", "context", "namespace"))))
        self.api.call("GET", "/version")
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True)

    @_answered
    def Check(self, request: pb.CheckRequest) -> pb.CheckResponse:
        news, old = decode(request.news), plain(decode(request.olds))
        obj = normal(plain(news))
        if obj.get("kind") != request.type.rpartition(":")[2]:
            raise LabError(f"{request.type}: the lab's stand-in knows neither Patch resources nor Helm releases")
        named(obj, old, request.name, request.randomSeed, request.autonaming.proposed_name)
        if not obj["metadata"].get("namespace") and self.api.namespaced(obj):
            obj["metadata"]["namespace"] = self.api.cluster.namespace
        return pb.CheckResponse(inputs=encode(mark_secrets(obj, news)))

    @_answered
    def Diff(self, request: pb.DiffRequest) -> pb.DiffResponse:
        live, new = plain(decode(request.olds)), normal(plain(decode(request.news)))
        was = normal(live.get("__inputs", {}))
        old, namespaced = pruned(live, was), self.api.namespaced(new)
        old["metadata"]["name"] = live["metadata"]["name"]
        for obj in (old, new):
            space = obj["metadata"].pop("namespace", "")
            obj["metadata"] |= {"namespace": space or "default"} if namespaced else {}
        mutable = {kind for kind in ("Secret", "ConfigMap") if self._option(f"enable{kind}Mutable")}
        found = compare(old, new, was, mutable, list(request.ignoreChanges))
        replaces = sorted(path for path, change in found.items() if change % 2)
        same = all(new["metadata"].get(k) == live["metadata"].get(k) for k in ("name", "namespace"))
        return pb.DiffResponse(
            changes=_CHANGES[bool(found)],
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and same and not annotation(new, "autonamed"),
            detailedDiff={k: pb.PropertyDiff(kind=cast(Any, v), inputDiff=v in (2, 3)) for k, v in found.items()},
            hasDetailedDiff=True,
        )

    @_answered
    def Create(self, request: pb.CreateRequest) -> pb.CreateResponse:
        given = decode(request.properties)
        obj, wait = plain(given), self._wait(request, plain(given))
        if request.preview and (unknown(obj) or not self.api.exists(obj)):
            return pb.CreateResponse(properties=request.properties)
        fields = manager(obj, {})
        upsert = fields if self._option("upsertExistingObjects") else ""
        try:
            live = operations.create(obj, wait, request.preview, upsert)
        except NoMatchError as failure:
            kind = f"{obj['apiVersion']}/{obj['kind']}"
            raise _FailedError(
                f'creation of resource "{request.urn}" with kind {kind} failed because the Kubernetes API server '
                "reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been "
                f"created: {failure}"
            ) from failure
        except ApiError as failure:
            exists = failure.reason == "AlreadyExists"
            if request.preview and (exists or failure.code == 403 or failure.kind == "namespaces"):
                return pb.CreateResponse(properties=request.properties)
            text = f'resource "{request.urn}" was not successfully created by the Kubernetes API server: {failure}'
            raise _FailedError(text + _EXISTS * exists) from failure
        if request.preview:
            live.pop("status", None)
            return pb.CreateResponse(properties=encode(_state(obj, live, given, obj["apiVersion"], fields)))
        if obj["kind"] == "CustomResourceDefinition":
            self.api.kinds.clear()
        try:
            live = operations.until_ready(obj, live, wait)
        except (NotReadyError, ApiError, LabError) as failure:
            raise _partial(
                f'resource "{request.urn}" was successfully created, but the Kubernetes API server reported that it '
                f"failed to fully initialize or become live: {failure}",
                failure,
                _state(obj, getattr(failure, "live", live), given, obj["apiVersion"], fields),
            ) from failure
        wait.say("")
        return pb.CreateResponse(
            id=full_name(live), properties=encode(_state(obj, live, given, obj["apiVersion"], fields))
        )

    @_answered
    def Update(self, request: pb.UpdateRequest) -> pb.UpdateResponse:
        given, state = decode(request.news), plain(decode(request.olds))
        obj = normal(plain(given))
        if request.preview and (unknown(obj) or not self.api.exists(obj)):
            return pb.UpdateResponse(properties=request.news)
        wait, fields = self._wait(request, obj), manager(obj, state)
        version = state.get("__initialApiVersion", obj["apiVersion"])
        try:
            live = operations.update(obj, list(request.ignoreChanges), fields, wait, request.preview)
            live = live if request.preview else operations.until_ready(obj, live, wait)
        except (ApiError, NoMatchError, NotReadyError, LabError) as failure:
            if request.preview and getattr(failure, "code", 0) == 403:
                return pb.UpdateResponse(properties=request.news)
            try:
                live = self.api.get(obj)
            except (ApiError, NoMatchError) as gone:
                text = f'update of resource "{request.urn}" failed: {failure}\nunable to get cluster state: {gone}'
                raise _FailedError(text) from failure
            raise _partial(
                f'the Kubernetes API server reported that "{full_name(live)}" failed to fully initialize or become '
                f"live: {failure}",
                failure,
                _state(obj, live, given, version, fields),
            ) from failure
        wait.say("")
        return pb.UpdateResponse(properties=encode(_state(obj, live, given, version, fields)))

    @_answered
    def Read(self, request: pb.ReadRequest) -> pb.ReadResponse:
        given, state = decode(request.inputs), plain(decode(request.properties))
        was, fields = normal(plain(given)), manager({}, state)
        space, _, name = request.id.rpartition("/")
        group, kind = request.type.removeprefix("kubernetes:").rsplit(":", 1)
        obj = {"apiVersion": group.removeprefix("core/"), "kind": kind, "metadata": {"name": name, "namespace": space}}
        obj |= {k: v for k, v in (was or state).items() if k in ("apiVersion", "kind")}
        wait, late = self._wait(request, was), None
        try:
            live = self.api.get(obj)
            if was:
                operations.ready_now(was, live, wait)
        except NotReadyError as failure:
            live, late = failure.live, failure
        except (ApiError, NoMatchError) as failure:
            if isinstance(failure, NoMatchError) or failure.code == 404:
                return pb.ReadResponse()
            raise
        found = pruned(live, was) if was else imported(live)
        kept = _state(found, live, given, state.get("__initialApiVersion", live["apiVersion"]), fields)
        inputs = mark_secrets(found, given)
        if late:
            raise _partial(str(late), late, kept, inputs)
        return pb.ReadResponse(id=request.id, properties=encode(kept), inputs=encode(inputs))

    @_answered
    def Delete(self, request: pb.DeleteRequest) -> Empty:
        obj = plain(decode(request.properties))
        inputs = obj.get("__inputs", {})
        try:
            operations.delete(inputs, obj, self._wait(request, inputs))
        except NotReadyError as failure:
            raise _partial(str(failure), failure, decode(request.properties)) from failure
        return Empty()

    def _option(self, name: str) -> bool:
        """Say whether a switch of the provider is on: in its inputs or, as PULUMI_K8S_…, in the environment."""
        variable = "PULUMI_K8S_" + re.sub("([A-Z])", r"_\1", name.replace("ConfigMap", "Configmap")).upper()
        return str(self.config.get(name, os.environ.get(variable))).lower() == "true"

    def _wait(self, request: Any, obj: Obj) -> Wait:
        def tell(text: str, severity: int, passing: bool = True) -> None:
            if self.engine:
                with contextlib.suppress(grpc.RpcError):
                    self.engine.Log(
                        LogRequest(severity=cast(Any, severity), message=text, urn=request.urn, ephemeral=passing)
                    )

        api = replace(self.api, warn=lambda text: tell(text, WARNING, passing=False))
        timeout = getattr(request, "timeout", 0) or float(annotation(obj, "timeoutSeconds") or 600)
        return Wait(api, tell, self.cancelled, timeout)
