"""The model: the entry of the catalogue that the settings mean, and the checkpoint that is planned with."""

from dataclasses import dataclass
from functools import cached_property

from nim_stack.catalog.entries import Checkpoint, ModelSpec
from nim_stack.catalog.load import Catalog
from nim_stack.catalog.profiles import Profile, read_profile
from nim_stack.catalog.sources import read_source
from nim_stack.settings import StackSettings


@dataclass(frozen=True)
class ModelChoice:
    """What `nim.model`, `nim.precision` and `nim.profile` stand for in a catalogue."""

    settings: StackSettings
    catalog: Catalog

    @cached_property
    def _on_hub(self) -> tuple[ModelSpec, Checkpoint] | None:
        found = read_source(self.settings.model)
        return self.catalog.on_hub(found.name) if found and found.scheme == "hf" else None

    @cached_property
    def named(self) -> ModelSpec | None:
        """The model that the settings name as the catalogue does, which may have an image of its own."""
        return self.catalog.models.get(self.settings.model)

    @cached_property
    def spec(self) -> ModelSpec | None:
        """What is known of the model, by whichever name; None when the catalogue does not know it."""
        return self.named or (self._on_hub[0] if self._on_hub else None)

    @cached_property
    def profile(self) -> Profile | None:
        """The NIM profile that the settings name; None without one, or when its name has another form."""
        return read_profile(self.settings.profile) if self.settings.profile else None

    @cached_property
    def checkpoint(self) -> Checkpoint | None:
        """The precision that is planned with: the one asked for, else the one of the name, else the model's first."""
        if self._on_hub:
            return self._on_hub[1]
        if self.named is None:
            return None
        asked = self.precision_asked
        asked = "bf16" if asked == "fp16" and self.named.checkpoint("fp16") is None else asked
        return (self.named.checkpoint(asked) if asked else None) or self.named.checkpoints[0]

    @property
    def precision_asked(self) -> str | None:
        """The precision that the settings or the profile name; None when neither does."""
        return self.settings.precision or (self.profile.precision if self.profile else None)

    @property
    def precision_follows_from_name(self) -> bool:
        """Whether the model is a repository of the hub that the catalogue knows, which holds one precision."""
        return self._on_hub is not None

    @property
    def hub_path(self) -> str:
        """Where an image that brings no model downloads it from."""
        return f"hf://{self.checkpoint.huggingface}" if self.named and self.checkpoint else self.settings.model
