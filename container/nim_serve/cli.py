"""The actions of the image: `nim-serve`, `nim-serve-ray`, `download-to-cache`, `list-model-profiles`.

The image's entrypoint is `main`, which takes the action as its first argument; each action is a command as well.
"""

import argparse
import os
import shlex
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

from nim_serve.contract import serve_config as contract
from nim_serve.contract.profiles import profiles_page
from nim_serve.contract.serve_config import ContractError, ServeConfig, parse_environment, port_problems
from nim_serve.decide.events import Exit
from nim_serve.model.fetch import fetch
from nim_serve.pod.exit_delay import delay_exit
from nim_serve.pod.health_port import Health, serve_health
from nim_serve.pod.leader import Leader
from nim_serve.pod.stopping import StopRequest
from nim_serve.pod.worker import Worker
from nim_serve.system import logs
from nim_serve.system.logs import Log
from nim_serve.system.process import become_subreaper
from nim_serve.system.termination import leave_message
from nim_serve.vllm import engine


def own_address(config: ServeConfig) -> str:
    """Give the pod's IP address, as the pod spec says or as the host name resolves."""
    if config.host_ip:
        return config.host_ip
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"


def checked_config(log: Log, ray_port: int | None = None) -> ServeConfig:
    """Read and check the environment, and set up the log.

    With a Ray port this is a pod of a group, whose exit is delayed.

    Raises:
        SystemExit: the environment cannot work. Every problem is in the log and in the termination message by then.
    """
    try:
        config = parse_environment(os.environ)
    except ContractError as wrong:
        _refuse(log, wrong.problems, in_group=ray_port is not None)
    if ray_port is not None and (clashes := port_problems(config, ray_port)):
        _refuse(log, clashes, in_group=True)
    logs.configure(config.log_level, config.jsonl)
    for name in config.ignored:
        log.warning(f"{name} is not a variable of this image and is ignored")
    if os.environ.get("NGC_API_KEY"):
        log.info("NGC_API_KEY is set; the open image does not use it")
    return config


def _refuse(log: Log, problems: Sequence[str], *, in_group: bool) -> NoReturn:
    leave_message(os.environ.get("NIM_STACK_TERMINATION_LOG", "/dev/termination-log"), "\n".join(problems))
    logs.configure("INFO", jsonl=os.environ.get("NIM_JSONL_LOGGING", "").strip().lower() in ("1", "true"))
    for problem in problems:
        log.error(problem)
    if in_group and os.environ.get("NIM_STACK_HEAL_TRIES", "").strip() != "0":
        stop = StopRequest()
        stop.install()
        delay_exit(log, stop)
    sys.exit(2)


def supervise(config: ServeConfig, make: Callable[[Health, StopRequest], Leader | Worker], *, in_group: bool) -> int:
    """Run a role as the first process of a container, and give its exit code.

    It takes signals, adopts orphans, and says why it ends. Only the exit of a pod of a group is delayed: for a pod
    alone, the kubelet backs off and keeps the log of the last container.
    """
    stop = StopRequest()
    stop.install()
    become_subreaper()
    health, log = Health(), Log("nim")
    try:
        try:
            if config.health_port is not None:
                serve_health(config.health_port, health)
            supervisor = make(health, stop)
        except OSError as taken:
            ended = Exit(1, f"a port of this pod cannot be opened: {taken}", delayed=config.limits.tries > 0)
        else:
            log = supervisor.log
            ended = supervisor.serve()
    except Exception as error:
        log.error(traceback.format_exc())
        ended = Exit(1, f"a fault of the supervisor itself: {type(error).__name__}: {error}")
    if ended.code == 0:
        log.info("stopped, as asked")
    else:
        log.error(f"exiting: {ended.reason}")
        leave_message(config.termination_log, f"{log.role}: {ended.reason}")
    if ended.delayed and in_group:
        delay_exit(log, stop, health)
    health.close()
    return ended.code


def nim_serve(arguments: Sequence[str]) -> int:
    """Run `nim-serve [--dry-run] [vLLM arguments]`: one pod, no Ray."""
    config = checked_config(Log("server"))
    extra = [word for word in arguments if word != "--dry-run"]
    if "--dry-run" in arguments:
        print(shlex.join(engine.command(config, extra, ray=config.nodes > 1)))
        return 0
    if config.nodes > 1:
        Log("server").error(
            f"NIM_NUM_COMPUTE_NODES={config.nodes}: nim-serve is for one node; "
            f"use {contract.SERVE_RAY} --head in the leader and {contract.SERVE_RAY} --head-address in the workers"
        )
        return 2
    port = contract.DEFAULT_RAY_PORT  # of no use here
    return supervise(
        config, lambda *own: Leader(config, port, own_address(config), extra, *own, ray=False), in_group=False
    )


def _ray_arguments(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog=contract.SERVE_RAY, allow_abbrev=False)
    role = parser.add_mutually_exclusive_group(required=True)
    role.add_argument("--head", action="store_true", help="be the leader: Ray head and API server")
    role.add_argument("--head-address", metavar="HOST:PORT", help="be a worker of this leader")
    parser.add_argument("--port", type=int, default=contract.DEFAULT_RAY_PORT, help="the head's port (leader only)")
    return parser.parse_known_args(arguments)


def nim_serve_ray(arguments: Sequence[str]) -> int:
    """Run `nim-serve-ray --head --port P` or `nim-serve-ray --head-address HOST:PORT`: one pod of a group."""
    given, extra = _ray_arguments(arguments)
    if given.head:
        config = checked_config(Log("leader"), given.port)
        ip = own_address(config)
        return supervise(config, lambda *own: Leader(config, given.port, ip, extra, *own, ray=True), in_group=True)
    host, _, port = given.head_address.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        print(f"--head-address {given.head_address!r}: use <host>:<port>", file=sys.stderr)
        return 2
    config = checked_config(Log("worker"), int(port))
    return supervise(config, lambda *own: Worker(config, host, int(port), *own), in_group=True)


def download_to_cache(arguments: Sequence[str]) -> int:
    """Run `download-to-cache [-p PROFILE]`: fill the cache with NIM_MODEL_PATH and end."""
    parser = argparse.ArgumentParser(prog=contract.DOWNLOAD, description=download_to_cache.__doc__)
    parser.add_argument("-p", "--profile", "--profiles", help="taken for NIM's sake: all profiles have the same files")
    parser.parse_args(arguments)
    return fetch(checked_config(Log("download")))


def list_model_profiles(arguments: Sequence[str]) -> int:
    """Run `list-model-profiles`: print what this image offers; it works without a model as well."""
    argparse.ArgumentParser(prog=contract.LIST_PROFILES, description=list_model_profiles.__doc__).parse_args(arguments)
    config = checked_config(Log("profiles")) if os.environ.get("NIM_MODEL_PATH") else None
    print(profiles_page(config))
    return 0


RUN: dict[str, Callable[[Sequence[str]], int]] = {
    contract.SERVE: nim_serve,
    contract.SERVE_RAY: nim_serve_ray,
    contract.DOWNLOAD: download_to_cache,
    contract.LIST_PROFILES: list_model_profiles,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the image's entrypoint and give the exit code: the action, then its arguments; without any, serve."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    action = words.pop(0) if words and not words[0].startswith("-") else contract.SERVE
    if action not in RUN:
        print(f"unknown action {action!r}: use one of {', '.join(contract.ACTIONS)}", file=sys.stderr)
        return 2
    return RUN[action](words)


def serve_command() -> int:
    """Run the console script nim-serve."""
    return nim_serve(sys.argv[1:])


def serve_ray_command() -> int:
    """Run the console script nim-serve-ray."""
    return nim_serve_ray(sys.argv[1:])


def download_command() -> int:
    """Run the console script download-to-cache."""
    return download_to_cache(sys.argv[1:])


def profiles_command() -> int:
    """Run the console script list-model-profiles."""
    return list_model_profiles(sys.argv[1:])
