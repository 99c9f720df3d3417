"""The policies as Pulumi takes them: names, levels, parameters and functions. Needs `pulumi-policy`."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from nim_policy.objects import Resource
from nim_policy.policies import NOT_JUDGED, NOT_JUDGED_DESCRIPTION, POLICIES, Described
from nim_policy.values import UNKNOWN
from nim_policy.verdict import Remark, Verdict


class _LeftOpen:
    """What policies could not judge, until it is reported. The engine asks about several resources at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._remarks: list[Remark] = []

    def add(self, policy: str, remarks: Iterable[Remark]) -> None:
        with self._lock:
            self._remarks += [Remark(f"{policy}: {remark.text}", remark.urn) for remark in remarks]

    def take(self) -> list[Remark]:
        with self._lock:
            taken, self._remarks = self._remarks, []
        return list(dict.fromkeys(taken))


def serve() -> None:
    """Answer the engine until it ends this process."""
    left_open = _LeftOpen()
    policies = [_policy(described, left_open) for described in POLICIES]
    # Last: the engine asks the policies of a stack in this order, after those of resources.
    PolicyPack("nim-stack", [*policies, _not_judged(left_open)])


def _policy(described: Described, left_open: _LeftOpen) -> Policy:
    def tell(verdict: Verdict, report: ReportViolation) -> None:
        for remark in verdict.violations:
            report(remark.text, remark.urn)
        left_open.add(described.name, verdict.not_judged)

    def of_resource(args: ResourceValidationArgs, report: ReportViolation) -> None:
        tell(described.judge(_resource(args), args.get_config()), report)

    def of_stack(args: StackValidationArgs, report: ReportViolation) -> None:
        tell(described.judge([_resource(item) for item in args.resources], args.get_config()), report)

    kind, function = (
        (StackValidationPolicy, of_stack) if described.of_stack else (ResourceValidationPolicy, of_resource)
    )
    return kind(
        described.name,
        described.description,
        function,
        EnforcementLevel(described.level),
        PolicyConfigSchema(properties=dict(described.parameters)) if described.parameters else None,
    )


def _not_judged(left_open: _LeftOpen) -> Policy:
    def tell(args: StackValidationArgs, report: ReportViolation) -> None:
        del args
        for remark in left_open.take():
            report(remark.text, remark.urn)

    return StackValidationPolicy(NOT_JUDGED, NOT_JUDGED_DESCRIPTION, tell, EnforcementLevel.ADVISORY)


def _resource(given: ResourceValidationArgs | PolicyResource) -> Resource:
    return Resource(given.resource_type, given.urn, _plain(given.props), given.opts.protect)


def _plain(value: Any) -> Any:
    """Mappings and lists as Python has them; those of the library raise an error where a value is not known."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, number) for number in range(len(value))]
    return value


def _item(container: Any, key: str | int) -> Any:
    try:
        return _plain(container[key])
    except UnknownValueError:
        return UNKNOWN
