"""The catalogue: models, GPU types, fabrics and images as typed data, read from config/.

Facts about products are data, not code: a new model is a new file. In a wheel the files are inside the package, in a
checkout they stand beside it.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import Field, ValidationError

from nim_stack.base.errors import InputError
from nim_stack.catalog.entries import Checkpoint, FabricSpec, GpuSpec, ModelSpec
from nim_stack.values.types import Settings

_Entry = TypeVar("_Entry", bound=Settings)
_Named = TypeVar("_Named", ModelSpec, GpuSpec, FabricSpec)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser is ten times as fast, and the catalogue is read at every start; not every build of PyYAML has it."""


class Images(Settings):
    """Images that belong to no single model."""

    model_free: str
    """NIM that serves any model it is given the path of."""
    sources: Annotated[tuple[str, ...], Field(min_length=1)]


class Catalog(Settings):
    """The entries of the catalogue: models, GPUs and fabrics by their names, and the images."""

    models: dict[str, ModelSpec]
    gpus: dict[str, GpuSpec]
    fabrics: dict[str, FabricSpec]
    images: Images

    def on_hub(self, repository: str) -> tuple[ModelSpec, Checkpoint] | None:
        """The model that this repository of the Hugging Face hub is a checkpoint of."""
        wanted = repository.casefold()
        for model in self.models.values():
            for checkpoint in model.checkpoints:
                if checkpoint.huggingface.casefold() == wanted:
                    return model, checkpoint
        return None

    def extended(
        self, models: Iterable[ModelSpec], gpus: Iterable[GpuSpec], fabrics: Iterable[FabricSpec]
    ) -> "Catalog":
        """With a stack's own entries; one of a name that is there already is left out, which a rule refuses."""
        return self.model_copy(
            update={
                "models": _named(models) | self.models,
                "gpus": _named(gpus) | self.gpus,
                "fabrics": _named(fabrics) | self.fabrics,
            }
        )


class CatalogError(InputError):
    """A file of the catalogue cannot be read."""


def config_directory() -> Path:
    """The data files: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    shipped = package / "_config"
    return shipped if shipped.is_dir() else package.parent / "config"


@cache
def load_catalog(directory: Path | None = None) -> Catalog:
    """Read and check every file of the catalogue."""
    root = directory or config_directory()
    return Catalog.model_construct(
        models=_named(_read(path, ModelSpec) for path in sorted((root / "models").glob("*.yaml"))),
        gpus=_named(_entry(item, GpuSpec, root / "gpus.yaml") for item in _yaml(root / "gpus.yaml")),
        fabrics=_named(_entry(item, FabricSpec, root / "fabrics.yaml") for item in _yaml(root / "fabrics.yaml")),
        images=_read(root / "images.yaml", Images),
    )


def _named(entries: Iterable[_Named]) -> dict[str, _Named]:
    return {entry.name: entry for entry in entries}


def _read(path: Path, kind: type[_Entry]) -> _Entry:
    return _entry(_yaml(path), kind, path)


def _yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, yaml.YAMLError) as error:
        raise CatalogError(f"{path}: {error}") from error


def _entry(data: object, kind: type[_Entry], path: Path) -> _Entry:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise CatalogError(f"{path}: {error}") from error
