"""The rollouts of LeaderWorkerSet, simulated from its source at v0.9.0."""

from dataclasses import dataclass


@dataclass
class Simulation:
    """`rollingUpdateParameters` of LWS 0.9 and a StatefulSet with maxUnavailable; a start takes one tick.

    A group is (is of the new revision, is ready).
    """

    wanted: int
    surge: int
    unavailable: int
    groups: list[tuple[bool, bool]]
    least: int = 0
    most: int = 0
    ticks: int = 0

    def run(self) -> None:
        self.least = self.most = len(self.groups)
        partition = min(self.wanted, len(self.groups))
        replicas = self.wanted if len(self.groups) < self.wanted else self._replicas(self.wanted)
        while True:
            for _ in range(20):
                self._stateful_set(partition, replicas)
                if len(self.groups) < self.wanted:
                    replicas = self.wanted
                    continue
                partition, replicas = self._partition(partition), self._replicas(self._unready())
            if all(new and ready for new, ready in self.groups) and len(self.groups) == self.wanted:
                return
            self.groups = [(new, True) for new, _ in self.groups]
            self.ticks += 1
            assert self.ticks < 50, "the rollout does not end"

    def _stateful_set(self, partition: int, replicas: int) -> None:
        del self.groups[replicas:]
        self.groups += [(index >= partition, False) for index in range(len(self.groups), replicas)]
        for index in range(len(self.groups) - 1, partition - 1, -1):
            down = sum(not ready for _, ready in self.groups)
            new, ready = self.groups[index]
            if not new and (not ready or down < max(self.surge + self.unavailable, 1)):
                self.groups[index] = (True, False)
        self.least = min(self.least, sum(ready for _, ready in self.groups))
        self.most = max(self.most, len(self.groups))

    def _unready(self) -> int:
        return sum(not (new and ready) for new, ready in self.groups[: self.wanted])

    def _replicas(self, unready: int) -> int:
        if unready <= self.surge:
            return self.wanted + max(unready - self.unavailable, 0)
        return self.wanted + self.surge

    def _partition(self, current: int) -> int:
        count = len(self.groups)
        step = self.unavailable + self.surge - (self.wanted + self.surge - count)
        tail = 0
        while tail < count and self.groups[count - 1 - tail] == (True, True):
            tail += 1
        lowest = max(count - tail - step, 0)
        partition = lowest + sum(not ready for _, ready in self.groups[:lowest])
        for index in range(min(partition, count - 1), lowest - 1, -1):
            if self.groups[index][0] or not self.groups[index][1]:
                partition = index
            else:
                break
        return min(partition, current)
