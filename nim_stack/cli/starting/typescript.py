"""A project whose program is in TypeScript, with the settings in the program."""

import json
import re
from collections.abc import Mapping
from typing import Any

from nim_stack.base.names import PROJECT
from nim_stack.cli.starting import common
from nim_stack.cli.starting.choice import Choice

_OPTIONS = {
    "strict": True,
    "target": "es2022",
    "module": "commonjs",
    "moduleResolution": "node",
    "skipLibCheck": True,
    "noEmit": True,
}
_PACKAGES = {
    "dependencies": {"@pulumi/pulumi": "^3.269.0", PROJECT: f"file:sdks/{PROJECT}"},
    "devDependencies": {"@types/node": "^20", "ts-node": "^10", "typescript": "^5"},
}


def files(choice: Choice) -> dict[str, str]:
    """The text of each file, by its path below the folder of the project."""
    package = re.sub(r"^[._]+", "", choice.project.lower()) or "nim"
    return {
        "Pulumi.yaml": common.project_file(choice, "nodejs"),
        "index.ts": _program(choice),
        "package.json": common.json_text({"name": package, "private": True, "main": "index.ts", **_PACKAGES}),
        "tsconfig.json": common.json_text({"compilerOptions": _OPTIONS, "files": ["index.ts"]}),
        "requirements.txt": common.requirements(choice.requirement),
        ".gitignore": "venv/\nnode_modules/\nsdks/\n",
        "README.md": common.readme(choice, "index.ts", steps(choice)),
    }


def steps(choice: Choice) -> list[str]:
    """Commands from the folder of the project to a model that answers."""
    return [
        common.ENVIRONMENT,
        "pulumi package add ./venv/bin/pulumi-resource-nim-stack",
        "pulumi install",
        f"pulumi stack init {choice.stack}",
        *common.setting_keys(choice),
        "pulumi preview",
        "pulumi up",
    ]


def _program(choice: Choice) -> str:
    keys = "".join(f'    {key}: config.requireSecret("{key}"),\n' for key in choice.keys)
    config = "const config = new pulumi.Config();\n\n" if keys else ""
    imported = 'import * as pulumi from "@pulumi/pulumi";\n' if keys else ""
    return (
        f'{imported}import {{ NimStack }} from "nim-stack";\n\n{config}'
        "// Plain values: they decide sizes. A setting that is misspelt here does not compile.\n"
        f'const chat = new NimStack("chat", {{\n    settings: {_literal(choice.settings, 1)},\n{keys}}});\n\n'
        "export const endpoint = chat.endpoint;\nexport const gpus = chat.gpus.total;\n"
    )


def _literal(value: Any, depth: int) -> str:
    """A value as TypeScript writes it; JSON, but for the quotes around names."""
    if not isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    inside = "    " * (depth + 1)
    parts = "".join(f"{inside}{name}: {_literal(part, depth + 1)},\n" for name, part in value.items())
    return f"{{\n{parts}{'    ' * depth}}}"
