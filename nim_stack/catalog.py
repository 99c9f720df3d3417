"""The catalogue: models, GPUs and images as typed data, read from config/.

Facts about products are data, not code: a new model is a new file. In a wheel the files are inside the package, in a
checkout they stand beside it.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import Field, ValidationError

from nim_stack.settings import Count, Settings

_Entry = TypeVar("_Entry", bound=Settings)
Gigabytes = Annotated[float, Field(gt=0)]


class Architecture(Settings):
    """The numbers that decide how a model can be split."""

    layers: Count
    attention_heads: Count
    kv_heads: Count
    context_length: Count


class ModelSpec(Settings):
    """One model: where it comes from and what it takes."""

    name: str
    served_name: str
    huggingface: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    nim_image: str
    """Model-specific NIM image; it knows its model, so it needs no NIM_MODEL_PATH."""
    architecture: Architecture
    weights_gb: Gigabytes
    """Size of the files in the precision they are published in, in 10⁹ bytes."""
    gated: bool
    """Whether the hub gives the files only to users who accepted a licence."""
    sources: Annotated[tuple[str, ...], Field(min_length=1)]


class GpuSpec(Settings):
    """One GPU type and the node label by which to find it."""

    name: str
    product_label: str
    """Value of `nvidia.com/gpu.product`, set by NVIDIA's GPU feature discovery."""
    sources: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def node_selector(self) -> dict[str, str]:
        return {"nvidia.com/gpu.product": self.product_label}


class Images(Settings):
    """Images that belong to no single model."""

    model_free: str
    """NIM that serves any model it is given the path of."""
    sources: Annotated[tuple[str, ...], Field(min_length=1)]


class Catalog(Settings):
    """All entries, by name."""

    models: dict[str, ModelSpec]
    gpus: dict[str, GpuSpec]
    images: Images


class CatalogError(ValueError):
    """A file of the catalogue cannot be read."""


def config_directory() -> Path:
    """The data files: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    shipped = package / "_config"
    return shipped if shipped.is_dir() else package.parent / "config"


@cache
def load_catalog(directory: Path | None = None) -> Catalog:
    """Read and check every file of the catalogue."""
    root = directory or config_directory()
    models = [_read(path, ModelSpec) for path in sorted((root / "models").glob("*.yaml"))]
    gpus = [_entry(item, GpuSpec, root / "gpus.yaml") for item in _yaml(root / "gpus.yaml")]
    return Catalog(
        models={model.name: model for model in models},
        gpus={gpu.name: gpu for gpu in gpus},
        images=_read(root / "images.yaml", Images),
    )


def _read(path: Path, kind: type[_Entry]) -> _Entry:
    return _entry(_yaml(path), kind, path)


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CatalogError(f"{path}: {error}") from error


def _entry(data: object, kind: type[_Entry], path: Path) -> _Entry:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise CatalogError(f"{path}: {error}") from error
