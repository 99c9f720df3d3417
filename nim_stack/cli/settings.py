"""`nim-stack settings`: what a stack may say."""

import argparse
from typing import Any

from nim_stack.base.tables import table


def add_command(commands: Any) -> None:
    """Add the command `settings` to the parser of `nim-stack`."""
    command = commands.add_parser("settings", help="what a stack may say", description="List the settings.")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="the page docs/settings.md")
    form.add_argument("--json-schema", action="store_true", help="the schema of stack files, for editors")
    command.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from nim_stack.settings import json_schema as schema
    from nim_stack.settings import page as document

    if given.json_schema:
        print(schema.text(), end="")
    elif given.markdown:
        print(document.page(), end="")
    else:
        settings = [row for section in document.sections() for row in section.rows]
        rows = [(row.path, document.plain(row.kind), "required" if row.required else row.default) for row in settings]
        print(table(("setting", "type", "default"), rows))
    return 0
