"""The plan: settings and catalogue in, everything that follows from them out, or every reason why it cannot work.

Pure arithmetic without Pulumi: the same plan decides the manifests, the time limits and what a user is told.
"""

from dataclasses import dataclass
from typing import Any

from nim_stack.budget import TimeBudget, time_budget
from nim_stack.catalog import Catalog, GpuSpec, ModelSpec, load_catalog
from nim_stack.parsing import read_settings
from nim_stack.problems import Problem, RefusedError
from nim_stack.quantity import gibibytes
from nim_stack.rules import Context, check, warnings_of
from nim_stack.settings import StackSettings

UNKNOWN_STORAGE = "500Gi"
"""Size of the cache for a model that the catalogue does not know."""
STORAGE_FACTOR = 1.25
"""A second revision's changed files, temporary files of the download, the file system itself."""


@dataclass(frozen=True)
class DeploymentPlan:
    """What will run: one leader and its workers a group, one pod a node."""

    settings: StackSettings
    model: ModelSpec | None
    gpu: GpuSpec | None
    image: str
    model_path: str | None
    """NIM_MODEL_PATH, or none when the image brings its model."""
    served_name: str
    tensor_parallel: int | None
    pipeline_parallel: int | None
    """None when a profile sets both."""
    storage_size: str
    budget: TimeBudget
    warnings: tuple[str, ...]

    @property
    def gpus_per_group(self) -> int:
        return self.settings.nodes * self.settings.gpus_per_node

    @property
    def gpus_total(self) -> int:
        return self.gpus_per_group * self.settings.replicas

    @property
    def rollout_timeout(self) -> int:
        """Seconds that Pulumi waits for all groups; an update takes one group down at a time."""
        return self.budget.rollout * max(1, self.settings.replicas)

    @property
    def node_selector(self) -> dict[str, str]:
        return (self.gpu.node_selector if self.gpu else {}) | self.settings.node_selector

    @property
    def summary(self) -> dict[str, Any]:
        """The plan in a few lines, for people."""
        split = (
            f"profile {self.settings.profile}"
            if self.settings.profile
            else f"tensor parallel {self.tensor_parallel} × pipeline parallel {self.pipeline_parallel}"
        )
        return {
            "model": self.served_name,
            "image": self.image,
            "groups": self.settings.replicas,
            "nodesPerGroup": self.settings.nodes,
            "gpusPerNode": self.settings.gpus_per_node,
            "split": split,
            "storage": self.settings.storage.existing_claim or self.storage_size,
            "minutesUntilTimeout": -(-self.rollout_timeout // 60),
        }


def plan_deployment(
    raw: Any,
    *,
    has_ngc_key: bool = False,
    has_hf_token: bool = False,
    catalog: Catalog | None = None,
    further: tuple[Problem, ...] = (),
    where: str = "the settings",
) -> DeploymentPlan:
    """The plan for these settings, or a refusal that lists every problem, the caller's `further` ones included.

    Raises:
        RefusedError: when something cannot work.
    """
    catalog = catalog or load_catalog()
    settings, problems = read_settings(raw)
    unreadable = [problem.path for problem in problems]
    problems = [*further, *problems]
    if settings is not None:
        context = _context(settings, catalog, has_ngc_key, has_hf_token)
        problems += [problem for problem in check(context) if not problem.depends_on(unreadable)]
        if not problems:
            return _plan(context)
    raise RefusedError(problems, where)


def _context(settings: StackSettings, catalog: Catalog, has_ngc_key: bool, has_hf_token: bool) -> Context:
    model = catalog.models.get(settings.model)
    return Context(
        settings=settings,
        catalog=catalog,
        model=model,
        image=settings.image or (model.nim_image if model else catalog.images.model_free),
        tensor_parallel=settings.tensor_parallel or settings.gpus_per_node,
        pipeline_parallel=settings.pipeline_parallel or settings.nodes,
        has_ngc_key=has_ngc_key,
        has_hf_token=has_hf_token,
    )


def _plan(context: Context) -> DeploymentPlan:
    settings, model = context.settings, context.model
    weights = model.weights_gb * 1e9 if model else None
    needed = gibibytes(weights * STORAGE_FACTOR) if weights else UNKNOWN_STORAGE
    by_profile = settings.profile is not None
    return DeploymentPlan(
        settings=settings,
        model=model,
        gpu=context.catalog.gpus[settings.gpu] if settings.gpu else None,
        image=context.image,
        model_path=_model_path(context),
        served_name=settings.served_model_name or _served_name(settings.model, model),
        tensor_parallel=None if by_profile else context.tensor_parallel,
        pipeline_parallel=None if by_profile else context.pipeline_parallel,
        storage_size=settings.storage.size or needed,
        budget=time_budget(weights, settings.timeouts),
        warnings=warnings_of(context),
    )


def _served_name(model: str, spec: ModelSpec | None) -> str:
    """The model's name for clients: the hub's `owner/name`, without scheme and revision."""
    if spec:
        return spec.served_name
    return model.removeprefix("hf://").split("@")[0] if model.startswith("hf://") else model.rstrip("/").split("/")[-1]


def _model_path(context: Context) -> str | None:
    """A model-specific image knows its model, under whatever registry it is mirrored; any other must be told."""
    if context.model is None:
        return context.settings.model
    return None if _repository(context.image) == _repository(context.model.nim_image) else context.hub_path


def _repository(image: str) -> str:
    """Last part of the repository: mirrors keep it."""
    return image.split("@")[0].rpartition("/")[2].split(":")[0]
