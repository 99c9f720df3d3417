"""The layout: GPU type, network, nodes, GPUs of a node, and how TP and PP divide the model among them."""

from dataclasses import dataclass
from functools import cached_property

from nim_stack.catalog.entries import FabricSpec, GpuSpec
from nim_stack.deployment.model_choice import ModelChoice
from nim_stack.deployment.split import Split, choose, divides_heads, divides_sizes, gpus_of_a_node
from nim_stack.deployment.vllm_options import option

ASSUMED_GPU = "h100"
"""The type that is assumed for the arithmetic where a stack names none."""
ASSUMED_FABRIC = "tcp"


@dataclass(frozen=True)
class Layout:
    """What `nim.gpu`, `nim.fabric`, `nim.nodes`, `nim.gpusPerNode` and the two parallel sizes stand for."""

    model: ModelChoice

    @cached_property
    def gpu(self) -> GpuSpec | None:
        """The type that the settings name; None without one, or when the catalogue does not know it."""
        name = self.model.settings.gpu
        return self.model.catalog.gpus.get(name) if name else None

    @cached_property
    def planned_gpu(self) -> GpuSpec | None:
        """The type for the arithmetic: the one named, or the one assumed."""
        return self.gpu if self.model.settings.gpu else self.model.catalog.gpus.get(ASSUMED_GPU)

    @cached_property
    def fabric(self) -> FabricSpec | None:
        """The network between the nodes: the one named, or the one assumed; None when the name is not known."""
        return self.model.catalog.fabrics.get(self.model.settings.fabric or ASSUMED_FABRIC)

    @property
    def gpus_per_node(self) -> int:
        """GPUs that the group has of each node: as given, else those of a usual node of the type."""
        return self.model.settings.gpus_per_node or gpus_of_a_node(self.gpu)

    @property
    def _asked(self) -> tuple[int | None, int | None]:
        """TP and PP as the profile or the settings say them."""
        profile, settings = self.model.profile, self.model.settings
        if profile and not profile.is_hash:
            return profile.tensor_parallel, profile.pipeline_parallel
        return settings.tensor_parallel, settings.pipeline_parallel

    @property
    def nodes_known(self) -> bool:
        """Whether the settings say how many nodes there are, or both parallel sizes, from which it follows."""
        return self.model.settings.nodes is not None or None not in self._asked

    @cached_property
    def nodes(self) -> int:
        """Nodes of one group: as given, else as many as the two sizes need."""
        tensor, pipeline = self._asked
        if self.model.settings.nodes is not None or tensor is None or pipeline is None:
            return self.model.settings.nodes or 1
        return -(-tensor * pipeline // self.gpus_per_node)

    @property
    def gpus(self) -> int:
        """How many GPUs one group has, over all its nodes."""
        return self.nodes * self.gpus_per_node

    @property
    def expert_parallel(self) -> bool:
        """Whether the arguments for vLLM ask for experts to be divided among the GPUs."""
        return option(self.model.settings.passthrough_args, "--enable-expert-parallel") is not None

    @property
    def split_unknown(self) -> bool:
        """Whether only the container will know TP and PP: with the hash of a profile, or a name of another form."""
        profile = self.model.profile
        return self.model.settings.profile is not None and (profile is None or profile.is_hash)

    @cached_property
    def split(self) -> Split:
        """TP and PP: as asked for, the rest chosen."""
        tensor, pipeline = self._asked
        return choose(
            self.model.spec,
            self.model.checkpoint,
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
        if self.model.spec is None or self.split.tensor * self.split.pipeline != self.gpus:
            return False
        shape = self.model.spec.architecture
        divides = divides_heads(shape, self.split.tensor) and divides_sizes(shape, self.split.tensor)
        return divides and self.split.pipeline <= shape.layers
