"""The rules across settings: each judges one thing that cannot work, or that is merely unwise.

The rules on splitting a model are those that vLLM enforces when it starts, an hour later (config/model.py and the
model code: attention heads and KV heads against tensor parallel, layers against pipeline parallel).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nim_stack import names
from nim_stack.catalog import Catalog, ModelSpec
from nim_stack.overrides import environment, passthrough
from nim_stack.problems import Problem, choices
from nim_stack.quantity import to_bytes
from nim_stack.settings import StackSettings


@dataclass(frozen=True)
class Context:
    """What the rules look at: the settings and what they resolve to."""

    settings: StackSettings
    catalog: Catalog
    model: ModelSpec | None
    image: str
    tensor_parallel: int
    pipeline_parallel: int
    has_ngc_key: bool
    has_hf_token: bool

    @property
    def gpus(self) -> int:
        """GPUs of one group."""
        return self.settings.nodes * self.settings.gpus_per_node

    @property
    def hub_path(self) -> str:
        """Where a model-free image downloads the model from."""
        return f"hf://{self.model.huggingface}" if self.model else self.settings.model


SIZES = frozenset({"nim.nodes", "nim.gpusPerNode", "nim.tensorParallel", "nim.pipelineParallel"})


def check(context: Context) -> list[Problem]:
    """Every problem that some rule finds."""
    return [problem for rule in _RULES for problem in rule(context)]


def _model(context: Context) -> Iterator[Problem]:
    model = context.settings.model
    if context.model or model.startswith("/") or re.fullmatch(r"hf://[\w.-]+/[\w.-]+(@[\w./-]+)?", model):
        return
    if "://" in model:
        why = "it is neither hf://<owner>/<model> nor hf://<owner>/<model>@<revision>"
    else:
        why = "the catalogue has no such model"
    instead = f"Use {choices([*sorted(context.catalog.models), 'hf://<owner>/<model>', 'an absolute path'])}."
    yield Problem("nim.model", model, why, instead)


def _gpu(context: Context) -> Iterator[Problem]:
    gpu = context.settings.gpu
    if gpu is not None and gpu not in context.catalog.gpus:
        instead = f"Use {choices(sorted(context.catalog.gpus))}, or nodeSelector for another type."
        yield Problem("nim.gpu", gpu, "the catalogue has no such GPU", instead)


def _parallelism(context: Context) -> Iterator[Problem]:
    settings, tensor, pipeline = context.settings, context.tensor_parallel, context.pipeline_parallel
    if settings.profile is not None or tensor * pipeline == context.gpus:
        return
    have = f"{settings.nodes} nodes × {settings.gpus_per_node} GPUs per node = {context.gpus} GPUs"
    pairs = [f"{n} × {context.gpus // n}" for n in range(1, context.gpus + 1) if context.gpus % n == 0]
    yield Problem(
        "nim.tensorParallel × nim.pipelineParallel",
        None,
        f"tensor parallel {tensor} × pipeline parallel {pipeline} = {tensor * pipeline}, but {have}",
        f"Use one of {choices(pairs)}, or other nodes or gpusPerNode.",
        SIZES,
    )


def _profile(context: Context) -> Iterator[Problem]:
    settings = context.settings
    if settings.profile is None:
        return
    both = [name for name in ("tensor_parallel", "pipeline_parallel") if getattr(settings, name) is not None]
    if both:
        instead = "Leave tensorParallel and pipelineParallel out, or leave the profile out."
        yield Problem("nim.profile", settings.profile, "the profile sets both sizes already", instead, SIZES)
    sizes = re.search(r"-tp([0-9]+)-pp([0-9]+)(-|$)", settings.profile)
    if sizes and int(sizes[1]) * int(sizes[2]) != context.gpus:
        yield Problem(
            "nim.profile",
            settings.profile,
            f"it needs {int(sizes[1]) * int(sizes[2])} GPUs, but {settings.nodes} nodes × {settings.gpus_per_node} "
            f"GPUs per node = {context.gpus}",
            "Use a profile of that size, or other nodes or gpusPerNode.",
            SIZES,
        )


def _architecture(context: Context) -> Iterator[Problem]:
    settings = context.settings
    if context.model is None or settings.profile is not None:
        return
    shape, tensor, pipeline = context.model.architecture, context.tensor_parallel, context.pipeline_parallel
    heads, kv = shape.attention_heads, shape.kv_heads
    if heads % tensor or (kv % tensor and tensor % kv):
        legal = [n for n in range(1, heads + 1) if heads % n == 0 and (kv % n == 0 or n % kv == 0)]
        yield Problem(
            "nim.tensorParallel",
            tensor,
            f"{context.model.name} has {heads} attention heads and {kv} KV heads, which it does not divide",
            f"Use {choices(legal)}.",
            SIZES | {"nim.model"},
        )
    if pipeline > shape.layers:
        why = f"{context.model.name} has {shape.layers} layers, and a stage needs at least one"
        yield Problem("nim.pipelineParallel", pipeline, why, f"Use 1 to {shape.layers}.", SIZES | {"nim.model"})
    if settings.max_model_len and settings.max_model_len > shape.context_length:
        why = f"{context.model.name} was made for {shape.context_length} tokens"
        instead = f"Use 1 to {shape.context_length}."
        yield Problem("nim.maxModelLen", settings.max_model_len, why, instead, frozenset({"nim.model"}))


def _storage(context: Context) -> Iterator[Problem]:
    storage = context.settings.storage
    if storage.storage_class is None and storage.existing_claim is None:
        yield Problem(
            "nim.storage",
            None,
            "there is neither a storage class nor an existing claim, and the nodes of a group must read the same files",
            "Set storage.storageClass to a class with ReadWriteMany (`kubectl get storageclass` lists them), or "
            "storage.existingClaim to a claim in the namespace.",
            frozenset({"nim.storage.storageClass", "nim.storage.existingClaim"}),
        )
    if storage.storage_class is not None and storage.existing_claim is not None:
        yield Problem(
            "nim.storage.existingClaim",
            storage.existing_claim,
            f"storageClass = {storage.storage_class!r} asks for a new claim at the same time",
            "Leave one of the two out.",
            frozenset({"nim.storage.storageClass"}),
        )
    if context.model and storage.size and to_bytes(storage.size) < context.model.weights_gb * 1e9:
        why = f"the files of {context.model.name} take {context.model.weights_gb:.0f} GB"
        instead = f"Use at least {context.model.weights_gb:.0f}G, or leave it out and it is computed."
        yield Problem("nim.storage.size", storage.size, why, instead, frozenset({"nim.model"}))


def _credentials(context: Context) -> Iterator[Problem]:
    secrets = context.settings.secrets
    named = secrets.ngc_api_secret is not None and secrets.image_pull_secrets
    if context.image.startswith(f"{names.NGC_REGISTRY}/") and not context.has_ngc_key and not named:
        yield Problem(
            "ngcApiKey",
            None,
            f"the image {context.image} can neither be pulled nor fetch its model without an NGC API key",
            "Run `pulumi config set --secret ngcApiKey` and paste the key, or name existing Secrets in "
            "nim.secrets.ngcApiSecret and nim.secrets.imagePullSecrets.",
            frozenset({"nim.image", "nim.model", "nim.secrets"}),
        )


def _ports(context: Context) -> Iterator[Problem]:
    ports = context.settings.ports
    if ports.server == ports.ray:
        why = "the API and Ray cannot listen on the same port"
        instead = f"Use another port for one of the two; the defaults are {names.SERVER_PORT} and {names.RAY_PORT}."
        yield Problem("nim.ports.ray", ports.ray, why, instead, frozenset({"nim.ports.server"}))


def _lws(context: Context) -> Iterator[Problem]:
    lws = context.settings.lws
    if lws.mode == "install" and lws.sha256 is None:
        fetch = f"curl -fsSL {lws.manifest}" if "://" in lws.manifest else f"cat {lws.manifest}"
        yield Problem(
            "nim.lws.sha256",
            None,
            "the LWS release is installed cluster-wide, so its manifest is pinned",
            f"Read the manifest, then set the digest that `{fetch} | sha256sum` prints; or set nim.lws to existing "
            "where LWS 0.9 or newer is installed already.",
            frozenset({"nim.lws"}),
        )


def _names(context: Context) -> Iterator[Problem]:
    settings = context.settings
    if settings.lws.mode == "install" and settings.namespace == names.LWS_NAMESPACE:
        why = "the LWS release has this namespace to itself"
        yield Problem("nim.namespace", settings.namespace, why, "Use another one, such as nim.", frozenset({"nim.lws"}))


def _overrides(context: Context) -> Iterator[Problem]:
    yield from passthrough(context.settings)
    yield from environment(context.settings)


_RULES: tuple[Callable[[Context], Iterator[Problem]], ...] = (
    _model,
    _gpu,
    _parallelism,
    _profile,
    _architecture,
    _storage,
    _credentials,
    _ports,
    _lws,
    _names,
    _overrides,
)


def warnings_of(context: Context) -> tuple[str, ...]:
    """What will work and is unwise."""
    settings = context.settings
    found = []
    if context.tensor_parallel > settings.gpus_per_node and settings.profile is None:
        nodes = -(-context.tensor_parallel // settings.gpus_per_node)
        found.append(
            f"nim.tensorParallel = {context.tensor_parallel} spans {nodes} nodes: every token crosses the network many "
            f"times. Without RDMA between the nodes, tensorParallel {settings.gpus_per_node} with pipelineParallel "
            f"{settings.nodes} is faster."
        )
    from_hub = context.model is None and settings.model.startswith("hf://")
    if from_hub and not context.has_hf_token and settings.secrets.hf_token_secret is None:
        found.append(
            f"nim.model = {settings.model}: without hfToken or nim.secrets.hfTokenSecret only models that the hub "
            "gives to everyone can be downloaded."
        )
    if settings.image and settings.image.endswith(":latest"):
        found.append("nim.image ends in :latest: pods of one group may run different images after a restart.")
    return tuple(found)
