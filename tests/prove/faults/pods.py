"""The pods of a group as Kubernetes sees them, each change with its moment, and their first processes."""

import json
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lab.observe import kubectl_command

WATCH_SECONDS = 4 * 3600


@dataclass(frozen=True)
class Sight:
    """One state of a pod, and when it was seen (CLOCK_MONOTONIC)."""

    at: float
    name: str
    uid: str
    leader: bool
    in_service: bool
    """Ready and not about to leave: a Service sends requests to such a leader."""

    gone: bool = False
    container: str = ""
    """Id of the model's container; empty before there is one."""

    restarts: int = 0


def sight(event: Mapping[str, Any], at: float) -> Sight:
    """What one event of a watch of pods says; the model's container is the first."""
    pod = event["object"]
    status, gone = pod.get("status", {}), event["type"] == "DELETED"
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ()))
    first: Mapping[str, Any] = next(iter(status.get("containerStatuses", ())), {})
    return Sight(
        at,
        pod["metadata"]["name"],
        pod["metadata"]["uid"],
        pod["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/worker-index"] == "0",
        ready and not gone and "deletionTimestamp" not in pod["metadata"],
        gone,
        first.get("containerID", "").rpartition("//")[2],
        first.get("restartCount", 0),
    )


def there(sights: Sequence[Sight]) -> list[Sight]:
    """The last sight of every pod that has not gone, leaders first."""
    last = {one.uid: one for one in sights}
    return sorted((one for one in last.values() if not one.gone), key=lambda one: (not one.leader, one.name))


def out_of_service(sights: Sequence[Sight], since: float) -> float | None:
    """When a leader first did not take requests, from this moment on."""
    return next((one.at for one in sights if one.leader and one.at >= since and not one.in_service), None)


def all_gone(sights: Sequence[Sight], uids: Sequence[str]) -> float | None:
    """When the last of these pods was gone; None while one is there."""
    gone = {one.uid: one.at for one in sights if one.gone}
    return max(gone[uid] for uid in uids) if uids and gone.keys() >= set(uids) else None


class PodWatch:
    """Sees every change of the pods of one LeaderWorkerSet, until it is closed."""

    def __init__(self, namespace: str, group: str) -> None:
        selector = quote(f"leaderworkerset.sigs.k8s.io/name={group}")
        # From the API server's cache: without a version it waits until that is as new as etcd, which etcd 3.4 does not
        # tell while nothing is written.
        path = f"/api/v1/namespaces/{namespace}/pods?watch=1&resourceVersion=0&labelSelector={selector}"
        self._seen: list[Sight] = []
        self._ended = ""
        self._popen = subprocess.Popen(
            kubectl_command("get", "--raw", f"{path}&timeoutSeconds={WATCH_SECONDS}"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._popen.stdout is not None  # it was asked for
        for line in self._popen.stdout:
            event = json.loads(line)
            if event["type"] == "ERROR":
                self._ended = event["object"]["message"]
                return
            self._seen.append(sight(event, time.monotonic()))
        self._ended = "the API server has closed it"

    def sights(self) -> list[Sight]:
        """All so far, in order.

        Raises:
            AssertionError: the watch has ended, so that nothing more will be seen, however long one waits.
        """
        assert not self._ended, f"the watch of the pods has ended: {self._ended}"
        return list(self._seen)

    def close(self) -> None:
        self._popen.kill()
        self._popen.wait()
