"""The examination: what is read for it, and the findings in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nim_stack.base import names
from nim_stack.base.problems import Finding, Problem, Rule
from nim_stack.lws.download import fetch_manifest
from nim_stack.lws.manifest import Release, ReleaseError, parse_release
from nim_stack.operations.cluster.errors import CannotReadError
from nim_stack.operations.cluster.reader import Reader
from nim_stack.operations.doctor.access import RELEASE_NOTE, needed, review
from nim_stack.operations.doctor.check import CHECKS, Preflight
from nim_stack.operations.observing.gathering import gather
from nim_stack.operations.observing.snapshot import Part, Snapshot
from nim_stack.operations.observing.trimming import trimmed
from nim_stack.plan import DeploymentPlan

_GROUPS = f"/apis/{names.LWS_GROUP}/v1/leaderworkersets"


@dataclass(frozen=True)
class Report:
    """What every check found, by the check's name."""

    findings: Mapping[str, tuple[Problem, ...]]

    @property
    def problems(self) -> int:
        """How many findings `pulumi up` would fail on."""
        return sum(finding.severity == "error" for found in self.findings.values() for finding in found)

    @property
    def document(self) -> list[dict[str, Any]]:
        """The report for programs. The level `error` is called `problem` there."""
        return [
            {
                "check": name,
                "level": "problem" if finding.severity == "error" else finding.severity,
                "what": finding.why,
                "do": finding.instead,
            }
            for name, found in self.findings.items()
            for finding in found
        ]

    def beside(self, name: str, findings: Iterable[Finding]) -> "Report":
        """This report and the findings of one more check, which is none of the functions of plan and snapshot."""
        more = tuple(Problem.of(Rule(name), finding) for finding in findings)
        return Report({**self.findings, name: more})


def read(reader: Reader, plan: DeploymentPlan) -> Snapshot:
    """The snapshot with what the examination needs beside it."""
    settings = plan.settings
    existing, name = settings.secrets, settings.name
    named = [secret.name for secret in (existing.ngc_api_secret, existing.hf_token_secret) if secret is not None]
    made = [names.api_secret(name), names.pull_secret(name)] if plan.keys.ngc else []
    made += [names.hf_secret(name)] if plan.keys.hub else []
    snapshot = gather(reader, settings.namespace, name, [*named, *existing.image_pull_secrets, *made])
    further: dict[Part, tuple[str, str | None]] = {
        "runtimeClasses": ("/apis/node.k8s.io/v1/runtimeclasses", settings.pods.runtime_class),
        "priorityClasses": ("/apis/scheduling.k8s.io/v1/priorityclasses", settings.pods.priority_class),
        "serviceAccounts": (
            f"/api/v1/namespaces/{settings.namespace}/serviceaccounts",
            settings.pods.service_account,
        ),
    }
    objects, notes = dict(snapshot.objects), list(snapshot.notes)
    for part, (path, wanted) in further.items():
        if wanted is not None:
            try:
                found = reader.get(f"{path}/{wanted}")
                objects[part] = (trimmed(part, found),) if found else ()
            except CannotReadError as refused:
                notes.append(f"{part}: {refused}")
    if settings.lws.mode == "install":
        try:
            found = reader.get(_GROUPS) or {}
            objects["others"] = tuple(trimmed("others", item) for item in found.get("items") or ())
        except CannotReadError as refused:
            notes.append(f"others: {refused}")
    try:
        release = _release(plan)
    except ReleaseError as refused:
        release = None
        notes.append(f"{RELEASE_NOTE}{refused}")
    answers = review(reader, needed(plan, release))
    return replace(snapshot, objects=objects, notes=tuple(notes), access=answers)


def _release(plan: DeploymentPlan) -> Release | None:
    """What the stack installs of LWS: as `up` does, from where it is kept, else from where the settings say.

    Raises:
        ReleaseError: it cannot be read.
    """
    lws = plan.settings.lws
    if lws.mode != "install" or lws.sha256 is None:
        return None
    return parse_release(fetch_manifest(lws.manifest, lws.sha256))


def examine(preflight: Preflight) -> Report:
    """All findings; they depend on nothing but plan and snapshot."""
    return Report({each.rule.code: tuple(each.problems(preflight)) for each in CHECKS.judgements})
