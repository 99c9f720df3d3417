"""Rules on names of the catalogue."""

from collections.abc import Iterator

from nim_stack.base.problems import choices
from nim_stack.catalog.sources import FORMS, read_source
from nim_stack.deployment.resolution import Context
from nim_stack.rules.registry import Finding, rule


@rule(
    "NIM010",
    "The model is none that can be found",
    cause="The name is neither in the catalogue nor a place that a model can be fetched from nor a path.",
    cure=f"Use a name that `nim-stack models` lists, or {choices(FORMS)} inside the container; or describe the model "
    "under catalog.models.",
    reads=frozenset({"nim.catalog"}),
)
def model(context: Context) -> Iterator[Finding]:
    given = context.settings.model
    if context.named or read_source(given) is not None:
        return
    if "://" in given:
        why, instead = "it is of none of the forms that are known", f"Use {choices(FORMS)}."
    else:
        why = "the catalogue has no such model"
        instead = f"Use {choices([*sorted(context.catalog.models), 'hf://<owner>/<model>', 'an absolute path'])}."
    yield Finding("nim.model", given, why, instead)


@rule(
    "NIM011",
    "The GPU type is not in the catalogue",
    cause="The type decides which nodes are selected and how much memory there is.",
    cure="Use a name that `nim-stack gpus` lists, or describe the type under catalog.gpus.",
    reads=frozenset({"nim.catalog"}),
)
def gpu(context: Context) -> Iterator[Finding]:
    given = context.settings.gpu
    if given is not None and context.gpu is None:
        instead = f"Use {choices(sorted(context.catalog.gpus))}, or describe another under nim.catalog.gpus."
        yield Finding("nim.gpu", given, "the catalogue has no such GPU", instead)


@rule(
    "NIM012",
    "The fabric is not in the catalogue",
    cause="The fabric decides which resources, annotations and variables the pods get.",
    cure="Use a name that `nim-stack fabrics` lists, or describe the fabric under catalog.fabrics.",
    reads=frozenset({"nim.catalog"}),
)
def fabric(context: Context) -> Iterator[Finding]:
    given = context.settings.fabric
    if given is not None and given not in context.catalog.fabrics:
        instead = f"Use {choices(sorted(context.catalog.fabrics))}, or describe another under nim.catalog.fabrics."
        yield Finding("nim.fabric", given, "the catalogue has no such fabric", instead)


@rule(
    "NIM013",
    "The model is not published in that precision",
    cause="A precision is a checkpoint of its own, and the size of the weights follows from it.",
    cure="Use a precision that `nim-stack models` lists for it, or describe the checkpoint under catalog.models.",
    reads=frozenset({"nim.model", "nim.catalog"}),
)
def precision(context: Context) -> Iterator[Finding]:
    asked = context.settings.precision
    if asked is None or context.model is None:
        return
    if context.named is None:
        if context.checkpoint is not None and context.checkpoint.precision != asked:
            why = f"{context.settings.model} is published in {context.checkpoint.precision}"
            other = context.model.checkpoint(asked)
            instead = f"Use hf://{other.huggingface} as nim.model." if other else "Leave it out."
            yield Finding("nim.precision", asked, why, instead)
    elif context.named.checkpoint(asked) is None:
        published = [checkpoint.precision for checkpoint in context.named.checkpoints]
        why = f"the catalogue has no such checkpoint of {context.named.name}"
        yield Finding("nim.precision", asked, why, f"Use {choices(published)}.")


@rule(
    "NIM014",
    "An entry of the stack's own has a name that is taken",
    cause="One of the two would be used and the other one ignored.",
    cure="Give the entry another name.",
)
def own_entries(context: Context) -> Iterator[Finding]:
    own = context.settings.catalog
    lists = {
        "models": [(entry.name, context.catalog.models.get(entry.name) is entry) for entry in own.models],
        "gpus": [(entry.name, context.catalog.gpus.get(entry.name) is entry) for entry in own.gpus],
        "fabrics": [(entry.name, context.catalog.fabrics.get(entry.name) is entry) for entry in own.fabrics],
    }
    for kind, entries in lists.items():
        for position, (name, kept) in enumerate(entries):
            if not kept:
                why = "another entry of the catalogue has this name"
                yield Finding(f"nim.catalog.{kind}.{position}.name", name, why, "Use another name.")
