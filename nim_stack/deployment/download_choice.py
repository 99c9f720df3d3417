"""The download: where the model comes from, and which pods fetch it."""

from dataclasses import dataclass
from functools import cached_property

from nim_stack.catalog.sources import ModelSource, read_source
from nim_stack.deployment.image_choice import ImageChoice


@dataclass(frozen=True)
class DownloadChoice:
    """What `nim.download` and `nim.storage` mean for this model and image."""

    image: ImageChoice

    @cached_property
    def source(self) -> ModelSource | None:
        """Where the model is fetched from; None when the image brings it, or when the setting cannot be read."""
        return None if self.image.brings_model else read_source(self.image.model.hub_path)

    @property
    def happens(self) -> bool:
        """Whether something is fetched at all, be it by pods or by a Job."""
        at_a_path = self.source is not None and self.source.scheme == "path"
        return not self.image.model.settings.download.disabled and not at_a_path

    @property
    def offline(self) -> bool:
        """Whether pods of the group must not fetch the model.

        The model is there already, or a Job fetches it into storage that the pods only read.
        """
        settings = self.image.model.settings
        return settings.download.disabled or (self.happens and settings.download.job and settings.storage.read_only)

    @property
    def of_each_pod(self) -> bool:
        """Whether each pod fetches the model for itself."""
        return self.happens and not self.image.model.settings.storage.shared
