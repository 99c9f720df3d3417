"""DeploymentPlan: everything that follows from settings and catalogue, as one value on which all the rest is built."""

from dataclasses import dataclass

from nim_stack.base.problems import Problem
from nim_stack.catalog.entries import Checkpoint, FabricSpec, GpuSpec, ModelSpec
from nim_stack.deployment.deadlines import TimeBudget
from nim_stack.deployment.keys import Keys
from nim_stack.deployment.memory import Memory
from nim_stack.deployment.traffic import Traffic
from nim_stack.settings import StackSettings
from nim_stack.settings.pods import ComputeDomain


@dataclass(frozen=True)
class DeploymentPlan:
    """What will run: one leader and its workers a group, one pod a node."""

    settings: StackSettings
    keys: Keys
    """Keys that the stack is given, of which it makes Secrets."""
    model: ModelSpec | None
    checkpoint: Checkpoint | None
    gpu: GpuSpec | None
    """The type that is named; without one no nodes are selected by type."""
    fabric: FabricSpec | None
    """The fabric that is named; without one the pods get nothing for it."""
    image: str
    model_path: str | None
    """NIM_MODEL_PATH, or none when the image brings its model."""
    downloads: bool
    """Whether the model is fetched, be it by pods or by a Job."""
    offline: bool
    """Whether pods of the group must not fetch it."""
    served_name: str
    supervised: bool
    """Whether the image's first process heals its group in place, and answers the probes."""
    nodes: int
    gpus_per_node: int
    tensor_parallel: int | None
    pipeline_parallel: int | None
    """None when the hash of a profile leaves both open."""
    memory: Memory | None
    """None when the model is not known, or the split is not."""
    traffic: Traffic | None
    context_length: int | None
    storage_needed: str
    """What the model needs, whether or not a claim is made."""
    storage_size: str
    """Of a claim that is made, or of each pod's own storage."""
    budget: TimeBudget
    reasons: tuple[str, ...]
    """Why what was not given is as it is, and what could not be judged."""
    problems: tuple[Problem, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is unwise, in words."""
        return tuple(str(problem) for problem in self.problems)

    @property
    def gpus_per_group(self) -> int:
        """How many GPUs one group has, over all its nodes."""
        return self.nodes * self.gpus_per_node

    @property
    def gpus_total(self) -> int:
        """GPUs after a start; with autoscaling those of the fewest groups."""
        return self.gpus_per_group * self.settings.least_groups

    @property
    def gpus_most(self) -> int:
        """GPUs of the most groups that an autoscaler may make, without those of an update."""
        return self.gpus_per_group * self.settings.most_groups

    @property
    def rollout_timeout(self) -> int:
        """Seconds that Pulumi waits for all groups, however few of them an update replaces at once: those of a surge
        start one after the other with the others."""
        minutes = self.settings.timeouts.up_minutes
        return minutes * 60 if minutes else self.budget.rollout * self.settings.most_starts

    @property
    def node_selector(self) -> dict[str, str]:
        """Labels that the nodes of the pods must have: those of the GPU type, and those of the settings."""
        return (self.gpu.node_selector if self.gpu else {}) | self.settings.node_selector

    @property
    def compute_domain(self) -> ComputeDomain | None:
        """As asked for; a fabric of NVLink needs one as soon as a group has two nodes."""
        implied = ComputeDomain() if self.fabric and self.fabric.nvlink and self.nodes > 1 else None
        return self.settings.pods.compute_domain or implied

    @property
    def split(self) -> str:
        """How the model is divided: tensor and pipeline parallel sizes, or the profile that decides them, in words."""
        if self.settings.profile:
            return f"profile {self.settings.profile}"
        return f"tensor parallel {self.tensor_parallel} × pipeline parallel {self.pipeline_parallel}"

    @property
    def groups(self) -> int | str:
        """Groups in words, when an autoscaler decides between two numbers."""
        scaling, least, most = self.settings.autoscaling, self.settings.least_groups, self.settings.most_groups
        return f"{least} to {most}" if scaling else least

    @property
    def storage(self) -> str:
        """Where the model is kept, in words."""
        storage = self.settings.storage
        if storage.nfs:
            return f"{storage.nfs.server}:{storage.nfs.path}"
        if storage.host_path:
            return f"{storage.host_path.path} on each node"
        if storage.per_pod:
            return f"{self.storage_size} in each pod"
        return storage.existing_claim or self.storage_size
