"""Rules on names of the catalogue."""

from collections.abc import Iterator

from nim_stack.base.problems import Finding, choices
from nim_stack.catalog.sources import FORMS, read_source
from nim_stack.deployment.resolution import Resolution
from nim_stack.rules.registry import rule


@rule(
    "NIM010",
    "The model is none that can be found",
    cause="The name is neither in the catalogue nor a place that a model can be fetched from nor a path.",
    cure=f"Use a name that `nim-stack models` lists, or {choices(FORMS)} inside the container; or describe the model "
    "under catalog.models.",
    reads=frozenset({"nim.catalog"}),
)
def model(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.model
    if resolved.model.named or read_source(given) is not None:
        return
    if "://" in given:
        why, instead = "it has none of the forms that a model may have", f"Use {choices(FORMS)}."
    else:
        why = "the catalogue has no such model"
        instead = f"Use {choices([*sorted(resolved.catalog.models), 'hf://<owner>/<model>', 'an absolute path'])}."
    yield Finding("nim.model", given, why, instead)


@rule(
    "NIM011",
    "The GPU type is not in the catalogue",
    cause="The type decides which nodes are selected and how much memory there is.",
    cure="Use a name that `nim-stack gpus` lists, or describe the type under catalog.gpus.",
    reads=frozenset({"nim.catalog"}),
)
def gpu(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.gpu
    if given is not None and resolved.layout.gpu is None:
        instead = f"Use {choices(sorted(resolved.catalog.gpus))}, or describe another under nim.catalog.gpus."
        yield Finding("nim.gpu", given, "the catalogue has no such GPU", instead)


@rule(
    "NIM012",
    "The fabric is not in the catalogue",
    cause="The fabric decides which resources, annotations and variables the pods get.",
    cure="Use a name that `nim-stack fabrics` lists, or describe the fabric under catalog.fabrics.",
    reads=frozenset({"nim.catalog"}),
)
def fabric(resolved: Resolution) -> Iterator[Finding]:
    given = resolved.settings.fabric
    if given is not None and given not in resolved.catalog.fabrics:
        instead = f"Use {choices(sorted(resolved.catalog.fabrics))}, or describe another under nim.catalog.fabrics."
        yield Finding("nim.fabric", given, "the catalogue has no such fabric", instead)


@rule(
    "NIM013",
    "The model is not published in that precision",
    cause="A precision is a checkpoint of its own, and the size of the weights follows from it.",
    cure="Use a precision that `nim-stack models` lists for it, or describe the checkpoint under catalog.models.",
    reads=frozenset({"nim.model", "nim.catalog"}),
)
def precision(resolved: Resolution) -> Iterator[Finding]:
    asked = resolved.settings.precision
    if asked is None or resolved.model.spec is None:
        return
    if resolved.model.named is None:
        if resolved.model.checkpoint is not None and resolved.model.checkpoint.precision != asked:
            why = f"{resolved.settings.model} is published in {resolved.model.checkpoint.precision}"
            other = resolved.model.spec.checkpoint(asked)
            instead = f"Use hf://{other.huggingface} as nim.model." if other else "Leave it out."
            yield Finding("nim.precision", asked, why, instead)
    elif resolved.model.named.checkpoint(asked) is None:
        published = [checkpoint.precision for checkpoint in resolved.model.named.checkpoints]
        why = f"the catalogue has no such checkpoint of {resolved.model.named.name}"
        yield Finding("nim.precision", asked, why, f"Use {choices(published)}.")


@rule(
    "NIM014",
    "An entry of the stack's own has a name that is taken",
    cause="One of the two would be used and the other one ignored.",
    cure="Give the entry another name.",
)
def own_entries(resolved: Resolution) -> Iterator[Finding]:
    own = resolved.settings.catalog
    lists = {
        "models": [(entry.name, resolved.catalog.models.get(entry.name) is entry) for entry in own.models],
        "gpus": [(entry.name, resolved.catalog.gpus.get(entry.name) is entry) for entry in own.gpus],
        "fabrics": [(entry.name, resolved.catalog.fabrics.get(entry.name) is entry) for entry in own.fabrics],
    }
    for kind, entries in lists.items():
        for position, (name, kept) in enumerate(entries):
            if not kept:
                why = "another entry of the catalogue has this name"
                yield Finding(f"nim.catalog.{kind}.{position}.name", name, why, "Use another name.")
