"""The stack that `pulumi stack select` chose, from the file in which Pulumi keeps it.

The file is `$PULUMI_HOME/workspaces/<project>-<SHA-1 of the path of Pulumi.yaml>-workspace.json` (`workspace.go` and
`settings.go` of pulumi/pulumi). PULUMI_STACK counts more (`backend/state/stacks.go`). Newer versions of Pulumi keep one
stack for each backend; which backend is logged in stands beside keys and is not read here.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from nim_stack.settings.files.project import Project


@dataclass(frozen=True)
class Selected:
    """What is known of the selected stack."""

    stack: str | None
    """None where it is not known, or none is selected."""
    why_not: str = ""
    """Without a stack, the reason."""
    ask: bool = False
    """Whether the command `pulumi` may know it."""


def selected_stack(project: Project | None) -> Selected:
    """The stack that a command without `--stack` is about.

    Args:
        project: the project of the folder; None where there is none.
    """
    if told := os.environ.get("PULUMI_STACK"):
        return Selected(told)
    if project is None:
        return Selected(None, "there is no Pulumi.yaml here or in a folder above")
    file = workspace_file(project)
    try:
        kept = json.loads(file.read_bytes())
    except FileNotFoundError:
        return Selected(None, f"no stack of the project {project.name} is selected (`pulumi stack select`)")
    except (OSError, ValueError, RecursionError):
        return Selected(None, f"{file} cannot be read")
    kept = kept if isinstance(kept, dict) else {}
    by_backend = kept.get("stacks")
    by_backend = by_backend if isinstance(by_backend, dict) else {}
    there = by_backend.get(os.environ.get("PULUMI_BACKEND_URL", "")) or kept.get("stack")
    names = {there} if there and not (by_backend and there == kept.get("stack")) else {*by_backend.values(), there}
    found = sorted(name for name in names if isinstance(name, str) and name)
    if len(found) == 1:
        return Selected(found[0])
    if found:
        why_not = f"which of the selected stacks it is depends on the backend: {', '.join(found)}"
        return Selected(None, why_not, ask=True)
    return Selected(None, f"no stack of the project {project.name} is selected (`pulumi stack select`)")


def workspace_file(project: Project) -> Path:
    """Where Pulumi keeps the selected stack of a project."""
    told = os.environ.get("PULUMI_HOME")
    home = Path(told) if told else Path.home() / ".pulumi"
    digest = hashlib.sha1(str(project.file).encode(), usedforsecurity=False).hexdigest()
    return home / "workspaces" / f"{project.name}-{digest}-workspace.json"
