"""The plan: settings and catalogue in, everything that follows from them out, or every reason why it cannot work.

Pure arithmetic without Pulumi: the same plan decides the manifests, the time limits and what a user is told.
"""

from dataclasses import dataclass, replace
from typing import Any

from nim_stack.base.problems import Problem, RefusedError
from nim_stack.base.quantity import gibibytes
from nim_stack.catalog.entries import Checkpoint, FabricSpec, GpuSpec, ModelSpec
from nim_stack.catalog.load import Catalog, load_catalog
from nim_stack.deployment.deadlines import TimeBudget
from nim_stack.deployment.memory import GIB, Memory
from nim_stack.deployment.reasons import reasons
from nim_stack.deployment.resolution import ASSUMED_GPU, Context
from nim_stack.deployment.traffic import Traffic, traffic
from nim_stack.manifests.pods import security_level
from nim_stack.rules import check
from nim_stack.settings import StackSettings
from nim_stack.settings.pods import ComputeDomain
from nim_stack.settings.reading import read_settings

UNKNOWN_STORAGE = "500Gi"
"""Size of the cache for a model that the catalogue does not know."""
STORAGE_FACTOR = 1.25
"""A second revision's changed files, temporary files of the download, the file system itself."""


@dataclass(frozen=True)
class DeploymentPlan:
    """What will run: one leader and its workers a group, one pod a node."""

    settings: StackSettings
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
        return tuple(str(problem) for problem in self.problems)

    @property
    def gpus_per_group(self) -> int:
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
        return (self.gpu.node_selector if self.gpu else {}) | self.settings.node_selector

    @property
    def compute_domain(self) -> ComputeDomain | None:
        """As asked for; a fabric of NVLink needs one as soon as a group has two nodes."""
        implied = ComputeDomain() if self.fabric and self.fabric.nvlink and self.nodes > 1 else None
        return self.settings.pods.compute_domain or implied

    @property
    def split(self) -> str:
        """The split in words."""
        if self.settings.profile:
            return f"profile {self.settings.profile}"
        return f"tensor parallel {self.tensor_parallel} × pipeline parallel {self.pipeline_parallel}"

    @property
    def groups(self) -> int | str:
        """Groups in words, when an autoscaler decides between two numbers."""
        scaling = self.settings.autoscaling
        return f"{scaling.min_replicas} to {scaling.max_replicas}" if scaling else self.settings.replicas

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

    @property
    def summary(self) -> dict[str, Any]:
        """The plan in a few lines, for people."""
        lines: dict[str, Any] = {
            "model": self.served_name,
            "image": self.image,
            "groups": self.groups,
            "nodesPerGroup": self.nodes,
            "gpusPerNode": self.gpus_per_node,
            "split": self.split,
            "storage": self.storage,
            "minutesUntilTimeout": -(-self.rollout_timeout // 60),
            "podSecurity": security_level(self),
        }
        if self.checkpoint is not None and self.memory is not None:
            gpu = self.gpu.name if self.gpu else f"{ASSUMED_GPU}, assumed"
            lines["precision"] = self.checkpoint.precision
            lines["weightsPerGpu"] = f"{self.memory.weights / GIB:.1f} of {self.memory.budget / GIB:.1f} GiB ({gpu})"
            lines["cacheTokens"] = self.memory.tokens
        return lines


def plan_deployment(
    raw: Any,
    *,
    has_ngc_key: bool = False,
    has_hf_token: bool = False,
    has_pull_secret: bool | None = None,
    catalog: Catalog | None = None,
    further: tuple[Problem, ...] = (),
    where: str = "the settings",
) -> DeploymentPlan:
    """The plan for these settings, or a refusal that lists every problem, the caller's `further` ones included.

    Images can be pulled with an NGC key, unless `has_pull_secret` says otherwise.

    Raises:
        RefusedError: when something cannot work.
    """
    settings, problems = read_settings(raw)
    unreadable = [problem.path for problem in problems]
    problems = [*further, *problems]
    warnings: list[Problem] = []
    if settings is not None:
        context = resolve(
            settings,
            catalog or load_catalog(),
            has_ngc_key=has_ngc_key,
            has_hf_token=has_hf_token,
            has_pull_secret=has_ngc_key if has_pull_secret is None else has_pull_secret,
        )
        found = [problem for problem in check(context) if not problem.depends_on(unreadable)]
        problems += [problem for problem in found if problem.rule.severity == "error"]
        warnings = [problem for problem in found if problem.rule.severity == "warning"]
        if not problems:
            return replace(context.plan, problems=tuple(warnings))
    raise RefusedError(problems, where, warnings)


def plan_settings(settings: StackSettings, catalog: Catalog) -> DeploymentPlan | None:
    """The plan for settings that have been read, or None when a rule refuses it. Keys are taken to be there."""
    context = resolve(settings, catalog, has_ngc_key=True, has_hf_token=True, has_pull_secret=True)
    found = check(context)
    if any(problem.rule.severity == "error" for problem in found):
        return None
    return replace(context.plan, problems=tuple(found))


def resolve(
    settings: StackSettings, catalog: Catalog, *, has_ngc_key: bool, has_hf_token: bool, has_pull_secret: bool
) -> Context:
    """What the settings stand for, in the catalogue and the stack's own additions to it."""
    own = settings.catalog
    if own.models or own.gpus or own.fabrics:
        catalog = catalog.extended(own.models, own.gpus, own.fabrics)
    return Context(settings, catalog, has_ngc_key, has_hf_token, has_pull_secret, _plan)


def _plan(context: Context) -> DeploymentPlan:
    """Before it is judged: rules on the manifests look at it, too."""
    settings, model, checkpoint = context.settings, context.model, context.checkpoint
    own = settings.storage.per_pod
    needed = gibibytes(checkpoint.files * STORAGE_FACTOR) if checkpoint else UNKNOWN_STORAGE
    return DeploymentPlan(
        settings=settings,
        model=model,
        checkpoint=checkpoint,
        gpu=context.gpu,
        fabric=context.fabric if settings.fabric else None,
        image=context.image,
        model_path=context.source.model_path if context.source else None,
        downloads=context.downloads,
        offline=context.offline,
        supervised=context.supervised,
        served_name=settings.served_model_name or _served_name(context),
        nodes=context.nodes,
        gpus_per_node=context.gpus_per_node,
        tensor_parallel=None if context.split_unknown else context.split.tensor,
        pipeline_parallel=None if context.split_unknown else context.split.pipeline,
        memory=context.memory,
        traffic=traffic(model.architecture) if model else None,
        context_length=context.context_length,
        storage_needed=needed,
        storage_size=(own.size if own else settings.storage.size) or needed,
        budget=context.budget,
        reasons=tuple(reasons(context)),
        problems=(),
    )


def _served_name(context: Context) -> str:
    """The model's name for clients, without scheme and revision."""
    if context.named:
        return context.named.served_name
    return context.source.served_name if context.source else context.settings.model
