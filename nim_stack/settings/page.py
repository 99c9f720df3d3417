"""The page on the settings, written from their schema: `nim-stack settings --markdown > docs/settings.md`."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nim_stack.settings.json_schema import FILE, Schema, settings_schema

_HEAD = f"""# Settings

What a stack says, under `nim:` in `Pulumi.<stack>.yaml`. Three settings suffice:

```yaml
# yaml-language-server: $schema=./{FILE}
config:
  nim-stack:nim:
    model: llama-3.1-405b-instruct
    nodes: 2
    storage: {{storageClass: shared-nvme}}
```

Everything else follows from them, the catalogue and the defaults below; `nim-stack plan` shows what. `examples/stacks`
has a file for each usual set-up. Keys are no settings: `pulumi config set --secret ngcApiKey` and `hfToken`.

The first line of the example lets an editor with YAML's language server (VS Code with the YAML extension, Neovim)
complete and check the file as it is written; IntelliJ maps files to schemas in its settings. The path is relative to
the stack file. Values of a Kubernetes type are written as Kubernetes writes them, and checked against that type and
what the API server takes in it. What the form of a value cannot show is judged by the rules (`rules.md`).

This page is written from the settings themselves (`nim-stack settings --markdown > docs/settings.md`), the schema by
`nim-stack settings --json-schema > {FILE}`.

## In a project of your own

The key of the settings has the name of the project, from `Pulumi.yaml`: `team-llm:nim` in a project `team-llm`. `nim`
alone means the same. The schema marks the settings of any project, and `nim-stack import helm values.yaml -s llama`
writes the key of the project that it writes into.

`nim-stack` finds the project as Pulumi does: `Pulumi.yaml` in the folder of `-C`, or in the nearest folder above it.
`stackConfigDir` is followed. Without `-s` a command takes the stack of `PULUMI_STACK`, else the one that
`pulumi stack select` chose. Where one is selected in each of several backends, `nim-stack` asks the command `pulumi`.

- **Values of `Pulumi.<stack>.yaml`** are read as Pulumi reads them: `yes` and `1:30` are text, and a key that is there
  twice is refused.
- **Defaults in `Pulumi.yaml`** (`default`, `value`) count where the stack file has no value.
- **`environment:`** (Pulumi ESC): the command `pulumi config --json` says which keys there are. It does not open the
  environment.
- **`environment:` without the command `pulumi` or without a login**: what the environment brings is not known, and a
  warning (NIM006) says so. A key that it may bring is no reason for a refusal. Where a setting is missing that it may
  bring, the plan is not judged, and the exit code is 2.
- **No settings in a stack file**, since the program holds them itself: `smoke` and `diagnose` take `--namespace` and
  `--name`; `plan`, `render` and `doctor` need settings in a stack file.

Settings are written in camelCase. `gpus_per_node` is accepted with a warning (NIM007), so that older stacks can be
updated.
"""
_GROUPS = {"model": "Model and sizes", "name": "Names", "image": "Image and engine", "wait": "Waiting"}
"""Headings of the settings that are no mappings, by the first one under each."""


@dataclass(frozen=True)
class Code:
    """Text that stands like this in a stack file; a page sets it in the type of code."""

    text: str


Phrase = tuple[str | Code, ...]


@dataclass(frozen=True)
class Row:
    """What a table says of one setting."""

    path: str
    """The keys of the stack file that lead to the setting, with dots between them."""
    kind: Phrase
    """Which values the setting takes."""
    default: str | None
    """The value without the setting, as YAML has it; None when there is none."""
    required: bool
    description: str


@dataclass(frozen=True)
class Section:
    """The settings on one subject, which stand in one table."""

    title: str
    introduction: str
    rows: tuple[Row, ...]


def page() -> str:
    """The page docs/settings.md: a table of settings for each subject, in Markdown."""
    return _HEAD + "".join(_printed(section) for section in sections())


def sections() -> list[Section]:
    """Every setting, by subject, in the order of the settings' class."""
    schema = settings_schema()
    walk = _Walk(schema["$defs"])
    title, plain = "", dict[str, list[Row]]()
    mappings = []
    for name, value in schema["properties"].items():
        title = _GROUPS.get(name, title)
        if walk.is_mapping(value):
            rows = tuple(walk.inside(name, value))
            mappings.append(Section(f"`{name}`", walk.about(value), rows))
        else:
            plain.setdefault(title, []).extend(walk.rows(name, value, name in schema.get("required", [])))
    return [*(Section(heading, "", tuple(rows)) for heading, rows in plain.items()), *mappings]


class _Walk:
    """Rows of a schema; a definition that was shown before is referred to."""

    def __init__(self, definitions: dict[str, Schema]) -> None:
        self._definitions = definitions
        self._shown: dict[str, str] = {}

    def is_mapping(self, value: Schema) -> bool:
        return self._definition(value) is not None and value.get("type") != "array"

    def about(self, value: Schema) -> str:
        """What a mapping is for, how to write it shorter, and whether it has to be asked for."""
        definition = self._definitions[self._definition(value) or ""]
        parts = [definition["description"]]
        if "anyOf" in definition:
            parts.append(f"In short: {value['description']}")
        if "anyOf" in value:
            parts.append("Without the setting there is none.")
        return " ".join(parts)

    def rows(self, path: str, value: Schema, required: bool) -> Iterator[Row]:
        name = self._definition(value)
        shown = self._shown.get(name or "")
        kind = self._kind(value) + ((" as ", Code(shown)) if shown else ())
        yield Row(path, kind, _default(value), required, _description(value))
        if name and not shown:
            yield from self.inside(path + ("[]" if value.get("type") == "array" else ""), value)

    def inside(self, path: str, value: Schema) -> Iterator[Row]:
        """The fields of a mapping, or of the mappings of a list."""
        name = self._definition(value) or ""
        self._shown[name] = path
        definition = self._definitions[name]
        whole: Schema = next(option for option in definition.get("anyOf", [definition]) if "properties" in option)
        for field, inner in whole["properties"].items():
            yield from self.rows(f"{path}.{field}", inner, field in whole.get("required", []))

    def _definition(self, value: Schema) -> str | None:
        """Name of the settings class that the value, one of its forms or each of its items has."""
        for part in (value, value.get("items", {}), *value.get("anyOf", [])):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and "." not in name:
                return name
        return None

    def _kind(self, value: Schema) -> Phrase:
        if "anyOf" in value:
            return _joined(" or ", [self._kind(option) for option in value["anyOf"] if option != {"type": "null"}])
        if "$ref" in value:
            name = value["$ref"].rpartition("/")[2]
            return (f"Kubernetes {name.split('.')[1]}" if "." in name else "mapping",)
        if "enum" in value:
            return _joined(", ", [(Code(str(option)),) for option in value["enum"]])
        kind = value.get("type")
        match kind[0] if isinstance(kind, list) else kind:
            case "array":
                return ("list of ", *self._kind(value["items"]))
            case "object":
                return ("mapping" if value.get("additionalProperties") is True else "mapping of text",)
            case "integer" | "number" as number:
                return (("whole number" if number == "integer" else "number") + _bounds(value),)
            case "boolean":
                return (Code("true"), ", ", Code("false"))
            case _:
                return ("text",)


def plain(phrase: Phrase) -> str:
    """The phrase for a terminal, where code looks like all other text."""
    return "".join(part.text if isinstance(part, Code) else part for part in phrase)


def _joined(between: str, phrases: list[Phrase]) -> Phrase:
    first, *others = phrases
    return (*first, *(part for phrase in others for part in (between, *phrase)))


def _bounds(value: Schema) -> str:
    least, most, above = value.get("minimum"), value.get("maximum"), value.get("exclusiveMinimum")
    if least is not None and most is not None:
        return f" {least} to {most}"
    return f" ≥ {least}" if least is not None else f" > {above}" if above is not None else ""


def _default(value: Schema) -> str | None:
    default: Any = value.get("default")
    if default in (None, [], {}):
        return None
    return default if isinstance(default, str) else json.dumps(default)


def _description(value: Schema) -> str:
    """Without the words that repeat the type."""
    text = re.sub(r"^(true or false|Whole number from [01]): ", "", value.get("description", ""))
    return text[:1].upper() + text[1:] if text != value.get("description") else text


def _printed(section: Section) -> str:
    rows = "".join(
        f"| `{row.path}` | {_marked(row.kind)} | {_marked_default(row)} | {_escaped(row.description)} |\n"
        for row in section.rows
    )
    introduction = f"{section.introduction}\n\n" if section.introduction else ""
    return f"\n## {section.title}\n\n{introduction}| setting | type | default | what it is |\n|---|---|---|---|\n{rows}"


def _marked(phrase: Phrase) -> str:
    """The phrase in Markdown."""
    return "".join(f"`{part.text}`" if isinstance(part, Code) else part for part in phrase)


def _marked_default(row: Row) -> str:
    if row.required:
        return "**required**"
    return "–" if row.default is None else f"`{row.default}`"


def _escaped(text: str) -> str:
    """Text in a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;")
