"""NIM profiles: what a name says of the split. A hash says nothing before the container looks it up."""

import re
from dataclasses import dataclass
from typing import get_args

from nim_stack.values.types import Precision

_NAME = re.compile(
    r"(?P<engine>[a-z_]+)-(?:[a-z0-9_.]+-)*?(?P<precision>[a-z]+[0-9]+)-tp(?P<tensor>[1-9][0-9]{0,3})"
    r"(?:-pp(?P<pipeline>[1-9][0-9]{0,3}))?(?:-.+)?"
)
_HASH = re.compile(r"[0-9a-f]{64}")
FORM = "vllm-<precision>-tp<N>-pp<M>"


@dataclass(frozen=True)
class Profile:
    """A profile, as far as it can be known before the container runs."""

    engine: str | None = None
    precision: str | None = None
    tensor_parallel: int | None = None
    pipeline_parallel: int | None = None

    @property
    def is_hash(self) -> bool:
        """Whether the profile is named by its hash, which says nothing of engine, precision and sizes."""
        return self.engine is None


def read_profile(text: str) -> Profile | None:
    """The profile that a name or a hash stands for, or None when it is neither."""
    if _HASH.fullmatch(text):
        return Profile()
    found = _NAME.fullmatch(text)
    if found is None or found["precision"] not in get_args(Precision):
        return None
    return Profile(found["engine"], found["precision"], int(found["tensor"]), int(found["pipeline"] or 1))
