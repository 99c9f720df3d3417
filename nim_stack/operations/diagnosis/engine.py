"""Failures of the model and the engine: download, configuration, memory, network of the GPUs, and what repeats."""

import re
from collections.abc import Iterator

from nim_stack.base import names
from nim_stack.base.problems import Finding
from nim_stack.base.registry import always
from nim_stack.operations.diagnosis.failure import failure, sign, some
from nim_stack.operations.diagnosis.logs import fresh
from nim_stack.operations.diagnosis.observed import ObservedDeployment, stated

_PLAIN = ("cpu", "memory", "ephemeral-storage", names.GPU_RESOURCE)


def _lines(observed: ObservedDeployment, code: str, most: int = 3) -> tuple[str, ...]:
    return some([hit.evidence for hit in observed.hits_of(code)], most)


@failure(
    "hub-refuses-token",
    "The Hugging Face hub refuses the model",
    cause="There is no token, it is wrong or expired, or its owner has not accepted the licence of a gated model.",
    cure="Accept the licence on the model's page, then `pulumi config set --secret hfToken` with a token that may "
    "read it.",
)
def hub_refuses(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := observed.hits_of("hub-refuses-token"):
        unset = "HF_TOKEN is not set" in found[0].line
        do = "Set one: `pulumi config set --secret hfToken`." if unset else (
            "See that the token is valid, and that its owner has accepted the licence on the model's page; then "
            "`pulumi config set --secret hfToken` and `pulumi up`."
        )  # fmt: skip
        what = found[0].match["what"] + (": no token was given" if unset else ": the token may not read it")
        yield sign(what, _lines(observed, "hub-refuses-token"), do)


@failure(
    "ngc-refuses-key",
    "NGC refuses the key",
    cause="The NGC API key is missing, revoked, or has no access to this model.",
    cure="`pulumi config set --secret ngcApiKey` with a key of an organisation that may use the model.",
)
def ngc_refuses(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := observed.hits_of("ngc-refuses-key"):
        yield sign(
            stated(found[0].match["what"], 160), _lines(observed, "ngc-refuses-key"), "Set a key that may use it."
        )


@failure(
    "model-not-found",
    "The model is not where it is looked for",
    cause="No repository, revision or directory of this name; a private repository looks the same without a token.",
    cure="Correct nim.model; for a path, mount what holds it in every pod.",
)
def model_not_found(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := observed.hits_of("model-not-found"):
        yield sign(stated(found[0].match["what"], 160), _lines(observed, "model-not-found"), "Correct nim.model.")


@failure(
    "cache-not-shared",
    "The pods do not see the same cache",
    cause="The leader downloaded the model, and a worker does not find it at the same place.",
    cure="Use one ReadWriteMany claim for all pods; a directory of the node is another one on each node.",
)
def cache_not_shared(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := observed.hits_of("cache-not-shared"):
        what = f"a worker does not see {found[0].match['what']}, which its leader has"
        yield sign(what, _lines(observed, "cache-not-shared"), "Use storage that all nodes share (nim.storage).")


@failure(
    "download-failed",
    "The download fails",
    cause="The hub cannot be reached from the pods, or breaks off.",
    cure="Allow the pods to reach it (proxy, firewall, NetworkPolicy), or name a mirror in nim.download.hubEndpoint.",
)
def download_failed(observed: ObservedDeployment) -> Iterator[Finding]:
    if observed.hits_of("hub-refuses-token") or observed.hits_of("model-not-found") or observed.hits_of("disk-full"):
        return
    if found := observed.hits_of("hub-unreachable") or observed.hits_of("download-failed"):
        do = "Reach it from a pod of the namespace; set nim.download.hubEndpoint for a mirror."
        yield sign(f"the download fails: {found[0].match['what']}", some([hit.evidence for hit in found]), do)


@failure(
    "invalid-environment",
    "The container refuses its settings",
    cause="An environment variable or an argument has a value that the image or vLLM does not accept.",
    cure="Correct the setting that it comes from: nim.env, nim.passthroughArgs, nim.profile.",
)
def invalid_environment(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := observed.hits_of("invalid-environment"):
        what = stated(found[0].match["what"], 200)
        yield sign(
            what, _lines(observed, "invalid-environment", 5), "Correct nim.env, nim.passthroughArgs or nim.profile."
        )


@failure(
    "wrong-interface",
    "The network interface that is named is not there",
    cause="NCCL_SOCKET_IFNAME or GLOO_SOCKET_IFNAME names an interface that the pods do not have.",
    cure="Name one that all pods have (`kubectl exec … -- ip addr`), or leave the variable out.",
)
def wrong_interface(observed: ObservedDeployment) -> Iterator[Finding]:
    if observed.hits_of("wrong-interface"):
        env = [
            f"{pod.name}: {variable['name']}={variable.get('value')}"
            for pod in observed.pods
            for variable in pod.main_spec.get("env") or []
            if variable["name"].endswith("_SOCKET_IFNAME")
        ]
        do = "Set NCCL_SOCKET_IFNAME and GLOO_SOCKET_IFNAME (nim.env, nim.fabric) to an interface of the pods, as eth0."
        seen = (*_lines(observed, "wrong-interface"), *some(env, 2))
        yield sign("the pods have no interface of the name that is set", seen, do)


@failure(
    "shared-memory-too-small",
    "/dev/shm is too small",
    cause="vLLM, NCCL and Ray share memory there; a page that has no room left ends the process with SIGBUS.",
    cure="Raise nim.resources.shm (16Gi), and nim.resources.memory with it, since /dev/shm counts against it.",
)
def shared_memory(observed: ObservedDeployment) -> Iterator[Finding]:
    if observed.hits_of("shared-memory-too-small"):
        sizes = [str(volume["emptyDir"].get("sizeLimit")) for pod in observed.pods[:1] for volume in pod.spec["volumes"]
                 if (volume.get("emptyDir") or {}).get("medium") == "Memory"]  # fmt: skip
        seen = (
            *_lines(observed, "shared-memory-too-small"),
            f"size of /dev/shm: {', '.join(sizes) or 'the default, 64Mi'}",
        )
        yield sign("a process ran out of shared memory", seen, "Raise nim.resources.shm, and memory with it.")


@failure(
    "out-of-memory",
    "A container used more memory than its limit",
    cause="The kernel ends it (OOMKilled). /dev/shm and the page cache of weights that are being loaded count as well.",
    cure="Raise nim.resources.memory, or leave it out.",
)
def out_of_memory(observed: ObservedDeployment) -> Iterator[Finding]:
    seen = [f"{pod.name}: container {c.name} was OOMKilled at {ended.get('finishedAt')}" for pod in observed.everyone
            for c in pod.containers for ended in c.ends if ended.get("reason") == "OOMKilled"]  # fmt: skip
    if seen:
        limit = (observed.everyone[0].main_spec.get("resources", {}).get("limits") or {}).get("memory", "none")
        yield sign(
            "a container was ended for its memory", (*some(seen), f"limit: {limit}"), "Raise nim.resources.memory."
        )


@failure(
    "gpu-memory",
    "The GPUs have too little memory",
    cause="Weights, KV cache and CUDA graphs do not fit, or another process uses the GPU.",
    cure="More GPUs or nodes, a smaller nim.maxModelLen, another precision; `nim-stack plan` computes what fits.",
)
def gpu_memory(observed: ObservedDeployment) -> Iterator[Finding]:
    if found := observed.hits_of("gpu-memory"):
        do = "Lower nim.maxModelLen, use more GPUs, or another precision: `nim-stack plan -s …` says what fits."
        yield sign(stated(found[0].match["what"], 160), _lines(observed, "gpu-memory"), do)


@failure(
    "nccl-failed",
    "NCCL fails between the GPUs",
    cause="The GPUs of different nodes cannot talk: a blocked port, a wrong interface or GID, memory that cannot be "
    "pinned (IPC_LOCK), or a peer that ended first.",
    cure="Set NCCL_DEBUG=INFO in nim.env and read which transport it chose; see nim.fabric.",
)
def nccl_failed(observed: ObservedDeployment) -> Iterator[Finding]:
    if observed.hits_of("nccl-failed") and not observed.hits_of("wrong-interface"):
        do = "Set NCCL_DEBUG=INFO in nim.env; compare nim.fabric with what the nodes have."
        yield sign("NCCL reports an error", _lines(observed, "nccl-failed"), do)


@failure(
    "nccl-over-tcp",
    "NCCL uses TCP instead of RDMA",
    cause="The pods have RDMA devices and NCCL does not use them. It serves, many times slower between the nodes.",
    cure="See NCCL_IB_HCA, the IPC_LOCK capability, and that the image has the network plugin of the fabric.",
    severity="warning",
    applies=always,
)
def nccl_over_tcp(observed: ObservedDeployment) -> Iterator[Finding]:
    devices = {
        name
        for pod in observed.pods
        for name in (pod.main_spec.get("resources", {}).get("limits") or {})
        if name not in _PLAIN and not name.startswith("hugepages-")
    }
    if devices and observed.hits_of("nccl-over-tcp"):
        seen = (*_lines(observed, "nccl-over-tcp"), f"devices of the pods: {', '.join(sorted(devices))}")
        yield sign("traffic between the nodes goes over TCP", seen, "See nim.fabric: HCA names, IPC_LOCK, plugin.")


@failure(
    "startup-too-slow",
    "The start took longer than it may",
    cause="The startup probe ended the leader before it served. Every deadline follows from nim.timeouts.",
    cure="If it made progress until then, raise nim.timeouts.downloadMinutes or .loadMinutes; if not, see its log.",
)
def startup_too_slow(observed: ObservedDeployment) -> Iterator[Finding]:
    seen = [str(event) for event in observed.recent("Killing", seconds=1800) if "failed startup probe" in event.message]
    if seen:
        phases = [f"it was at: {hit.line.strip()}" for hit in observed.hits_of("progress") if hit.role == "leader"][-1:]
        limit = f"the startup probe allows {observed.startup_seconds:.0f} s" if observed.startup_seconds else ""
        do = "Raise nim.timeouts.loadMinutes (or .downloadMinutes) if it was making progress."
        yield sign("the leader was restarted because it did not serve in time", (*some(seen, 2), limit, *phases), do)


@failure(
    "engine-failed",
    "The engine ended by itself",
    cause="None of the failures above, as far as the logs show.",
    cure="The lines before say why; exit code -9 or 137 is usually the kernel for lack of memory.",
)
def engine_failed(observed: ObservedDeployment) -> Iterator[Finding]:
    known = {hit.pattern.failure for hit in observed.hits} - {"progress", "engine-failed"}
    found = [hit for hit in observed.hits_of("engine-failed") if fresh(hit, observed.snapshot.taken)]
    if found and not known:
        lines = [f"… {text.strip()}" for text in _errors(observed)]
        do = "Read the lines before it: `kubectl logs --previous`, or `--watch 120` while it repeats."
        if any(re.search(r"signal 9\b|exit code (-9|137)\b", hit.line) for hit in found):
            # The kernel ends one process of a container; only the end of the first one makes it OOMKilled.
            do = "It was killed, usually by the kernel for lack of memory: raise nim.resources.memory, or leave it out."
        yield sign(stated(found[0].match["what"], 200), (*some([h.evidence for h in found], 2), *some(lines)), do)


def _errors(observed: ObservedDeployment) -> list[str]:
    """Last lines of Python errors in the logs of pods that do not serve."""
    lines = [text for log in observed.snapshot.logs for _, text in log.lines if "Error: " in text or "Error(" in text]
    return lines[-3:]


@failure(
    "crash-loop",
    "The group is made anew again and again",
    cause="A container restarts, for which LWS replaces the whole group, without a pause and with all its logs.",
    cure="`nim-stack diagnose --watch 120` collects the logs of pods as they go.",
)
def crash_loop(observed: ObservedDeployment) -> Iterator[Finding]:
    restarts = [(pod, container) for pod in observed.pods for container in pod.containers if container.restarts >= 2]
    seen = (
        [str(event) for event in observed.recent("RecreateGroup", seconds=3600)][:1]
        if observed.recreations >= 2
        else []
    )
    for pod, container in restarts:
        for ended in list(container.ends)[:1]:
            words = stated(ended.get("message", ""), 160)
            seen.append(f"{pod.name}: {container.name} ended {container.restarts} times, the last with exit code "
                        f"{ended.get('exitCode')} ({ended.get('reason')}){': ' + words if words else ''}")  # fmt: skip
    if seen:
        count = max(observed.recreations, *(container.restarts for _, container in restarts), 0)
        what = f"{count} restarts in the last hour"
        yield sign(what, some(seen), "See what stands above; else `nim-stack diagnose --watch 120`.")
