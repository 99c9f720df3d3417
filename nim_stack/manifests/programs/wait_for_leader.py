"""An init container of workers that waits until Ray's port on the leader answers.

The supervisor of the open image waits by itself. Of the licensed image it is not known, and a worker that gives up
before the leader has pulled the image takes the group down again and again; so this is there unless switched off.

It waits inside one process, because a restart of an init container counts as a restart of the pod, upon which
LeaderWorkerSet recreates the group (its pod_controller.go). It ends with an error after the time in which the group
has to gather. It is written for `python3`, which both images have on their PATH: Ray's own programs are Python, and
NVIDIA's operator calls `ray` by its bare name in probes. Shells are not certain: /dev/tcp is bash's alone.
"""

from nim_stack.base import names
from nim_stack.deployment.plan_value import DeploymentPlan
from nim_stack.manifests.references import Manifest
from nim_stack.manifests.security import restricted

PROGRAM = """\
import socket, sys, time

host, port, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
print(f"waiting up to {limit:.0f} s for Ray on the leader, {host}:{port}", flush=True)
start = said = time.monotonic()
while True:
    try:
        socket.create_connection((host, port), timeout=5).close()
        break
    except OSError as error:
        now = time.monotonic()
        if now - start >= limit:
            sys.exit(f"no answer from Ray on the leader, {host}:{port}, in {limit:.0f} s: {error}")
        if now - said >= 30:
            said = now
            print(f"still waiting after {now - start:.0f} s: {error}", flush=True)
        time.sleep(1)
print(f"Ray on the leader answered after {time.monotonic() - start:.0f} s", flush=True)
"""


def wait_for_leader(plan: DeploymentPlan) -> Manifest:
    """Same image, so that nothing else is pulled. The name of the leader resolves before it is ready: the Service of
    LeaderWorkerSet publishes such addresses."""
    settings = plan.settings
    return {
        "name": names.WAIT_CONTAINER,
        "image": plan.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["python3", "-c", PROGRAM],
        "args": ["$(LWS_LEADER_ADDRESS)", str(settings.ports.ray), str(plan.budget.join)],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        "securityContext": restricted(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
