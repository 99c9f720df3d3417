"""Text without what looks like a key, for everything that is printed or kept."""

import re

HIDDEN = "[hidden]"
_KEYS = re.compile(r"\b(hf_|nvapi-)[A-Za-z0-9_-]{8,}|(?<=[Bb]earer )[A-Za-z0-9._~+/-]{8,}=*")
"""Tokens of the hub and of NGC by their prefix, and whatever follows `Bearer`."""


def without_keys(text: str) -> str:
    """The text without what looks like a key."""
    return _KEYS.sub(HIDDEN, text)
