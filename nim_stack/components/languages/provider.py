"""The plugin `pulumi-resource-nim-stack`: it gives the engine the schema, and makes components for other languages."""

import asyncio
import json
import sys
from typing import Any

import grpc
import pulumi
import pulumi_kubernetes as k8s
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import ConstructRequest, ConstructResponse, provider_pb2_grpc

import nim_stack
from nim_stack.components.languages.offered import OFFERED
from nim_stack.components.languages.package_schema import package_schema
from nim_stack.components.languages.received import received

__all__ = ["NimStackProvider", "NimStackServicer", "main"]
_ADOPTER = "adopting_provider"


class NimStackProvider(Provider):
    """Makes the components of `OFFERED`."""

    def __init__(self) -> None:
        super().__init__(nim_stack.__version__, json.dumps(package_schema()))

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """One component, with everything that it registers.

        Raises:
            pulumi.RunError: the component refuses its arguments.
            pulumi.errors.InputPropertiesError: there is no such component, or its arguments are not such that it could
                judge them.
        """
        kind = resource_type.rpartition(":")[2]
        offered = OFFERED.get(kind)
        if offered is None:
            raise InputPropertiesError(f"{resource_type}: the components are {', '.join(sorted(OFFERED))}.", [])
        args = received(offered, inputs)
        if _ADOPTER in args and not isinstance(args[_ADOPTER], k8s.Provider):
            raise InputPropertiesError(
                "arguments that cannot work:",
                [{"property_path": "adoptingProvider", "reason": "it is not a provider of the package kubernetes"}],
            )
        made = offered.component(name, offered.prepared(args, f"{resource_type.rpartition(':')[2]} {name}"), options)
        return ConstructResult(
            made.urn, {key: value for key, value in offered.gives(made).items() if value is not None}
        )


class NimStackServicer(ProviderServicer):
    """Answers the engine. What a component refuses arrives as its own sentences, without a traceback of Python."""

    async def _construct(self, request: ConstructRequest, context: Any) -> ConstructResponse:
        try:
            return await super()._construct(request, context)
        except Exception as error:
            if not isinstance(error, pulumi.RunError) and not _of_engine(error):
                raise
            # The one error that the SDK hands on without the frames of the plugin. It fails where there is no list.
            raise InputPropertiesError(str(error), []) from None


def _of_engine(error: BaseException) -> bool:
    """Whether the engine refused a request, such as for a resource that could not be created.

    The SDK raises an error from itself, so that the chain of causes may be a circle.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if isinstance(each, grpc.RpcError):
            return True
        if id(each) not in seen:
            seen.add(id(each))
            waiting += [before for before in (each.__cause__, each.__context__) if before is not None]
    return False


def main() -> None:
    """Serve until the engine ends the process. The engine's address is the last argument; the port is printed first.

    Raises:
        SystemExit: there is no address, so that nobody but a person has started it.
    """
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if not words:
        raise SystemExit(
            "pulumi-resource-nim-stack is a plugin, which Pulumi starts itself; the command is nim-stack. "
            "`pulumi package get-schema` with the path of this program shows what the plugin offers."
        )
    asyncio.run(_serve(words[-1]))


async def _serve(engine: str) -> None:
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    servicer = NimStackServicer(NimStackProvider(), sys.argv[1:], engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    main()
