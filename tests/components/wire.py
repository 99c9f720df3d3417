"""Asks the plugin for a component over gRPC, as the engine does, and records what the plugin registers.

Three servers on loopback: the plugin's own servicer, and in place of the engine a resource monitor, which accepts
everything, and a log.
"""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import (
    ConstructRequest,
    GetSchemaRequest,
    engine_pb2_grpc,
    errors_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
    status_pb2,
)

from nim_stack.components.languages.provider import NimStackProvider, NimStackServicer
from tests.components.recorder import Recording

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
"""Marks of the protocol (sdk/go/common/resource/sig)."""
STACK = "urn:pulumi:test::nim-stack::pulumi:pulumi:Stack::nim-stack-test"
NOT_CREATED = "the group did not become available"
"""What the engine says of a resource that could not be created; it has told the user already."""
PROVIDER = "urn:pulumi:test::nim-stack::pulumi:providers:kubernetes::their-cluster"


@dataclass
class Answer:
    """What the plugin answered: the outputs of the component, or why there is none."""

    recording: Recording
    outputs: dict[str, Any] = field(default_factory=dict)
    refusal: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    """Property → what is wrong with it, where the refusal is about properties."""


def output(value: Any = None, *, secret: bool = False, dependencies: tuple[str, ...] = ()) -> dict[str, Any]:
    """An output as the engine sends it; None is one that is not known yet."""
    known = {} if value is None else {"value": value}
    return {_SIGNATURE: _OUTPUT, **known, "secret": secret, "dependencies": list(dependencies)}


def secret(value: Any) -> dict[str, Any]:
    return {_SIGNATURE: _SECRET, "value": value}


def reference(urn: str, identity: str) -> dict[str, Any]:
    """A resource of the other program."""
    return {_SIGNATURE: _RESOURCE, "urn": urn, "id": identity}


@dataclass
class Asked:
    """One component that a program asks for."""

    kind: str
    inputs: Mapping[str, Any]
    name: str = "nim"
    providers: Mapping[str, str] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    preview: bool = False
    live: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Overrides outputs by resource name, as a cluster would."""
    failing: str = ""
    """Name of a resource that cannot be created."""

    def request(self, monitor: str) -> ConstructRequest:
        """What the engine sends."""
        return ConstructRequest(
            project="nim-stack",
            stack="test",
            dryRun=self.preview,
            parallel=4,
            monitorEndpoint=monitor,
            type=f"nim-stack:index:{self.kind}",
            name=self.name,
            parent=STACK,
            inputs=json_format.ParseDict(dict(self.inputs), struct_pb2.Struct()),
            providers=dict(self.providers),
            dependencies=self.dependencies,
            accepts_output_values=True,
        )


def construct(kind: str, inputs: Mapping[str, Any], **further: Any) -> Answer:
    """Make one component through the plugin."""
    (answer,) = construct_together(Asked(kind, inputs, **further))
    return answer


def construct_together(*asked: Asked) -> list[Answer]:
    """Make components through one process of the plugin at the same time, as the engine does."""
    return asyncio.run(_construct(asked))


def schema() -> str:
    """The schema that the plugin gives the engine."""

    async def ask() -> str:
        servicer = NimStackServicer(NimStackProvider(), [], engine_address="127.0.0.1:1")
        answer = await servicer.GetSchema(GetSchemaRequest(), None)
        return str(answer.schema)

    return asyncio.run(ask())


async def _construct(asked: tuple[Asked, ...]) -> list[Answer]:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    with ExitStack() as engines:
        recordings = [Recording() for _ in asked]
        addresses = [engines.enter_context(_engine(kept, each)) for kept, each in zip(recordings, asked, strict=True)]
        server = grpc.aio.server()
        servicer = NimStackServicer(NimStackProvider(), [], engine_address=addresses[0])
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                plugin = provider_pb2_grpc.ResourceProviderStub(channel)
                each = zip(asked, addresses, recordings, strict=True)
                return await asyncio.gather(
                    *(_answer(plugin, one.request(address), kept) for one, address, kept in each)
                )
        finally:
            # It belongs to this event loop, and only an engine would call a hook.
            await _CallbackServicer.shutdown()  # type: ignore[no-untyped-call]
            await server.stop(None)


async def _answer(plugin: Any, request: ConstructRequest, recording: Recording) -> Answer:
    try:
        answer = await plugin.Construct(request)
    except grpc.aio.AioRpcError as error:
        return Answer(recording, refusal=error.details() or "", problems=_problems(error))
    return Answer(recording, json_format.MessageToDict(answer.state))


def _problems(error: grpc.aio.AioRpcError) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            for detail in status.details:
                told = errors_pb2.InputPropertiesError()
                if detail.Unpack(told):
                    found |= {each.property_path: each.reason for each in told.errors}
    return found


@contextmanager
def _engine(recording: Recording, asked: Asked) -> Iterator[str]:
    """Address of a resource monitor and a log."""
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Monitor(recording, asked), server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(recording), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


class _Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Accepts everything; a resource's outputs are its inputs, and what is live."""

    def __init__(self, recording: Recording, asked: Asked) -> None:
        self._recording = recording
        self._asked = asked

    def GetDeploymentInfo(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return MockMonitor(None).GetDeploymentInfo(request)  # type: ignore[no-untyped-call, arg-type]

    def SupportsFeature(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id != "outputValues")

    def RegisterResource(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self._recording.requests[request.name] = request
        if request.name == self._asked.failing:
            _context.abort(grpc.StatusCode.UNKNOWN, NOT_CREATED)
        inside = request.parent.split("::")[2].split("$")[-1]
        urn = f"urn:pulumi:test::nim-stack::{inside}${request.type}::{request.name}"
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.object)
        outputs.update(dict(self._asked.live.get(request.name, {})))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{request.name}-id", object=outputs)

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Any:  # noqa: N802
        outputs = json_format.MessageToDict(request.outputs)
        self._recording.outputs[request.urn.rpartition("::")[2]] = outputs
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self._recording.hooks.append(request.name)
        return empty_pb2.Empty()

    def RegisterResourceHook(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def RegisterPackage(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return resource_pb2.RegisterPackageResponse(ref="reference")

    def Invoke(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """The one question that a plugin asks about a resource of the other program: its state."""
        assert request.tok == "pulumi:pulumi:getResource"
        urn = request.args["urn"]
        found = struct_pb2.Struct()
        found.update({"urn": urn, "id": f"{urn.rpartition('::')[2]}-id", "state": {}})
        return resource_pb2.ResourceInvokeResponse(**{"return": found})


class _Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self._recording.log.append(request.message)
        return empty_pb2.Empty()
