"""A YAML document as values that know their line.

The events are those of libyaml (PyYAML), of whose C code Go's yaml.v3 is a translation, so that both see the same
structure in the same text. What PyYAML makes of the words, YAML 1.1, is not used: see `scalars`.

Depth and number of values are counted while the events come, aliases included, against the bounds of `bounds`.
"""

import codecs
from dataclasses import dataclass, field
from typing import Any

import yaml

from nim_stack.base.problems import Place
from nim_stack.settings.files.bounds import LOADER, MOST_DEPTH, MOST_VALUES, TOO_DEEP, TOO_MANY, check_bytes
from nim_stack.settings.files.errors import StackFileError
from nim_stack.settings.files.scalars import as_key, scalar

_MERGE_TAGS = (None, "!", "tag:yaml.org,2002:merge")


@dataclass(frozen=True, eq=False)
class Node:
    """One value of a document."""

    value: Any
    """Plain Python: dict with text as keys, list, text, int, float, bool or None."""
    place: Place
    children: "dict[str, tuple[Place, Node]] | list[Node] | None" = None
    """Of a mapping: by key, the place of the key and the value. Of a list: the items. None for one word."""
    size: int = 1
    """Values in it, itself included."""
    depth: int = 1

    def locate(self, path: str, key: Place) -> Place:
        """The place of a setting below this node, or of its nearest parent that is there.

        Args:
            path: keys and positions in lists, joined by dots. A key may have dots itself. Empty: the node itself.
            key: the place of the key of this node.
        """
        node, place, rest = self, key, path
        while rest:
            step = node._step(rest)
            if step is None:
                return place
            place, node, rest = step
        return place

    def has(self, path: str) -> bool:
        """Whether a setting below this node is there; the path is that of `locate`."""
        node, rest = self, path
        while rest:
            step = node._step(rest)
            if step is None:
                return False
            _, node, rest = step
        return True

    def _step(self, rest: str) -> "tuple[Place, Node, str] | None":
        """Place and node of the first part of the path, and the rest of the path."""
        if isinstance(self.children, list):
            head, _, tail = rest.partition(".")
            if head.isascii() and head.isdigit() and len(head) < 9 and int(head) < len(self.children):
                item = self.children[int(head)]
                return item.place, item, tail
        elif self.children:
            for key in sorted(self.children, key=len, reverse=True):
                if rest == key or rest.startswith(f"{key}."):
                    return (*self.children[key], rest[len(key) + 1 :])
        return None


@dataclass
class _Open:
    """A list or mapping whose end has not come."""

    place: Place
    is_list: bool
    anchor: str | None
    parts: list[tuple[Node, str | None, bool]] = field(default_factory=list)
    """Values in their order, keys included; the text of a key that is a word, and whether it is a merge key."""
    size: int = 1


def read_document(data: bytes, name: str) -> Node | None:
    """The first document, which is all that Pulumi reads; None where there is none.

    Args:
        data: the content of a file: UTF-8, with or without a byte order mark, or UTF-16 with one.
        name: what the file is called in errors and places.

    Raises:
        StackFileError: it is too large, not text, not YAML, or YAML that Pulumi refuses, such as one with a key that is
            there twice.
    """
    check_bytes(len(data), name)
    try:
        return _Composer(name).compose(decoded(data, name))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else None
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise StackFileError(f"it is not YAML: {what}.", place or Place(name, 1, 1)) from None
    except yaml.YAMLError as error:
        raise StackFileError(f"{name} is not YAML: {' '.join(str(error).split())}.") from None


def decoded(data: bytes, name: str) -> str:
    """Text of a file in one of the encodings that Pulumi reads.

    Raises:
        StackFileError: it is none of them.
    """
    encodings = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    encoding = next((encoding for mark, encoding in encodings if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise StackFileError(
            f"{name} is not UTF-8 text, nor UTF-16 with a byte order mark (line {line}: {error.reason}). "
            "Save it as UTF-8."
        ) from None
    if "\0" in text:
        raise StackFileError(f"{name} is not text: it has the character NUL. Save it as UTF-8.")
    return text


class _Composer:
    def __init__(self, name: str) -> None:
        self._name = name
        self._anchors: dict[str, tuple[Node, str | None] | None] = {}
        """None while the node with the anchor is still open."""
        self._open: list[_Open] = []
        self._root: Node | None = None

    def compose(self, text: str) -> Node | None:
        for event in yaml.parse(text, Loader=LOADER):
            match event:
                case yaml.ScalarEvent():
                    self._word(event)
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                    self._start(event)
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    self._end()
                case yaml.DocumentStartEvent(version=(_, minor)) if minor != 1:
                    raise StackFileError("Pulumi reads YAML 1.1 alone: leave %YAML out.", self._place(event))
                case yaml.DocumentEndEvent():
                    break
        return self._root

    def _place(self, event: Any) -> Place:
        return Place(self._name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _word(self, event: Any) -> None:
        place, quoted = self._place(event), event.style in ("'", '"', "|", ">")
        try:
            value = scalar(event.value, event.tag, quoted)
        except ValueError as error:
            raise StackFileError(f"the value does not fit its tag: {error}.", place) from None
        merge = event.value == "<<" and event.tag in _MERGE_TAGS
        self._add(Node(value, place), event.anchor, event.value, merge)

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        if event.anchor not in self._anchors:
            raise StackFileError(f"there is no anchor &{event.anchor} before this.", place)
        found = self._anchors[event.anchor]
        if found is None:
            raise StackFileError(f"the value of the anchor &{event.anchor} has itself in it.", place)
        node, _ = found
        copy = Node(node.value, place, node.children, node.size, node.depth)
        self._add(copy, None, f"*{event.anchor}" if self._open else None, False)

    def _start(self, event: Any) -> None:
        place = self._place(event)
        if len(self._open) >= MOST_DEPTH:
            raise StackFileError(f"{TOO_DEEP}.", place)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(place, isinstance(event, yaml.SequenceStartEvent), event.anchor))

    def _end(self) -> None:
        done = self._open.pop()
        depth = 1 + max((part.depth for part, *_ in done.parts), default=0)
        if depth + len(self._open) > MOST_DEPTH:
            raise StackFileError(f"{TOO_DEEP}.", done.place)
        if done.is_list:
            items = [part for part, *_ in done.parts]
            node = Node([item.value for item in items], done.place, items, done.size, depth)
        else:
            children = self._mapping(done)
            values = {key: value.value for key, (_, value) in children.items()}
            node = Node(values, done.place, children, done.size, depth)
        self._add(node, done.anchor, None, False)

    def _add(self, node: Node, anchor: str | None, text: str | None, merge: bool) -> None:
        if anchor:
            self._anchors[anchor] = (node, text)
        if not self._open:
            self._root = node
            return
        around = self._open[-1]
        around.parts.append((node, text, merge))
        around.size += node.size
        if sum(each.size for each in self._open) > MOST_VALUES:
            raise StackFileError(f"{TOO_MANY}.", node.place)

    def _mapping(self, done: _Open) -> dict[str, tuple[Place, Node]]:
        found: dict[str, tuple[Place, Node]] = {}
        seen: dict[str, Place] = {}
        merged: Node | None = None
        for (key, text, merge), (value, *_) in zip(done.parts[0::2], done.parts[1::2], strict=True):
            if text in seen:
                raise StackFileError(
                    f"the key {text} is there twice, first in line {seen[text].line}; Pulumi refuses the file.",
                    key.place,
                )
            if text is not None:
                seen[text] = key.place
            if merge:
                merged = value
            elif (word := as_key(key.value)) is not None:
                found[word] = (key.place, value)
            else:
                raise StackFileError("a key is in braces or brackets, and Pulumi takes only words as keys.", key.place)
        for source in _sources(merged):
            for name, child in source.items():
                found.setdefault(name, child)
        return found


def _sources(merged: Node | None) -> "list[dict[str, tuple[Place, Node]]]":
    """The mappings of a merge key, the one that counts most first.

    Raises:
        StackFileError: something else than mappings stands there.
    """
    if merged is None:
        return []
    found = []
    for node in merged.children if isinstance(merged.children, list) else [merged]:
        if not isinstance(node.children, dict):
            raise StackFileError("the key << needs a mapping, or a list of mappings.", merged.place)
        found.append(node.children)
    return found
