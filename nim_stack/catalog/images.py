"""What an image's name says of it: whose it is, and whether it brings a model."""

from dataclasses import dataclass

from nim_stack.base import names
from nim_stack.catalog.entries import ModelSpec


@dataclass(frozen=True)
class Image:
    """An image by its name with tag or digest; a mirror keeps the last part of the repository."""

    reference: str

    @property
    def repository(self) -> str:
        """Last part of the repository."""
        return self.reference.split("@")[0].rpartition("/")[2].split(":")[0]

    @property
    def is_licensed(self) -> bool:
        """Whether it comes from NGC itself."""
        return self.reference.startswith(f"{names.NGC_REGISTRY}/")

    @property
    def is_nim_2_0(self) -> bool:
        """Whether it is a release of NIM 2.0, whose vLLM is 0.17 to 0.20 (NVIDIA's release notes)."""
        return self.is_licensed and self.reference.rpartition(":")[2].startswith("2.0.")

    def mirrors(self, reference: str) -> bool:
        """Whether it may be a copy of the other one, under whatever registry."""
        return self.repository == Image(reference).repository

    def brings(self, model: ModelSpec | None) -> bool:
        """Whether it is the image of this model alone."""
        if model is None:
            return False
        return self.repository == model.name or (model.nim_image is not None and self.mirrors(model.nim_image))
