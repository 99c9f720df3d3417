"""Keeps `ray start` to what vLLM needs; Ray calls it by its variable RAY_START_HOOK.

Left out: the autoscaler's monitor, the log monitor (ranks log to their own pod), Ray's client server (a second port
open to code), and the dashboard process, which Ray starts for its usage statistics even with
`--include-dashboard=false`, and then waits for. Each is a Python process that imports Ray: together 5 s of CPU.
"""

from typing import Any


def lean(parameters: Any, head: bool) -> None:
    """Change the parameters (`ray._private.parameter.RayParams`) of the node that is about to start."""
    parameters.no_monitor = True
    parameters.include_log_monitor = False
    parameters.ray_client_server_port = None
    if head:
        _leave_out_dashboard()


def _leave_out_dashboard() -> None:
    """Not a parameter, so a method of Ray's node is replaced; a Ray without it starts its dashboard as ever."""
    from ray._private.node import Node

    if hasattr(Node, "start_api_server"):
        Node.start_api_server = _nothing


def _nothing(*args: Any, **kwargs: Any) -> None:
    del args, kwargs
