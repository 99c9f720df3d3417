"""Types of documents: what was read from JSON or YAML, and what is written as Kubernetes objects."""

from typing import Any

Json = dict[str, Any]
"""An object of JSON or YAML as it was read, whose values nobody has checked."""
Manifest = dict[str, Any]
"""A Kubernetes object, or a part of one, in the words of its API."""
