"""What the settings resolve to: the catalogue's entries, the sizes, the split and the memory. The rules look at it.

Nothing here judges. What is missing or wrong is resolved to something harmless, and a rule says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nim_stack.catalog.entries import Checkpoint, FabricSpec, GpuSpec, ModelSpec
from nim_stack.catalog.images import Image
from nim_stack.catalog.load import Catalog
from nim_stack.catalog.profiles import Profile, read_profile
from nim_stack.catalog.sources import ModelSource, read_source
from nim_stack.deployment.deadlines import TimeBudget, time_budget
from nim_stack.deployment.memory import Engine, Memory, estimate, read_engine
from nim_stack.deployment.split import Split, choose, divides_heads, divides_sizes, gpus_of_a_node
from nim_stack.deployment.vllm_options import option
from nim_stack.manifests.pods import ROLES, Manifest, References, Role, pod_template
from nim_stack.settings import StackSettings

if TYPE_CHECKING:
    from nim_stack.plan import DeploymentPlan

ASSUMED_GPU = "h100"
"""The type that is assumed for the arithmetic where a stack names none."""
ASSUMED_FABRIC = "tcp"


@dataclass(frozen=True)
class Context:
    """The settings, and what they resolve to."""

    settings: StackSettings
    catalog: Catalog
    has_ngc_key: bool
    has_hf_token: bool
    has_pull_secret: bool
    planned: "Callable[[Context], DeploymentPlan]"

    @cached_property
    def plan(self) -> "DeploymentPlan":
        """What would run if no rule objected."""
        return self.planned(self)

    @cached_property
    def templates(self) -> dict[Role, Manifest]:
        """Pod templates of that plan; names of objects that are known later stand for any."""
        return {role: pod_template(self.plan, References("any"), role) for role in ROLES}

    @cached_property
    def _on_hub(self) -> tuple[ModelSpec, Checkpoint] | None:
        found = read_source(self.settings.model)
        return self.catalog.on_hub(found.name) if found and found.scheme == "hf" else None

    @cached_property
    def named(self) -> ModelSpec | None:
        """The model that the settings name as the catalogue does, which may have an image of its own."""
        return self.catalog.models.get(self.settings.model)

    @cached_property
    def model(self) -> ModelSpec | None:
        """What is known of the model, by whichever name."""
        return self.named or (self._on_hub[0] if self._on_hub else None)

    @cached_property
    def checkpoint(self) -> Checkpoint | None:
        """The precision that is planned with: the one asked for, else the one of the name, else the model's first."""
        if self._on_hub:
            return self._on_hub[1]
        if self.named is None:
            return None
        asked = self.settings.precision or (self.profile.precision if self.profile else None)
        asked = "bf16" if asked == "fp16" and self.named.checkpoint("fp16") is None else asked
        return (self.named.checkpoint(asked) if asked else None) or self.named.checkpoints[0]

    @property
    def precision_known(self) -> bool:
        """Whether the precision follows from the settings. A model-specific image chooses among its profiles."""
        if self.checkpoint is None:
            return False
        said = self.settings.precision or (self.profile and self.profile.precision)
        return bool(said or self._on_hub or not self.brings_model)

    @cached_property
    def image(self) -> str:
        own = self.named.nim_image if self.named else None
        return self.settings.image or own or self.model_free

    @property
    def is_licensed(self) -> bool:
        return Image(self.image).is_licensed

    @property
    def is_nim_2_0(self) -> bool:
        return Image(self.image).is_nim_2_0

    @property
    def brings_model(self) -> bool:
        """Whether the image knows its model, as the model-specific ones do."""
        return Image(self.image).brings(self.named)

    @property
    def is_nim(self) -> bool:
        """Whether the image is one of NVIDIA's, under whatever registry it is mirrored."""
        return self.is_licensed or self.brings_model or Image(self.image).mirrors(self.model_free)

    @property
    def supervised(self) -> bool:
        """Whether the first process of the pods is the supervisor of the open image."""
        said = self.settings.healing.supervisor
        return not self.is_nim if said is None else said

    @property
    def model_free(self) -> str:
        return self.catalog.images.model_free

    @cached_property
    def source(self) -> ModelSource | None:
        """Where the model is fetched from; none when the image brings it, or when the setting cannot be read."""
        return None if self.brings_model else read_source(self.hub_path)

    @property
    def downloads(self) -> bool:
        """Whether something is fetched at all, be it by pods or by a Job."""
        at_a_path = self.source is not None and self.source.scheme == "path"
        return not self.settings.download.disabled and not at_a_path

    @property
    def offline(self) -> bool:
        """Whether pods of the group must not fetch the model: it is there, or a Job fetched it into what they only
        read."""
        job = self.settings.download.job and self.settings.storage.read_only
        return self.settings.download.disabled or (self.downloads and job)

    @property
    def downloads_alone(self) -> bool:
        """Whether each pod fetches the model for itself."""
        return self.downloads and not self.settings.storage.shared

    @property
    def hub_path(self) -> str:
        """Where an image that brings no model downloads it from."""
        return f"hf://{self.checkpoint.huggingface}" if self.named and self.checkpoint else self.settings.model

    @cached_property
    def profile(self) -> Profile | None:
        return read_profile(self.settings.profile) if self.settings.profile else None

    @property
    def split_unknown(self) -> bool:
        """Whether only the container will know TP and PP: with the hash of a profile, or a name of another form."""
        return self.settings.profile is not None and (self.profile is None or self.profile.is_hash)

    @cached_property
    def gpu(self) -> GpuSpec | None:
        """The type that the settings name."""
        return self.catalog.gpus.get(self.settings.gpu) if self.settings.gpu else None

    @cached_property
    def planned_gpu(self) -> GpuSpec | None:
        """The type for the arithmetic: the one named, or the one assumed."""
        return self.gpu if self.settings.gpu else self.catalog.gpus.get(ASSUMED_GPU)

    @cached_property
    def fabric(self) -> FabricSpec | None:
        return self.catalog.fabrics.get(self.settings.fabric or ASSUMED_FABRIC)

    @property
    def gpus_per_node(self) -> int:
        return self.settings.gpus_per_node or gpus_of_a_node(self.gpu)

    @property
    def _asked(self) -> tuple[int | None, int | None]:
        if self.profile and not self.profile.is_hash:
            return self.profile.tensor_parallel, self.profile.pipeline_parallel
        return self.settings.tensor_parallel, self.settings.pipeline_parallel

    @property
    def nodes_known(self) -> bool:
        return self.settings.nodes is not None or None not in self._asked

    @cached_property
    def nodes(self) -> int:
        """As given, else as many as the two sizes need."""
        tensor, pipeline = self._asked
        if self.settings.nodes is not None or tensor is None or pipeline is None:
            return self.settings.nodes or 1
        return -(-tensor * pipeline // self.gpus_per_node)

    @property
    def gpus(self) -> int:
        """GPUs of one group."""
        return self.nodes * self.gpus_per_node

    @property
    def expert_parallel(self) -> bool:
        return option(self.settings.passthrough_args, "--enable-expert-parallel") is not None

    @cached_property
    def split(self) -> Split:
        tensor, pipeline = self._asked
        return choose(
            self.model,
            self.checkpoint,
            self.fabric,
            self.nodes,
            self.gpus_per_node,
            tensor,
            pipeline,
            self.expert_parallel,
        )

    @property
    def split_works(self) -> bool:
        """Whether the split is one of this model on these GPUs; memory of any other says nothing."""
        if self.model is None or self.split.tensor * self.split.pipeline != self.gpus:
            return False
        shape = self.model.architecture
        divides = divides_heads(shape, self.split.tensor) and divides_sizes(shape, self.split.tensor)
        return divides and self.split.pipeline <= shape.layers

    @cached_property
    def engine(self) -> Engine:
        """vLLM's options for memory, from the further arguments or its defaults."""
        return read_engine(self.settings.passthrough_args, self.planned_gpu)

    @cached_property
    def context_length(self) -> int | None:
        """The longest sequence: as given, else what the model was made for."""
        if self.settings.max_model_len:
            return self.settings.max_model_len
        return self.model.architecture.context_length if self.model else None

    @cached_property
    def memory(self) -> Memory | None:
        """None when model, split or GPU is not known, or the split cannot be."""
        return None if self.planned_gpu is None else self.memory_on(self.planned_gpu)

    @cached_property
    def budget(self) -> TimeBudget:
        downloads = (self.nodes if self.downloads_alone else 1) if self.downloads else 0
        files = self.checkpoint.files if self.checkpoint else None
        return time_budget(files, self.settings.timeouts, downloads=downloads)

    def memory_on(self, gpu: GpuSpec) -> Memory | None:
        """The same plan on another GPU type."""
        if self.model is None or self.checkpoint is None or self.split_unknown or not self.split_works:
            return None
        return estimate(
            self.model.architecture, self.checkpoint, self.split.tensor, self.split.pipeline, gpu.memory, self.engine
        )
