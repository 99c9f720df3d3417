"""The command `lab`: its parser, and what each of its subcommands runs."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence

from lab import bench, cluster, environment, health, machine, network, prove, serve
from lab.address import CONTROL, NODES
from lab.console import LabError, say
from lab.machine import Machine
from lab.paths import LOGS
from lab.toolchain import build


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    top = argparse.ArgumentParser(
        prog="lab", description="A real two-node Kubernetes cluster on this machine, sealed in its own network."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="bring the lab up (builds what is missing; harmless when it is up)")
    commands.add_parser("serve", help="up, then `pulumi up` on the stack dev, then a completion from the model")
    down = commands.add_parser("down", help="end and remove everything that runs")
    down.add_argument("--purge", action="store_true", help="remove the caches (builds, packages, images) too")
    status = commands.add_parser("status", help="what runs, and whether it is well; exit code 1 when it is not")
    status.add_argument("--json", action="store_true", help="for programs")
    kubectl = commands.add_parser("kubectl", help="kubectl against the lab: lab kubectl get pods -A")
    kubectl.add_argument("words", nargs=argparse.REMAINDER, metavar="ARG")
    logs = commands.add_parser("logs", help="a component's log; without a name, the list of logs")
    logs.add_argument("name", nargs="?")
    logs.add_argument("-f", "--follow", action="store_true", help="go on printing what is added")
    execute = commands.add_parser("exec", help="run a command in the lab's network and environment")
    execute.add_argument("-m", "--machine", choices=(CONTROL, *NODES), help="on this machine, its files and processes")
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    timing = commands.add_parser("bench", help="how long everything takes, as JSON, beside the bare floor")
    timing.add_argument("--runs", type=int, default=5, help="runs of the floor and of up, in turn (default 5)")
    prove.add_command(commands)
    commands.add_parser("prepare", help="only build and download what `up` needs; nothing is started")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. 1: an error that is explained, 130: Ctrl-C."""
    options = parser().parse_args(argv)
    try:
        return _run(options)
    except LabError as error:
        say(f"lab: {error}")
        return 1
    except KeyboardInterrupt:
        say("lab: interrupted; run the same command again to go on")
        return 130


def _run(options: argparse.Namespace) -> int:
    if options.command == "up":
        cluster.up()
    elif options.command == "serve":
        serve.serve()
    elif options.command == "bench":
        if options.runs < 1:
            raise LabError(f"--runs {options.runs}: there is nothing to measure; use 1 or more")
        bench.main(options.runs)
    elif options.command == "prove":
        return prove.run(options)
    elif options.command == "prepare":
        cluster.prepare()
    elif options.command == "down":
        cluster.down(purge=options.purge)
    elif options.command == "status":
        return _status(options.json)
    elif options.command == "logs":
        return _logs(options.name, options.follow)
    elif options.command == "kubectl":
        _enter(None, [str(build.KUBERNETES.path), "kubectl", *options.words])
    elif options.command == "exec":
        words = options.words[1:] if options.words[:1] == ["--"] else options.words
        if not words:
            raise LabError("exec needs a command: lab exec -- pulumi stack ls")
        _enter(options.machine, words)
    return 0


def _enter(on: str | None, words: list[str]) -> None:
    """Replace this process by the command; Ctrl-C and the exit code are then the command's own."""
    if on is not None:
        enter = Machine(on).enter()
    elif network.NETNS_PATH.exists():
        enter = network.enter()
        os.environ.update(environment.environment())
    else:
        raise LabError("the lab is not up: run `lab up`")
    sys.stdout.flush()
    os.execvp(enter[0], [*enter, *words])


def _status(as_json: bool) -> int:
    states = health.health()
    machines = {name: pid for pid, name in machine.running()}
    if as_json:
        print(json.dumps({"components": states, "machines": machines}, indent=2))
    else:
        for name, state in states.items():
            print(f"{name:20} {state}")
        for name, pid in sorted(machines.items()):
            print(f"{'machine ' + name:20} process {pid}")
    return 0 if all(state == "ok" for state in states.values()) else 1


def _logs(name: str | None, follow: bool) -> int:
    files = sorted(LOGS.glob("*.log")) if LOGS.exists() else []
    if name is None:
        for file in files:
            print(f"{file.stem:28} {file.stat().st_size:>10} bytes")
        return 0
    path = LOGS / f"{name}.log"
    if not path.exists():
        raise LabError(f"no log {name!r}; there are: {', '.join(file.stem for file in files) or 'none'}")
    return subprocess.call(["tail", "-n", "+1", "-f" if follow else "-q", path])
