"""A NIMCache to settings: where the model comes from."""

from typing import get_args

from nim_stack.catalog.load import load_catalog
from nim_stack.importing.model import profile_note
from nim_stack.importing.rows import Field, Fields
from nim_stack.values.types import Precision

_HUB = "https://huggingface.co"


def ngc(own: Fields) -> None:
    """A model of NGC: its keys, and what chooses among its profiles."""
    part = own.at("spec.source.ngc")
    for name in ("authSecret", "modelEndpoint", "pullSecret"):
        part[name].read()
    _take_profiles(part["model.profiles"])
    precision = part["model.precision"]
    if precision.value in get_args(Precision):
        precision.read()
    elif precision:
        precision.drop(f"it is none of {', '.join(get_args(Precision))}")
    _take_gpu(part)


def _take_profiles(profiles: Field) -> None:
    given = profiles.value
    if not profiles:
        return
    if profiles.draft.get("tensorParallel") is not None:
        profiles.drop("multiNode.parallelism decides the split, and one of the two can")
    elif isinstance(given, list) and len(given) == 1 and str(given[0]) != "all":
        profiles.take(str(given[0]), why=profile_note(str(given[0])))
    else:
        profiles.drop("a stack serves one profile")


def _take_gpu(ngc_source: Fields) -> None:
    gpus = ngc_source.items("model.gpus")
    found = [gpu["product"] for gpu in gpus if gpu["product"]]
    products = [str(field.value).lower() for field in found]
    if len(products) == 1 and products[0] in load_catalog().gpus:
        why = "selects nodes of it, and its memory is planned with"
        found[0].told(products[0]).take(products[0], why=why)
    elif products:
        found[0].told(products).drop("not one GPU type of the catalogue; see --gpu")
    for gpu in gpus:
        gpu["ids"].apply()


def hub(own: Fields) -> None:
    """A model of a Hugging Face hub, or of a NeMo Data Store, which speaks its protocol."""
    for source in ("spec.source.hf", "spec.source.dataStore"):
        part = own.at(source)
        endpoint, parts = part["endpoint"], [part[name] for name in ("namespace", "modelName", "revision")]
        if str(endpoint.value).rstrip("/") == _HUB:
            endpoint.drop("it is the hub that is asked anyway")
        else:
            endpoint.read()
        owner, name, revision = (field.value for field in parts)
        if parts[1]:
            model = f"hf://{owner or 'default'}/{name}" + (f"@{revision}" if revision else "")
            for field in parts:
                if field:
                    why = "NIM downloads it in its own layout; files that the operator put there are not used"
                    field.take(model, why=why)
