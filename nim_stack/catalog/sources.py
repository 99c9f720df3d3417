"""Where a model that the image does not bring comes from: the forms of `nim.model` beside a name of the catalogue.

NIM's page on model-free deployment names the schemes, its page on model download the forms. ModelScope is not offered:
nothing here could say what such a model needs.
"""

import re
from dataclasses import dataclass
from typing import Literal

Scheme = Literal["hf", "ngc", "s3", "gs", "path"]

_FORMS: dict[Scheme, str] = {
    "hf": r"hf://(?P<name>\w[\w.-]*/\w[\w.-]*)(?:[@:](?P<revision>\w[\w./-]*))?",
    "ngc": r"ngc://(?P<name>[\w.-]+(?:/[\w.-]+){1,2})(?::(?P<revision>[\w.-]+))?",
    "s3": r"s3://(?P<name>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[^\s?#]*[^\s?#/])?)/?(?P<revision>)",
    "gs": r"gs://(?P<name>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](?:/[^\s?#]*[^\s?#/])?)/?(?P<revision>)",
    "path": r"(?P<name>/.*)(?P<revision>)",
}
FORMS = (
    "hf://<owner>/<model>[@<revision>]",
    "ngc://<org>/<team>/<model>:<version>",
    "s3://<bucket>/<directory>",
    "gs://<bucket>/<directory>",
    "an absolute path",
)
"""The forms that `nim.model` can have beside a name of the catalogue, as messages show them."""


@dataclass(frozen=True)
class ModelSource:
    """A place that a model is fetched from, or a directory inside the container."""

    scheme: Scheme
    name: str
    revision: str | None

    @property
    def model_path(self) -> str:
        """NIM_MODEL_PATH. NIM separates a revision by a colon; the open image takes either sign."""
        if self.scheme == "path":
            return self.name
        return f"{self.scheme}://{self.name}" + (f":{self.revision}" if self.revision else "")

    @property
    def served_name(self) -> str:
        """The model's name for clients: the hub's `owner/name`, else the last part."""
        return self.name if self.scheme == "hf" else self.name.rstrip("/").rpartition("/")[2] or self.name


def read_source(text: str) -> ModelSource | None:
    """The source that a model's setting names, or None when it is of none of the forms."""
    for scheme, form in _FORMS.items():
        found = re.fullmatch(form, text)
        if found:
            return ModelSource(scheme, found["name"], found["revision"] or None)
    return None
