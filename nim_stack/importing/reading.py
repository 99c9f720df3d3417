"""Reading the files: YAML of one or more documents, by name or from standard input."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from nim_stack.base.errors import InputError
from nim_stack.settings.files.bounds import LOADER, MOST_BYTES, check_bytes, check_values
from nim_stack.settings.files.errors import StackFileError
from nim_stack.settings.files.nodes import decoded


class UnreadableFileError(InputError):
    """A file is not there, is not YAML, or is not of the kind that is asked for."""


UnreadableError = UnreadableFileError
"""The old name of this error, for programs that import it."""


def read_documents(path: str) -> list[dict[str, Any]]:
    """The mappings of a file, `-` for standard input; the items of a Kubernetes List one by one.

    Raises:
        UnreadableFileError: the file cannot be read, is not YAML, or has no mapping or other things beside mappings.
    """
    name = "standard input" if path == "-" else path
    try:
        text = decoded(_content(path), name)
        check_values(text, name)
        documents = [document for document in yaml.load_all(text, Loader=LOADER) if document is not None]
    except OSError as error:
        raise UnreadableFileError(f"{name} cannot be read ({error.strerror}).") from None
    except StackFileError as error:
        raise UnreadableFileError(str(error)) from None
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableFileError(f"{name} is not YAML: {' '.join(str(error).split())}") from None
    if not documents or not all(isinstance(document, dict) for document in documents):
        raise UnreadableFileError(f"{name} is not a mapping of values.")
    return [item for document in documents for item in _items(document)]


def _content(path: str) -> bytes:
    """Bytes of a file that is not too large, or of standard input.

    Raises:
        UnreadableFileError: standard input is closed.
        StackFileError: there are too many bytes.
    """
    if path != "-":
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    elif sys.stdin is None:
        raise UnreadableFileError("standard input is closed: name a file.")
    else:
        stream: Any = sys.stdin
        read: bytes | str = getattr(stream, "buffer", stream).read(MOST_BYTES + 1)
        data = read.encode() if isinstance(read, str) else read
    check_bytes(len(data), path)
    return data


def _items(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        return [item for item in items if isinstance(item, dict)]
    return [document]


def read_values(path: str) -> dict[str, Any]:
    """Values of a chart. `helm get values` puts a heading above them, which YAML takes for a key.

    Raises:
        UnreadableFileError: the file cannot be read, has several documents, or is a Kubernetes object.
    """
    documents = read_documents(path)
    if len(documents) > 1:
        raise UnreadableFileError(f"{path} has {len(documents)} documents, and a values file is one.")
    values = {key: value for key, value in documents[0].items() if not _is_heading(key, value)}
    if {"apiVersion", "kind"} <= values.keys():
        raise UnreadableFileError(
            f"{path} is a {values['kind']}, not a values file; see `nim-stack import nimservice`."
        )
    return values


def _is_heading(key: object, value: object) -> bool:
    return value is None and re.fullmatch(r"(USER-SUPPLIED|COMPUTED) VALUES", str(key)) is not None
