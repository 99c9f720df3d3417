"""The impact of a whole preview."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nim_stack.base.documents import Json
from nim_stack.base.problems import RefusedError
from nim_stack.catalog.load import Catalog, load_catalog
from nim_stack.deployment.keys import Keys
from nim_stack.operations.impact.effect import APPROVALS, Approval, Effect
from nim_stack.operations.impact.effects import effects
from nim_stack.operations.impact.fields import MISSING, Difference, compare, shown
from nim_stack.operations.impact.group_impact import Around, GroupImpact, group_impact
from nim_stack.operations.impact.preview import Preview, Step, object_name, read_preview
from nim_stack.plan import DeploymentPlan, plan_deployment


@dataclass(frozen=True)
class Impact:
    """What a preview would do, and what somebody should agree to."""

    preview: Preview
    groups: tuple[GroupImpact, ...]
    effects: tuple[Effect, ...]
    drift: tuple[str, ...]
    """Changes that were made to the cluster outside of Pulumi."""

    @property
    def changed(self) -> bool:
        """Whether any resource does not stay the same."""
        return any(step.op != "same" for step in self.preview.steps)

    @property
    def gpus(self) -> tuple[int, int, int]:
        """Before, after, and at most meanwhile, of the groups in the preview."""
        return (
            sum(group.gpus_before for group in self.groups),
            sum(group.gpus_after for group in self.groups),
            sum(group.peak_gpus for group in self.groups),
        )

    def approvals(self, wanted: Collection[Approval]) -> list[tuple[Approval, str]]:
        """Reasons for which somebody should agree, of the wanted kinds, the gravest kind first."""
        found = [entry for group in self.groups for entry in group.approvals]
        found += [(approval, effect.text) for effect in self.effects for approval in effect.approvals]
        rank = list(APPROVALS).index
        return sorted((entry for entry in dict.fromkeys(found) if entry[0] in wanted), key=lambda entry: rank(entry[0]))

    @property
    def counts_all_groups(self) -> bool:
        """Whether the GPUs are those of all groups of the stack."""
        return self.preview.complete or self.preview.gpus == self.gpus[0]

    def document(self, wanted: Collection[Approval]) -> dict[str, Any]:
        """What `nim-stack impact --json` prints; `wanted` names the approvals that are asked for."""
        before, after, peak = self.gpus
        needed = self.approvals(wanted)
        return {
            "stack": self.preview.stack,
            "needsApproval": bool(needed),
            "approvals": [{"kind": kind, "why": why} for kind, why in needed],
            "gpus": {"before": before, "after": after, "atMost": peak, "allGroups": self.counts_all_groups},
            "groups": [_group_document(group) for group in self.groups],
            "effects": [{"topic": entry.topic, "text": entry.text} for entry in self.effects],
            "drift": list(self.drift),
            "warnings": list(self.preview.warnings),
            "errors": list(self.preview.errors),
        }


def read_impact(text: str, catalog: Catalog | None = None) -> Impact:
    """The impact of the preview in this text.

    Raises:
        PreviewError: it is not a preview.
    """
    preview = read_preview(text)
    catalog = catalog or load_catalog()
    steps = [step for step in preview.steps if step.kind == "LeaderWorkerSet"]
    groups = [group_impact(step, _around(step, preview), catalog) for step in steps]
    return Impact(
        preview=preview,
        groups=tuple(groups),
        effects=(*(effect for group in groups for effect in group.weights), *effects(list(preview.steps))),
        drift=tuple(_drift(preview.drift)),
    )


def _around(group: Step, preview: Preview) -> Around:
    plan = _plan(preview)
    if plan and object_name(group.after or group.before) != f"{plan.settings.namespace}/{plan.settings.name}":
        plan = None
    claims = [step for step in preview.steps if step.kind == "PersistentVolumeClaim"]
    return Around(
        nodes=plan.settings.cluster.gpu_nodes if plan else None,
        pods_per_node=max(plan.gpu.per_node // plan.gpus_per_node, 1) if plan and plan.gpu else 1,
        limits_before=_limits(group.before, [step.before for step in preview.steps]),
        limits_after=_limits(group.after, [step.after for step in preview.steps]),
        budget=plan.budget if plan else None,
        lost_claims=frozenset(step.name for step in claims if step.op in ("delete", "replace") and not step.retained),
    )


def _plan(preview: Preview) -> DeploymentPlan | None:
    """Of the settings in the preview's config, which are one deployment's; another program has none."""
    try:
        keys = Keys(ngc=preview.has_key("ngcApiKey"), hub=preview.has_key("hfToken"))
        return plan_deployment(preview.settings or {}, keys=keys)
    except RefusedError:
        return None


def _limits(group: Json, objects: list[Json]) -> tuple[int, int] | None:
    """Fewest and most groups, by the HorizontalPodAutoscaler that scales this LeaderWorkerSet."""
    for inputs in objects:
        spec = inputs.get("spec") if inputs.get("kind") == "HorizontalPodAutoscaler" else None
        target = spec.get("scaleTargetRef") if isinstance(spec, Mapping) else None
        if isinstance(spec, Mapping) and isinstance(target, Mapping) and target.get("kind") == "LeaderWorkerSet":
            namespace = (inputs.get("metadata") or {}).get("namespace")
            most = spec.get("maxReplicas")
            if f"{namespace}/{target.get('name')}" == object_name(group) and isinstance(most, int | float):
                return int(spec.get("minReplicas") or 1), int(most)
    return None


def _drift(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        if not step.after:
            yield f"{step.kind} {step.name} is gone"
            continue
        found = compare(step.before, step.after)
        for difference in (*found.in_revision, *found.in_placement, *found.elsewhere):
            yield f"{step.kind} {step.name}: {difference}"


def _group_document(group: GroupImpact) -> dict[str, Any]:
    rolled, after = group.rollout, group.after
    return {
        "name": group.name,
        "op": group.op,
        "groups": {"before": group.before.replicas if group.before else 0, "after": after.replicas if after else 0},
        "gpus": {"before": group.gpus_before, "after": group.gpus_after, "atMost": group.peak_gpus},
        "newRevision": group.revision,
        "rolls": rolled.groups if rolled else 0,
        "servingAtWorst": rolled.serving if rolled else None,
        "outage": group.is_outage,
        "seconds": {
            "usual": rolled.usual if rolled else None,
            "atMost": rolled.longest if rolled else None,
            "pulumiTimeout": after.timeout if after else None,
        },
        "why": [_difference_document(entry) for entry in group.why],
        "unnoticed": [_difference_document(entry) for entry in group.silent],
        "statements": list(group.statements),
    }


def _difference_document(entry: Difference) -> Json:
    found: dict[str, Any] = {"of": entry.where or "object", "field": entry.field}
    found |= {
        key: shown(value) for key, value in (("before", entry.before), ("after", entry.after)) if value is not MISSING
    }
    return found
