"""The image: which one serves, and what is known of it by its name."""

from dataclasses import dataclass
from functools import cached_property

from nim_stack.catalog.images import Image
from nim_stack.deployment.model_choice import ModelChoice


@dataclass(frozen=True)
class ImageChoice:
    """What `nim.image` and the model stand for."""

    model: ModelChoice

    @cached_property
    def reference(self) -> str:
        """Name and tag: as given, else the model's own image, else the one that serves any model."""
        own = self.model.named.nim_image if self.model.named else None
        return self.model.settings.image or own or self.model_free

    @property
    def model_free(self) -> str:
        """The licensed image that serves any model."""
        return self.model.catalog.images.model_free

    @property
    def is_licensed(self) -> bool:
        """Whether the image is pulled from NVIDIA's registry."""
        return Image(self.reference).is_licensed

    @property
    def is_nim_2_0(self) -> bool:
        """Whether the tag is one of NIM 2.0."""
        return Image(self.reference).is_nim_2_0

    @property
    def brings_model(self) -> bool:
        """Whether the image knows its model, as the model-specific ones do."""
        return Image(self.reference).brings(self.model.named)

    @property
    def is_nim(self) -> bool:
        """Whether the image is one of NVIDIA's, under whatever registry it is mirrored."""
        return self.is_licensed or self.brings_model or Image(self.reference).mirrors(self.model_free)

    @property
    def supervised(self) -> bool:
        """Whether the first process of the pods is the supervisor of the open image."""
        said = self.model.settings.healing.supervisor
        return not self.is_nim if said is None else said

    @property
    def precision_known(self) -> bool:
        """Whether the precision follows from the settings. A model-specific image chooses among its profiles."""
        if self.model.checkpoint is None:
            return False
        return bool(self.model.precision_asked or self.model.precision_follows_from_name or not self.brings_model)
