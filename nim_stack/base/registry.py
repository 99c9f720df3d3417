"""The judges of a package: functions that look at one subject and yield what they find, each under a code.

A registry imports every module of its package by itself, so that a module with a judge in it is enough: there is no
list in which it could be forgotten. Modules are found through the package's `__path__`, in a folder, an installed
wheel or a zip file alike.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from nim_stack.base.errors import NimStackError
from nim_stack.base.problems import Finding, Problem, Rule, Severity

Subject = TypeVar("Subject")
Judge = Callable[[Subject], Iterator[Finding]]
Condition = Callable[[Subject], bool]


class RegistryError(NimStackError):
    """The judges of a package are not what its registry may hold: a code is given twice, or a code has no judge."""


def always(_: object) -> bool:
    """The condition of a judge that can look at every subject."""
    return True


@dataclass(frozen=True)
class Judgement(Generic[Subject]):
    """A rule, and the function that applies it."""

    rule: Rule
    judge: Judge[Subject]
    applies: Condition[Subject]
    """Whether the judge can, or need, look at a subject."""
    reads: frozenset[str]
    """Paths of the settings that the judge looks at beside the one that it names."""

    def problems(self, subject: Subject) -> Iterator[Problem]:
        """What the judge finds in a subject; nothing where it does not apply."""
        if self.applies(subject):
            for finding in self.judge(subject):
                yield Problem.of(self.rule, finding, self.reads)


class Registry(Generic[Subject]):
    """All judges of one package."""

    def __init__(
        self,
        package: str,
        *,
        page: str = "",
        applies: Condition[Subject] = always,
        order: Sequence[str] = (),
        elsewhere: Iterable[Rule] = (),
    ) -> None:
        """
        Args:
            package: name of the package whose modules hold the judges.
            page: the page of the documentation that explains the rules.
            applies: the condition of a judge that names none.
            order: codes in the order in which they are reported; a code that is not among them comes after them, and
                without this all are sorted by their codes.
            elsewhere: rules that are applied by other code, whose codes no judge may have.
        """
        self._package = package
        self._page = page
        self._applies = applies
        self.order = tuple(order)
        self._elsewhere = {rule.code: rule for rule in elsewhere}
        self._judgements: dict[str, Judgement[Subject]] = {}

    def add(
        self,
        code: str,
        title: str = "",
        *,
        cause: str = "",
        cure: str = "",
        severity: Severity = "error",
        applies: Condition[Subject] | None = None,
        reads: frozenset[str] = frozenset(),
    ) -> Callable[[Judge[Subject]], Judge[Subject]]:
        """Register the decorated function as the judge of a rule.

        Raises:
            RegistryError: the code belongs to another rule.
        """
        rule = Rule(code, title, severity, cause, cure, self._page)

        def register(judge: Judge[Subject]) -> Judge[Subject]:
            if code in self._elsewhere:
                raise RegistryError(f"the code {code} of {_name(judge)} belongs to a rule that is applied elsewhere")
            if code in self._judgements:
                raise RegistryError(f"{_name(judge)} and {_name(self._judgements[code].judge)} have the code {code}")
            self._judgements[code] = Judgement(rule, judge, applies or self._applies, reads)
            return judge

        return register

    @cached_property
    def judgements(self) -> tuple[Judgement[Subject], ...]:
        """Every judgement of the package, in the order of reporting.

        Raises:
            RegistryError: two have the same code, a code of the order has no judge, or no module was found.
        """
        for module in pkgutil.walk_packages(importlib.import_module(self._package).__path__, f"{self._package}."):
            importlib.import_module(module.name)
        if not self._judgements:
            raise RegistryError(f"no module with a judge was found in {self._package}")
        if missing := set(self.order) - self._judgements.keys():
            raise RegistryError(f"no module of {self._package} has a judge of {', '.join(sorted(missing))}")
        return tuple(sorted(self._judgements.values(), key=lambda judgement: self._place(judgement.rule)))

    def judgement(self, code: str) -> Judgement[Subject]:
        """The judgement of one code.

        Raises:
            KeyError: no judge has the code.
        """
        return {each.rule.code: each for each in self.judgements}[code]

    def _place(self, rule: Rule) -> tuple[int, str]:
        """Sorts rules in the order of reporting."""
        return (self.order.index(rule.code) if rule.code in self.order else len(self.order)), rule.code

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule in the order of reporting, those that are applied elsewhere included."""
        rules = [*(each.rule for each in self.judgements), *self._elsewhere.values()]
        return tuple(sorted(rules, key=self._place))

    def problems(self, subject: Subject) -> Iterator[Problem]:
        """Everything that the judges find in a subject, in the order of reporting."""
        for judgement in self.judgements:
            yield from judgement.problems(subject)

    def not_judged(self, subject: Subject) -> tuple[Rule, ...]:
        """Rules whose judge cannot look at this subject."""
        return tuple(judgement.rule for judgement in self.judgements if not judgement.applies(subject))


def _name(judge: Callable[..., object]) -> str:
    return f"{judge.__module__}.{judge.__qualname__}"
