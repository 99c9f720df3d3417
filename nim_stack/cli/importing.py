"""`nim-stack import helm | nimservice | table`: a stack file from what another deployer is told."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nim_stack.base.tables import table
from nim_stack.cli import import_report as report
from nim_stack.cli.planning import OPTIONS
from nim_stack.cli.stack_files import HF_TOKEN, NGC_KEY, StackFileError
from nim_stack.deployment.keys import NO_KEY, Keys
from nim_stack.importing import parity
from nim_stack.importing.draft import Draft
from nim_stack.importing.helm import values as helm
from nim_stack.importing.operator import objects as nimservice
from nim_stack.importing.reading import read_documents, read_values
from nim_stack.importing.result import Import, conclude, give_options
from nim_stack.settings.files.project import Project, absolute, find_project, read_file, short_name, shown
from nim_stack.settings.files.stack import NIM, NO_PROJECT, read_config

_FURTHER = {
    "name": ("--name", "name of the deployment"),
    "namespace": ("--namespace", "namespace of the deployment, which is there already"),
    "image": ("--image", "image with a tag or digest"),
    "storage.storageClass": ("--storage-class", "class for a new claim"),
    "storage.existingClaim": ("--claim", "existing claim with the weights"),
}


def add_command(commands: Any) -> None:
    """Add the command `import` to the parser of `nim-stack`."""
    command = commands.add_parser(
        "import",
        help="a stack from values of the nim-llm chart or from a NIMService",
        description="Write a stack file from what another deployer is told, and say what became of every value.",
    )
    kinds = command.add_subparsers(required=True, metavar="KIND")
    values = kinds.add_parser(
        "helm",
        help="values of the nim-llm chart",
        description="Import values of the nim-llm chart. Exit code 1: the plan refuses the result, 2: unreadable.",
    )
    values.add_argument("file", help="values file, or - for what `helm get values` prints")
    values.add_argument("--chart-version", metavar="VERSION", help="2.0 or 1.x; else judged by the values")
    values.set_defaults(run=_helm)
    objects = kinds.add_parser(
        "nimservice",
        help="a NIMService and its NIMCache",
        description="Import a NIMService of the NIM Operator. Exit code 1: the plan refuses the result, 2: unreadable.",
    )
    objects.add_argument("file", nargs="+", help="files with the NIMService and its NIMCache, or -")
    objects.set_defaults(run=_nimservice)
    for kind in (values, objects):
        _add_options(kind)
    rows = kinds.add_parser("table", help="every name and its setting", description="List what goes where.")
    rows.add_argument("--markdown", action="store_true", help="the page docs/parity.md")
    rows.set_defaults(run=_table)


def _add_options(command: argparse.ArgumentParser) -> None:
    where = command.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", type=Path, help="stack file to write; without it the file is printed")
    where.add_argument("-s", "--stack", help="write Pulumi.<stack>.yaml of the project")
    command.add_argument(
        "-C", "--directory", type=Path, default=Path(), help="folder of the Pulumi project, or one below it"
    )
    command.add_argument("--force", action="store_true", help="replace settings that the file has already")
    command.add_argument("--json", action="store_true", help="settings and report for programs, on standard output")
    given = command.add_argument_group("settings", "in place of what is imported")
    for setting, (flag, kind, what) in OPTIONS.items():
        given.add_argument(flag, dest=setting, type=kind, help=what)
    for setting, (flag, what) in _FURTHER.items():
        given.add_argument(flag, dest=setting, help=what)


def _helm(given: argparse.Namespace) -> int:
    values = read_values(given.file)
    chart, known_by = _chart(given.chart_version, values)
    draft = _draft(given, helm.KEYS_KEPT_BY)
    helm.take_values(draft, values, chart, known_by)
    return _write(draft, given, f"values of the nim-llm chart, read as {chart} ({known_by})")


def _chart(asked: str | None, values: dict[str, Any]) -> tuple[helm.Chart, str]:
    if asked is None:
        return helm.chart_of(values)
    major = asked.removeprefix("v").partition(".")[0]
    if major not in ("1", "2", "3"):
        raise StackFileError(f"--chart-version {asked}: it is 1.x or 2.0, or a version of either.")
    return ("1.x" if major == "1" else "2.0"), "--chart-version"


def _nimservice(given: argparse.Namespace) -> int:
    draft = _draft(given, nimservice.KEYS_KEPT_BY)
    nimservice.take_objects(draft, [item for path in given.file for item in read_documents(path)])
    return _write(draft, given, "a NIMService of the NIM Operator")


def _table(given: argparse.Namespace) -> int:
    print(parity.page() if given.markdown else table(("there", "here", "what is to be said"), parity.rows()), end="")
    return 0


def _draft(given: argparse.Namespace, keys_kept_by: str) -> Draft:
    draft = Draft(keys_kept_by)
    options = {setting: flag for setting, (flag, *_) in (OPTIONS | _FURTHER).items()}
    chosen = {setting: (flag, getattr(given, setting)) for setting, flag in options.items()}
    give_options(draft, {setting: found for setting, found in chosen.items() if found[1] is not None})
    if given.namespace is not None:
        draft.take("--namespace", given.namespace, "createNamespace", False, "it is there already")
    return draft


def _write(draft: Draft, given: argparse.Namespace, source: str) -> int:
    path, project = _goal(given)
    there = _There.of(path, project, given.force)
    found = conclude(draft, there.keys)
    text = report.stack_file(found, source, f"{there.namespace}:{NIM}", there.others)
    if path is not None:
        _write_file(path, text)
    if given.json:
        print(json.dumps(report.document(found, source), indent=2, default=str))
    else:
        if path is None:
            print(text, end="")
        print(_told(found, source, path), file=sys.stderr)
    return 0 if found.works else 1


def _goal(given: argparse.Namespace) -> tuple[Path | None, Project | None]:
    """The file to write, None for standard output, and its project."""
    if given.output:
        folder = given.output.absolute().parent
        return given.output, find_project(folder) if folder.is_dir() else None
    project = find_project(given.directory)
    if given.stack is None:
        return None, project
    if project is not None:
        return Path(shown(project.stack_file(given.stack))), project
    return given.directory / f"Pulumi.{short_name(given.stack)}.yaml", None


def _told(found: Import, source: str, path: Path | None) -> str:
    written = [f"written: {path}"] if path else []
    return "\n\n".join([f"read: {source}", report.page(found), *written])


@dataclass(frozen=True)
class _There:
    """What the file to write has already."""

    namespace: str
    """The project, whose program reads the settings."""
    keys: Keys
    others: dict[str, Any]
    """Everything beside the settings, which is kept: keys, and what decrypts them."""

    @classmethod
    def of(cls, path: Path | None, project: Project | None, force: bool) -> "_There":
        """What a file has.

        Raises:
            StackFileError: it is no stack file, or has settings that may not be replaced.
        """
        if path is None or not path.exists():
            return cls(project.name if project else NO_PROJECT, NO_KEY, {})
        config = read_config(absolute(path.parent) / path.name, project)
        settings = config.own(NIM)
        if settings is not None and settings.node.value is not None and not settings.from_project and not force:
            raise StackFileError(f"{path} has settings already; --force replaces them, and keeps its keys.")
        root = read_file(path)
        others = json.loads(json.dumps(root.value if root else None)) or {}
        kept = (others.get("config") or {}).items()
        others["config"] = {key: value for key, value in kept if key not in (NIM, f"{config.namespace}:config:{NIM}")}
        ngc, hub = ((entry := config.own(key)) is not None and bool(entry.node.value) for key in (NGC_KEY, HF_TOKEN))
        return cls(config.namespace, Keys(ngc=ngc, hub=hub), others)


def _write_file(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StackFileError(f"{path} cannot be written ({error.strerror}).") from None
