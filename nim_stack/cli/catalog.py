"""`nim-stack models | gpus | fabrics | rules`: what there is."""

import argparse
import json
import sys
from typing import Any

from nim_stack.base import names
from nim_stack.base.tables import table
from nim_stack.catalog.load import load_catalog


def add_commands(commands: Any) -> None:
    """Add the commands `models`, `gpus`, `fabrics` and `rules` to the parser of `nim-stack`."""
    for name, run, what in (
        ("models", _models, "models of the catalogue"),
        ("gpus", _gpus, "GPU types of the catalogue"),
        ("fabrics", _fabrics, "networks between nodes, of the catalogue"),
    ):
        command = commands.add_parser(name, help=what, description=f"List the {what}.")
        command.add_argument("--json", action="store_true", help="everything that is known, for programs")
        command.set_defaults(run=run)
    rules = commands.add_parser(
        "rules",
        help="what is judged; with codes, the cause and the cure of these",
        description="List the rules, or print the cause and the cure of some. Exit code 2: no rule has such a code.",
    )
    rules.add_argument("codes", nargs="*", metavar="CODE", help="code of a rule, such as NIM042")
    rules.add_argument("--markdown", action="store_true", help="the page docs/rules.md, or its sections on these codes")
    rules.set_defaults(run=_rules)


def _models(given: argparse.Namespace) -> int:
    models = load_catalog().models.values()
    if given.json:
        return _json(models)
    rows = []
    for model in models:
        shape = model.architecture
        heads = f"{shape.attention_heads}/{'MLA' if shape.latent else shape.kv_heads}"
        experts = f"{shape.experts.count}×{shape.experts.active}" if shape.experts else None
        sizes = ", ".join(f"{found.precision} {found.files_gb:.0f} GB" for found in model.checkpoints)
        rows.append((model.name, shape.layers, shape.hidden, heads, experts, shape.context_length, sizes))
    print(table(("model", "layers", "hidden", "heads/KV", "experts", "context", "checkpoints"), rows))
    return 0


def _gpus(given: argparse.Namespace) -> int:
    gpus = load_catalog().gpus.values()
    if given.json:
        return _json(gpus)
    rows = [
        (gpu.name, f"{gpu.memory_gib:.1f}", gpu.per_node, gpu.nvlink, " ".join(gpu.native), gpu.product_label)
        for gpu in gpus
    ]
    print(table(("gpu", "GiB", "per node", "NVLink", "computes in", names.GPU_PRODUCT_LABEL), rows))
    return 0


def _fabrics(given: argparse.Namespace) -> int:
    fabrics = load_catalog().fabrics.values()
    if given.json:
        return _json(fabrics)
    rows = [
        (
            fabric.name,
            fabric.rdma,
            f"{fabric.gigabits:g}",
            " ".join(f"{name}={value}" for name, value in fabric.resources.items()) or None,
            fabric.description,
        )
        for fabric in fabrics
    ]
    print(table(("fabric", "RDMA", "Gbit/s", "resources", "what"), rows))
    return 0


def _rules(given: argparse.Namespace) -> int:
    from nim_stack.rules import all_rules
    from nim_stack.rules.page import explanation, page, section

    known = {rule.code: rule for rule in all_rules()}
    codes = list(dict.fromkeys(code.upper() for code in given.codes))
    if unknown := [code for code in codes if code not in known]:
        print(f"No rule has the code {', '.join(unknown)}. `nim-stack rules` lists every rule.", file=sys.stderr)
        return 2
    if codes:
        write = section if given.markdown else explanation
        print("\n".join(write(known[code]).strip("\n") + "\n" for code in codes), end="")
    elif given.markdown:
        print(page(), end="")
    else:
        print(table(("code", "severity", "title"), [(rule.code, rule.severity, rule.title) for rule in known.values()]))
    return 0


def _json(entries: Any) -> int:
    print(json.dumps([entry.model_dump(by_alias=True, exclude_none=True) for entry in entries], indent=2))
    return 0
