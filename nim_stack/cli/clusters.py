"""Which cluster and which deployment a command is about: from a stack, or from options."""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nim_stack.cli import stack_files
from nim_stack.cli.stack_files import StackFile, StackFileError, chosen_stack, read_stack_file
from nim_stack.cli.stack_plan import plan_of
from nim_stack.plan import DeploymentPlan
from nim_stack.settings import Cluster
from nim_stack.settings.reading import read_settings

if TYPE_CHECKING:
    from nim_stack.operations.cluster.reader import Reader

_SAY = "Say which deployment: -s <stack>, or --namespace <namespace> --name <name>."


@dataclass(frozen=True)
class Target:
    """One deployment in one cluster."""

    namespace: str
    name: str
    cluster: Cluster
    file: StackFile | None = None
    """The settings of its stack, with those of the command line; None where no stack file has them."""

    @property
    def plan(self) -> DeploymentPlan:
        """The plan of the stack.

        Raises:
            StackFileError: no stack file has the settings of the deployment.
            RefusedError: with every reason why there is none.
            NotJudgedError: it depends on an ESC environment that is not known.
        """
        if self.file is None:
            raise StackFileError(
                f"{self.namespace}/{self.name} has no settings in a stack file, and the command compares the cluster "
                "with settings. Put them under <project>:nim of a stack file, also for a program that holds them "
                "itself, and name the stack with -s. `nim-stack smoke` and `nim-stack diagnose` need no settings."
            )
        return plan_of(self.file)

    def reader(self) -> "Reader":
        """A connection to the cluster, which only reads."""
        from nim_stack.operations.cluster.reader import connect

        return connect(self.cluster)


def add_options(command: argparse.ArgumentParser, *, keys: bool = True, deployment: bool = True) -> None:
    """Options for `target`.

    Args:
        command: the parser of a command.
        keys: whether the command judges which keys there are.
        deployment: whether the command can do without a stack, for a deployment that is named.
    """
    stack_files.add_options(command, "the deployment", keys=keys)
    if deployment:
        command.add_argument("--namespace", help="namespace of the deployment, without or instead of the stack's")
        command.add_argument("--name", help="name of the deployment, without or instead of the stack's")
    command.add_argument("--kubeconfig", help="kubeconfig file; without it the stack's, else KUBECONFIG")
    command.add_argument("--context", help="context in it")
    command.add_argument("--json", action="store_true", help="for programs")


def target(given: argparse.Namespace) -> Target:
    """What the options name.

    Raises:
        StackFileError: too little is named, or the stack cannot be read.
    """
    named = bool(given.namespace and given.name)
    if given.stack is None and named:
        return Target(given.namespace, given.name, _cluster(given, Cluster()))
    stack = chosen_stack(given, _SAY)
    file = read_stack_file(stack, given.directory, getattr(given, "assume", ()))
    if not file.has_settings and not file.unknown:
        if named:
            return Target(given.namespace, given.name, _cluster(given, Cluster()))
        raise StackFileError(
            f"{file.name} has no {file.config.namespace}:nim. Name the deployment of a program that holds its settings "
            "itself: --namespace <namespace> --name <name>."
        )
    file = file.replacing({key: value for key in ("namespace", "name") if (value := getattr(given, key))})
    settings, problems = read_settings(file.settings)
    if settings is None or problems:
        first = problems[0].placed(file.locate) if problems else "nim is not a mapping"
        raise StackFileError(f"{file.name} cannot be read: {first} See `nim-stack plan -s {stack}`.")
    return Target(settings.namespace, settings.name, _cluster(given, settings.cluster), file)


def _cluster(given: argparse.Namespace, cluster: Cluster) -> Cluster:
    changes = {key: value for key in ("kubeconfig", "context") if (value := getattr(given, key))}
    return cluster.model_copy(update=changes)
