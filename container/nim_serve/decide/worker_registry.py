"""The workers as the leader knows them: what each reported last, and which of them are gone."""

from dataclasses import dataclass

from nim_serve.contract.limits import GONE_SECONDS
from nim_serve.decide.messages import Report
from nim_serve.system.abbreviation import abbreviated


@dataclass
class _Worker:
    """One worker: its last report, and when and how its connection ended (None while it has one)."""

    report: Report
    gone_at: float | None = None
    how: str = ""
    silent: bool = False


class WorkerRegistry:
    """Takes in the reports and the lost connections of workers, and says which of them are there."""

    def __init__(self, workers: int) -> None:
        """Begin with nobody; `workers` is how many the group has."""
        self.size = workers
        self._known: dict[str, _Worker] = {}
        self._joined: dict[str, Report] = {}
        """The last report of each worker that was part of a Ray cluster."""

    def heard(self, report: Report) -> None:
        """Take in a report: it replaces the one before, on whichever connection it came."""
        self._known[report.worker] = _Worker(report)
        if report.epoch and _in(report, report.epoch):
            self._joined[report.worker] = report

    def hung_up(self, worker: str, how: str, silent: bool, now: float) -> None:
        """Take in that a connection has ended; the worker may still come back on another one."""
        if worker in self._known:
            known = self._known[worker]
            known.gone_at, known.how, known.silent = now, how, silent

    def forget_gone(self, now: float) -> None:
        """Forget the workers that have gone: while nothing runs that is no news, since they or others will come."""
        self._known = {name: known for name, known in self._known.items() if not self._gone(known, now)}

    def _gone(self, known: _Worker, now: float) -> bool:
        return known.gone_at is not None and (known.silent or now - known.gone_at >= GONE_SECONDS)

    def joined(self, epoch: str, engine: int) -> list[Report]:
        """Give the reports of the workers whose raylet belongs to this epoch and whose earlier ranks are gone."""
        return [
            known.report
            for known in self._known.values()
            if known.gone_at is None and _in(known.report, epoch) and known.report.engine >= engine
        ]

    def broken(self, epoch: str, now: float) -> str | None:
        """Say which worker had joined this epoch and is not in it any more; None when all are.

        Ray knows its node for a while yet, and would place a rank there, so this epoch is of no use to anybody.
        """
        for name, report in self._joined.items():
            known = self._known.get(name)
            if report.epoch != epoch or (known and known.report is report and known.gone_at is None):
                continue  # most of them, at every beat of anybody
            if known is None or self._gone(known, now):
                return f"{_name(report)} has gone{f': {known.how}' if known else ''}"
            if known.gone_at is None and not _in(known.report, epoch) and not known.report.leaving:
                return f"{_name(report)} came back without its part of the Ray cluster"
        return None

    def missing(self) -> str | None:
        """Name a worker whose connection is down at the moment, and which may come back; None when all are up."""
        return next((_name(known.report) for known in self._known.values() if known.gone_at is not None), None)

    def leaving(self) -> str | None:
        """Name a worker that was asked to stop; None when there is none."""
        return next((_name(k.report) for k in self._known.values() if k.gone_at is None and k.report.leaving), None)

    def describe(self, epoch: str, engine: int) -> str:
        """Say which workers are there and have not joined, what they do, and how many did not come at all."""
        joined = {report.worker for report in self.joined(epoch, engine)}
        here = [known.report for known in self._known.values() if known.gone_at is None]
        late = abbreviated(
            (f"{_name(r)} {r.note or 'has not joined yet'}" for r in here if r.worker not in joined), "; "
        )
        absent = self.size - len(here)
        missing = f"{absent} of {self.size} workers did not come yet" if absent > 0 else ""
        return "; ".join(part for part in (late, missing) if part)


def _in(report: Report, epoch: str) -> bool:
    return report.epoch == epoch and not report.fault_in_ray and not report.leaving


def _name(report: Report) -> str:
    return (
        f"worker {report.worker}" if report.worker == report.address else f"worker {report.worker} ({report.address})"
    )
