"""How large a YAML document may be, and a look at its size before values are made of it.

Neither a nest of a million brackets nor aliases that stand for a billion values need more than a moment, or more memory
than the file has.
"""

from typing import Any, Final

import yaml

from nim_stack.settings.files.errors import StackFileError

MOST_BYTES: Final = 1024 * 1024
"""Of a file. etcd takes objects of 1.5 MiB, and a stack file is one part of what makes them."""
MOST_VALUES: Final = 20_000
"""Of a document, keys included, each alias counted as often as it is used. The longest example has some hundreds."""
MOST_DEPTH: Final = 64
"""Of values inside each other."""
TOO_DEEP: Final = f"values stand inside each other more than {MOST_DEPTH} deep"
TOO_MANY: Final = f"it has more than {MOST_VALUES:,} values, keys and aliases included"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""With libyaml where PyYAML was built with it."""


def check_bytes(count: int, name: str) -> None:
    """Refuse a file that is too large to read.

    Args:
        count: its bytes.
        name: what it is called.

    Raises:
        StackFileError: it has more than `MOST_BYTES`.
    """
    if count > MOST_BYTES:
        raise StackFileError(f"{name} has more than {MOST_BYTES:,} bytes, and no larger file is read.")


def check_values(text: str, name: str) -> None:
    """Refuse documents that would become too many values, or values too deep inside each other.

    Args:
        text: one or more YAML documents.
        name: what the file is called.

    Raises:
        StackFileError: there are more than `MOST_VALUES` or `MOST_DEPTH`.
        yaml.YAMLError: it is not YAML.
    """
    sizes: dict[str, tuple[int, int]] = {}
    around: list[tuple[str | None, int, int]] = []
    for event in yaml.parse(text, Loader=LOADER):
        match event:
            case yaml.DocumentStartEvent():
                sizes, around = {}, [(None, 0, 0)]
                continue
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                around.append((event.anchor, 1, 1))
                size, depth = 0, 0
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                anchor, size, depth = around.pop()
                if anchor:
                    sizes[anchor] = (size, depth)
            case yaml.ScalarEvent():
                size, depth = 1, 1
            case yaml.AliasEvent():
                size, depth = sizes.get(event.anchor or "", (1, 1))
            case _:
                continue
        anchor, total, deepest = around[-1]
        around[-1] = (anchor, total + size, max(deepest, depth + 1))
        line = event.start_mark.line + 1 if event.start_mark else 0
        if sum(each[1] for each in around) > MOST_VALUES:
            raise StackFileError(f"{name}, line {line}: {TOO_MANY}.")
        if len(around) - 1 + depth > MOST_DEPTH:
            raise StackFileError(f"{name}, line {line}: {TOO_DEEP}.")
