"""The Kubernetes resource plugin, asked as the engine asks it, and what its provider can be set to."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from lab import environment

_SCHEMA_BYTES = 64 << 20
"""The schema has 7 MB, more than gRPC takes by default."""


class _Engine(engine_pb2_grpc.EngineServicer):
    """Takes what the plugin would tell the user."""

    def Log(self, _request: engine_pb2.LogRequest, _context: grpc.ServicerContext) -> Empty:  # noqa: N802
        return Empty()


@contextmanager
def running(
    program: Path, variables: Mapping[str, str] | None = None
) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """Start the plugin and speak with it; it is not configured yet.

    Args:
        variables: added to this process's environment.
    """
    server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    process = subprocess.Popen(
        [program, address],
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(
            f"127.0.0.1:{port}", [("grpc.max_receive_message_length", _SCHEMA_BYTES)]
        ) as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.terminate()
        process.communicate()
        server.stop(None)


@cache
def provider_settings(program: Path) -> frozenset[str]:
    """Names of what the plugin's provider can be set to, such as `enableSecretMutable`, by its own schema."""
    with running(program) as plugin:
        schema = json.loads(plugin.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    return frozenset(schema["provider"]["inputProperties"])


def refuses_taken_names() -> bool:
    """Whether a create in the lab fails where the name is taken.

    From 4.29.0 on it does, unless the provider has `upsertExistingObjects`; an older plugin takes the object over
    without a word (pkg/await/await.go of pulumi-kubernetes).
    """
    return "upsertExistingObjects" in provider_settings(environment.plugin())
