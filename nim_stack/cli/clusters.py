"""Which cluster and which deployment a command is about: from a stack, or from options."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nim_stack.cli.stack_files import StackFileError, read_stack_file
from nim_stack.deployment.keys import NO_KEY, Keys
from nim_stack.plan import DeploymentPlan, plan_deployment
from nim_stack.settings import Cluster, StackSettings
from nim_stack.settings.reading import read_settings

if TYPE_CHECKING:
    from nim_stack.operations.cluster.reader import Reader


@dataclass(frozen=True)
class Target:
    """One deployment in one cluster."""

    namespace: str
    name: str
    cluster: Cluster
    settings: StackSettings | None = None
    """The settings of the stack; None when the command was told a namespace and a name instead of a stack."""
    raw: Any = None
    where: str = "the settings"
    """What messages call the origin of the settings: the path of the stack file."""
    keys: Keys = NO_KEY

    @property
    def plan(self) -> DeploymentPlan:
        """The plan of the stack.

        Raises:
            RefusedError: with every reason why there is none.
        """
        return plan_deployment(self.raw, keys=self.keys, where=self.where)

    def reader(self) -> "Reader":
        """A connection to the cluster, which only reads."""
        from nim_stack.operations.cluster.reader import connect

        return connect(self.cluster)


def add_options(command: argparse.ArgumentParser, *, stack_alone: bool = False) -> None:
    """Options for `target`; `stack_alone` where the stack's plan is needed and not only the deployment's name."""
    command.add_argument("-s", "--stack", required=stack_alone, help="the deployment of Pulumi.<stack>.yaml")
    command.add_argument("-C", "--directory", type=Path, default=Path(), help="where the stack files are")
    if not stack_alone:
        command.add_argument("--namespace", help="namespace of the deployment, without or instead of the stack's")
        command.add_argument("--name", help="name of the deployment, likewise")
    command.add_argument("--kubeconfig", help="kubeconfig file; without it the stack's, else KUBECONFIG")
    command.add_argument("--context", help="context in it")
    command.add_argument("--json", action="store_true", help="for programs")


def target(given: argparse.Namespace) -> Target:
    """What the options name.

    Raises:
        StackFileError: too little is named, or the stack cannot be read.
    """
    if given.stack is None:
        if not given.namespace or not given.name:
            raise StackFileError("Say which deployment: -s <stack>, or --namespace <namespace> --name <name>.")
        return Target(given.namespace, given.name, _cluster(given, Cluster()))
    file = read_stack_file(given.stack, given.directory)
    settings, problems = read_settings(file.settings)
    if settings is None or problems:
        first = problems[0] if problems else "nim is not a mapping"
        raise StackFileError(f"{file.name} cannot be read: {first} See `nim-stack plan -s {given.stack}`.")
    return Target(
        getattr(given, "namespace", None) or settings.namespace,
        getattr(given, "name", None) or settings.name,
        _cluster(given, settings.cluster),
        settings,
        file.settings,
        file.name,
        file.given_keys,
    )


def _cluster(given: argparse.Namespace, cluster: Cluster) -> Cluster:
    changes = {key: value for key in ("kubeconfig", "context") if (value := getattr(given, key))}
    return cluster.model_copy(update=changes)
