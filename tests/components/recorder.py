"""A resource monitor for tests that records what the engine would be asked, options included.

Pulumi's mocks hand over inputs alone; the options are what most of these tests are about.
"""

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, set_all_config, set_mocks
from pulumi.runtime.settings import SETTINGS, get_root_resource
from pulumi.runtime.stack import Stack, run_pulumi_func

_SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""How the wire marks a secret (sdk/go/common/resource/sig)."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"


@dataclass
class Recording:
    """What a program registered, by resource name."""

    requests: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)
    """Outputs of the stack."""
    hooks: list[str] = field(default_factory=list)
    resource_hooks: dict[str, pulumi.ResourceHook] = field(default_factory=dict)
    error_hooks: dict[str, pulumi.ErrorHook] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def inputs(self, name: str) -> dict[str, Any]:
        """Inputs as sent, secrets still marked."""
        inputs: dict[str, Any] = json_format.MessageToDict(self.requests[name].object)
        return inputs

    def names_of(self, kind: str) -> list[str]:
        return sorted(name for name, request in self.requests.items() if request.type.rpartition(":")[2] == kind)

    def dependencies(self, name: str) -> set[str]:
        """Names of the resources that this one waits for."""
        return {urn.rpartition("::")[2] for urn in self.requests[name].dependencies}

    def parent(self, name: str) -> str:
        return str(self.requests[name].parent).rpartition("::")[2]

    def provider(self, name: str) -> str:
        """Name of the provider resource that serves this one."""
        return str(self.requests[name].provider).split("::")[-2]


def is_secret(value: object) -> bool:
    return isinstance(value, Mapping) and value.get(_SIGNATURE) == _SECRET


def reveal(value: Any) -> Any:
    return value["value"] if is_secret(value) else value


class _Mocks(mocks.Mocks):
    def __init__(self, live: Mapping[str, Mapping[str, Any]], unconfigured: bool = False) -> None:
        self._live = live
        self._unconfigured = unconfigured

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program calls {args.token}, which needs a plugin at every preview")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if self._unconfigured:
            # The engine asks no plugin whose configuration is unknown, and gives back no output (provider_plugin.go).
            return None, {}
        return f"{args.name}-id", {**args.inputs, **self._live.get(args.name, {})}


class _Monitor(mocks.MockMonitor):
    def __init__(self, mocked: _Mocks, recording: Recording) -> None:
        super().__init__(mocked)
        self._recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        self._recording.requests[request.name] = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        outputs = json_format.MessageToDict(request.outputs)
        self._recording.outputs[request.urn.rpartition("::")[2]] = outputs
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


class _Callbacks:
    """Takes the place of the callback server, which the SDK starts for real engines only."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        self._recording.hooks.append(hook.name)
        self._recording.error_hooks[hook.name] = hook

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self._recording.resource_hooks[hook.name] = hook


class _Log(logging.Handler):
    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def emit(self, record: logging.LogRecord) -> None:
        self._recording.log.append(record.getMessage())


def deploy(
    program: Callable[[], object],
    *,
    live: Mapping[str, Mapping[str, Any]] | None = None,
    config: Mapping[str, str] | None = None,
    secret_keys: tuple[str, ...] = (),
    preview: bool = False,
    unconfigured: bool = False,
    project: str = "nim-stack",
) -> Recording:
    """Run a program and record it.

    Args:
        program: makes the resources.
        live: overrides outputs by resource name, as a cluster would.
        config: of the stack.
        secret_keys: keys of `config` that are secret.
        preview: whether it is one.
        unconfigured: whether no output is known, as in the first preview of a program that makes its cluster.
        project: name of the project.
    """
    recording = Recording()
    logger = logging.Logger("deploy")
    logger.addHandler(_Log(recording))

    async def run() -> None:
        # What a program raises reaches every output that it goes through. It is raised here once; without a word about
        # the others, which the collector would otherwise write wherever it happens to run.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        # The SDK keeps what a program that was refused has not awaited, for a loop that is closed by now.
        SETTINGS.outputs.clear()
        monitor = _Monitor(_Mocks(live or {}, unconfigured), recording)
        set_mocks(_Mocks({}), project, "test", preview or unconfigured, logger, monitor)
        SETTINGS.callbacks = _Callbacks(recording)
        set_all_config(dict(config or {}), list(secret_keys))
        await run_pulumi_func(lambda: _run(program, recording))

    asyncio.run(run())
    return recording


def _run(program: Callable[[], object], recording: Recording) -> None:
    program()
    stack = get_root_resource()
    assert isinstance(stack, Stack)
    for name, value in stack.outputs.items():
        pulumi.Output.from_input(value).apply(functools.partial(recording.exports.__setitem__, name))


def known(output: pulumi.Output[Any], into: list[Any]) -> None:
    """Keep the value of an output for after the run."""
    output.apply(into.append)
