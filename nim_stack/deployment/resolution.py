"""What the settings resolve to: the catalogue's entries, the sizes, the split and the memory. The rules look at it.

Nothing here judges. What is missing or wrong is resolved to something harmless, and a rule says so.
"""

from dataclasses import dataclass
from functools import cached_property

from nim_stack.catalog.entries import GpuSpec
from nim_stack.catalog.load import Catalog
from nim_stack.deployment.deadlines import TimeBudget, time_budget
from nim_stack.deployment.download_choice import DownloadChoice
from nim_stack.deployment.image_choice import ImageChoice
from nim_stack.deployment.keys import Keys
from nim_stack.deployment.layout import Layout
from nim_stack.deployment.memory import Engine, Memory, estimate, read_engine
from nim_stack.deployment.model_choice import ModelChoice
from nim_stack.settings import StackSettings


@dataclass(frozen=True)
class Resolution:
    """The settings, and what they resolve to, by subject."""

    settings: StackSettings
    catalog: Catalog
    keys: Keys

    @cached_property
    def model(self) -> ModelChoice:
        """Which model and which checkpoint."""
        return ModelChoice(self.settings, self.catalog)

    @cached_property
    def image(self) -> ImageChoice:
        """Which image, and what is known of it."""
        return ImageChoice(self.model)

    @cached_property
    def download(self) -> DownloadChoice:
        """Where the model comes from, and who fetches it."""
        return DownloadChoice(self.image)

    @cached_property
    def layout(self) -> Layout:
        """GPUs, network, nodes and split."""
        return Layout(self.model)

    @cached_property
    def engine(self) -> Engine:
        """vLLM's options for memory, from the further arguments or its defaults."""
        return read_engine(self.settings.passthrough_args, self.layout.planned_gpu)

    @cached_property
    def context_length(self) -> int | None:
        """The longest sequence in tokens: as given, else what the model was made for."""
        if self.settings.max_model_len:
            return self.settings.max_model_len
        return self.model.spec.architecture.context_length if self.model.spec else None

    @cached_property
    def memory(self) -> Memory | None:
        """Memory of one GPU; None when model, split or GPU is not known, or the split cannot be."""
        gpu = self.layout.planned_gpu
        return None if gpu is None else self.memory_on(gpu)

    @cached_property
    def budget(self) -> TimeBudget:
        """Time limits of each phase of a start."""
        fetching = self.layout.nodes if self.download.of_each_pod else 1
        files = self.model.checkpoint.files if self.model.checkpoint else None
        return time_budget(files, self.settings.timeouts, downloads=fetching if self.download.happens else 0)

    def memory_on(self, gpu: GpuSpec) -> Memory | None:
        """The same plan on another GPU type."""
        spec, checkpoint, layout = self.model.spec, self.model.checkpoint, self.layout
        if spec is None or checkpoint is None or layout.split_unknown or not layout.split_works:
            return None
        return estimate(
            spec.architecture, checkpoint, layout.split.tensor, layout.split.pipeline, gpu.memory, self.engine
        )


def with_own_entries(catalog: Catalog, settings: StackSettings) -> Catalog:
    """The catalogue with what the settings add to it under `nim.catalog`."""
    own = settings.catalog
    if own.models or own.gpus or own.fabrics:
        return catalog.extended(own.models, own.gpus, own.fabrics)
    return catalog
