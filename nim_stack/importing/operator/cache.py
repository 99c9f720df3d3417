"""A NIMCache to settings: where the model comes from, and the claim that holds it."""

from typing import get_args

from nim_stack.catalog.load import load_catalog
from nim_stack.importing import forms
from nim_stack.importing.draft import Draft
from nim_stack.importing.rows import Document
from nim_stack.importing.sizes import profile_note
from nim_stack.importing.storage import take_access_mode
from nim_stack.importing.variables import take_proxy, take_variables
from nim_stack.values.types import Precision

_HUB = "https://huggingface.co"


def take_cache(draft: Draft, cache: Document) -> None:
    """Everything of a NIMCache but its storage."""
    cache.move(draft)
    _take_ngc(draft, cache)
    for source in ("hf", "dataStore"):
        if cache.has(f"spec.source.{source}"):
            _take_hub(draft, cache, f"spec.source.{source}")
    if cache.has("spec.env"):
        take_variables(draft, cache.named("spec.env"), cache.get("spec.env"))
    take_proxy(draft, cache)


def _take_ngc(draft: Draft, cache: Document) -> None:
    base = "spec.source.ngc"
    for field, setting in (("authSecret", "secrets.ngcApiSecret"), ("modelEndpoint", "model")):
        if cache.has(f"{base}.{field}"):
            draft.read(cache.named(f"{base}.{field}"), cache.get(f"{base}.{field}"), setting, forms.text)
    pull = cache.get(f"{base}.pullSecret")
    if not forms.is_unset(pull):
        draft.add(cache.named(f"{base}.pullSecret"), pull, "secrets.imagePullSecrets", [forms.word(pull)])
    _take_profiles(draft, cache, f"{base}.model.profiles")
    precision = cache.get(f"{base}.model.precision")
    if not forms.is_unset(precision):
        source = cache.named(f"{base}.model.precision")
        if precision in get_args(Precision):
            draft.take(source, precision, "precision", precision)
        else:
            draft.drop(source, precision, f"it is none of {', '.join(get_args(Precision))}")
    _take_gpu(draft, cache, f"{base}.model.gpus")


def _take_profiles(draft: Draft, cache: Document, at: str) -> None:
    given = cache.get(at)
    if forms.is_unset(given):
        return
    if draft.get("tensorParallel") is not None:
        draft.drop(cache.named(at), given, "multiNode.parallelism decides the split, and one of the two can")
    elif isinstance(given, list) and len(given) == 1 and str(given[0]) != "all":
        draft.take(cache.named(at), given, "profile", str(given[0]), profile_note(str(given[0])))
    else:
        draft.drop(cache.named(at), given, "a stack serves one profile")


def _take_gpu(draft: Draft, cache: Document, at: str) -> None:
    gpus = cache.get(at)
    if not isinstance(gpus, list):
        return
    source = cache.named(f"{at}[].product")
    products = [str(item["product"]).lower() for item in gpus if isinstance(item, dict) and item.get("product")]
    if len(products) == 1 and products[0] in load_catalog().gpus:
        draft.take(source, products[0], "gpu", products[0], "selects nodes of it, and its memory is planned with")
    elif products:
        draft.drop(source, products, "not one GPU type of the catalogue; see --gpu")
    for item in gpus:
        if isinstance(item, dict) and item.get("ids"):
            draft.drop(cache.named(f"{at}[].ids"), item["ids"], cache.says(f"{at}[].ids"))


def _take_hub(draft: Draft, cache: Document, base: str) -> None:
    endpoint = cache.get(f"{base}.endpoint")
    if not forms.is_unset(endpoint):
        source = cache.named(f"{base}.endpoint")
        if str(endpoint).rstrip("/") == _HUB:
            draft.drop(source, endpoint, "it is the hub that is asked anyway")
        else:
            draft.read(source, endpoint, "download.hubEndpoint", forms.text)
    owner, name, revision = (cache.get(f"{base}.{field}") for field in ("namespace", "modelName", "revision"))
    if forms.is_unset(name):
        return
    model = f"hf://{owner or 'default'}/{name}" + (f"@{revision}" if revision else "")
    why = "NIM downloads it in its own layout; files that the operator put there are not used"
    for field in ("namespace", "modelName", "revision"):
        if cache.has(f"{base}.{field}"):
            draft.take(cache.named(f"{base}.{field}"), cache.get(f"{base}.{field}"), "model", model, why)


def take_job(draft: Draft, cache: Document) -> None:
    """A Job in place of the operator's, where it can know what to download."""
    source, name = cache.named("metadata.name"), cache.get("metadata.name")
    if draft.get("profile") is not None:
        draft.take(source, name, "download.job", True, "a Job fills the cache before pods hold GPUs, as there")
    else:
        why = "the leader fills the cache: a Job has no GPUs, by which NVIDIA's image chooses what to download"
        draft.change(source, name, f"{why}; with profile in place of the two sizes, download.job can")


def take_claim(draft: Draft, document: Document, operators_name: str) -> None:
    """The claim of a NIMCache or a NIMService: one that is there, or a new one like the operator's."""
    base = "spec.storage.pvc"
    host_path = document.get("spec.storage.hostPath")
    if not document.has(base) and not forms.is_unset(host_path):
        draft.take(document.named("spec.storage.hostPath"), host_path, "storage.hostPath.path", host_path)
        return
    name = document.get(f"{base}.name")
    _take_sub_path(draft, document, base)
    if not forms.on(document.get(f"{base}.create")):
        draft.take(document.named(f"{base}.name"), name, "storage.existingClaim", str(name or operators_name))
        return
    _take_new_claim(draft, document, base)
    kept = str(name or operators_name)
    why = f"a new claim; the weights in the operator's are kept with --claim {kept} instead"
    draft.change(document.named(f"{base}.create"), True, why)


def keep_claim(draft: Draft, document: Document, operators_name: str) -> None:
    """The command line names the place. When that is the operator's own claim, the model is in the same directory."""
    base = "spec.storage.pvc"
    if draft.get("storage.existingClaim") == str(document.get(f"{base}.name") or operators_name):
        _take_sub_path(draft, document, base)
    draft.drop(document.named("spec.storage"), document.get("spec.storage"), "the command line names the place")


def _take_sub_path(draft: Draft, document: Document, base: str) -> None:
    sub_path = document.get(f"{base}.subPath")
    if not forms.is_unset(sub_path):
        draft.read(document.named(f"{base}.subPath"), sub_path, "storage.subPath", forms.text)


def _take_new_claim(draft: Draft, document: Document, base: str) -> None:
    storage_class = document.get(f"{base}.storageClass")
    if forms.is_unset(storage_class):
        why = f"{document.named(base)}.storageClass is empty, which the cluster's default class stands for; it must be"
        draft.ask("storage.storageClass", f"{why} one with ReadWriteMany, so name one, or use --claim")
    else:
        for field in ("create", "storageClass"):
            value = document.get(f"{base}.{field}")
            draft.take(document.named(f"{base}.{field}"), value, "storage.storageClass", str(storage_class))
    if document.has(f"{base}.size"):
        draft.read(document.named(f"{base}.size"), document.get(f"{base}.size"), "storage.size", forms.text)
    take_access_mode(
        draft, document.named(f"{base}.volumeAccessMode"), document.get(f"{base}.volumeAccessMode"), "ReadWriteMany"
    )
    if document.has(f"{base}.annotations"):
        given = document.get(f"{base}.annotations")
        draft.read(document.named(f"{base}.annotations"), given, "storage.annotations", forms.texts)
