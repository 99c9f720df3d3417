"""The lab as a whole: up, down, and what is there.

One lab per machine: a lock is held while it is brought up or down, and its state lies outside any clone. A lab that
does not answer in full is dead: the next `up`, from any clone, removes what it left and starts a new cluster.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from lab import (
    cgroups,
    control_plane,
    environment,
    extensions,
    fetch,
    health,
    machine,
    network,
    node,
    offered,
    pki,
    prerequisites,
    storage,
)
from lab.address import API_URL, GATEWAY, HUB_PORT, HUB_TOKEN, NODES
from lab.api import Api, wait_for
from lab.beside import beside
from lab.console import LabError, say, step
from lab.engine import model
from lab.inside import inside
from lab.paths import CACHE, LOGS, REPO, STATE
from lab.shell import run
from lab.toolchain import build

MODEL_ID = "lab/tiny-llama"


@contextmanager
def lock(suffix: str = "") -> Iterator[None]:
    """Hold the machine's one lab (or, with a suffix, one part of its use); a second caller is told who has it."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE.parent / f".{STATE.name}{suffix}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LabError(
                f"the lab is being changed by another command ({file.read().strip()}); try again after it"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} from {REPO}")
        file.flush()
        yield


def prepare() -> None:
    """Everything that is made once and cached: programs, trees, packages, images, the model."""
    prerequisites.check()
    prerequisites.install_host_programs()
    if build.missing():
        with beside("lab.fetch", "fetching what is not compiled here") as fetching:
            build.ensure_all(fetching.check)
    fetch.ensure()
    offered.lws_manifest()
    offered.archives()
    extensions.manifests()


def up() -> None:
    """Bring the lab up; return at once when it is up already."""
    with lock():
        prepare()
        if health.is_healthy():
            _refresh_images()
            environment.prepare()
            say(f"  ✓ the lab is up already ({API_URL}, in the network namespace nim-lab)")
            return
        _remove()
        with step("starting the cluster: control plane and two nodes"):
            try:
                _start()
            except BaseException:
                _stop()
                raise


def _start() -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    network.up()
    pki.make()
    control_plane.admin_kubeconfig_inside()
    control_plane.prepare()
    control = control_plane.machine()
    control.start()
    control_plane.start_api(control)
    machines = {}
    for name in NODES:
        node.prepare(name)
        machines[name] = node.machine(name)
        machines[name].start()
        node.start_containerd(name, machines[name])
    inside(_api_ready)
    control_plane.start_controllers(control)
    for name in NODES:
        node.start_kubelet(name, machines[name])
    _start_helpers(control)
    archives = offered.archives()
    with ThreadPoolExecutor() as pool:
        imports = [pool.submit(node.import_images, machines[name], archives) for name in NODES]
        inside(_publish)
        for one in imports:
            one.result()
    (STATE / "images").write_text(_images_identity())
    inside(_nodes_ready)
    environment.prepare()


def _start_helpers(control: machine.Machine) -> None:
    """The provisioner and the hub stand-in run on the host's files, in the control machine's process namespace."""
    pid = control.pid()
    common = ["nsenter", f"--target={pid}", "--pid", f"--net={network.NETNS_PATH}", "--", sys.executable]
    hub = ["-m", "lab.engine.hub", "--host", GATEWAY, "--port", str(HUB_PORT), "--token", HUB_TOKEN]
    hub += ["--model-dir", str(model.ensure()), "--model-id", MODEL_ID, "--downloads", str(offered.DOWNLOADS)]
    for name, words in {"storage": ["-m", "lab.storage"], "hub": hub}.items():
        with (LOGS / f"{name}.log").open("ab") as sink:
            subprocess.Popen(
                [*common, *words], cwd=REPO, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
            )


def _api_ready() -> None:
    api = Api()
    hint = f"see {LOGS}/kube-apiserver.log and etcd.log"
    wait_for("API server", lambda: api.call("GET", "/readyz")["text"] == "ok", 60, hint)


def _publish() -> None:
    api = Api()
    control_plane.dns_service(api)
    storage.storage_class(api)


def _nodes_ready() -> None:
    api = Api()
    for name in NODES:
        wait_for(name, lambda name=name: node.is_ready(api, name), 60, f"see {LOGS}/{name}-kubelet.log")  # type: ignore[misc]
        node.advertise_gpus(api, name)
    default = "/api/v1/namespaces/default/serviceaccounts/default"
    wait_for("service accounts", lambda: bool(api.call("GET", default)), 30, f"see {LOGS}/kube-controller-manager.log")


def _images_identity() -> str:
    return "\n".join(archive.name for archive in offered.archives())


def _refresh_images() -> None:
    """Load the images again when the clone's container code is another than the one loaded."""
    known = STATE / "images"
    if known.exists() and known.read_text() == _images_identity():
        return
    with step("loading changed images into the nodes"):
        for name in NODES:
            node.import_images(node.machine(name), offered.archives())
        known.write_text(_images_identity())


def down(purge: bool = False) -> None:
    """End everything that runs, unmount and remove it; with purge the caches too."""
    with lock():
        with step("stopping the lab"):
            _remove()
        if purge:
            with step(f"removing {CACHE}"):
                shutil.rmtree(CACHE, ignore_errors=True)


def _stop() -> None:
    machine.kill([pid for pid, _ in machine.running()])
    machine.kill(network.processes())
    machine.kill(cgroups.processes())
    network.down()
    left = cgroups.remove()
    if left:
        say(f"  ! control groups that could not be removed: {', '.join(map(str, left[:3]))}")


def _remove() -> None:
    """Stop, and remove the cluster's state; logs stay until the next start."""
    _stop()
    for mount in _mounts_below(STATE):
        run(["umount", "-l", mount], check=False)
    if STATE.exists():
        for entry in STATE.iterdir():
            if entry == LOGS:
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def _mounts_below(path: Path) -> list[str]:
    """Mount points below a path in the host's namespace, deepest first."""
    found = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return sorted((point for point in found if point.startswith(f"{path}/")), reverse=True)
