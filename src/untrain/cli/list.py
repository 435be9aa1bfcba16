"""`untrain list methods|models|terms|data|recipes`: what there is, with one line each."""

from __future__ import annotations

import json
import sys
from typing import Any

from untrain import registry
from untrain.errors import Problems, UserError, unknown
from untrain.fields import sentence
from untrain.progress import say
from untrain.recipes.evidence import told, tuned
from untrain.recipes.recipe import names, read

KINDS = ("methods", "models", "terms", "data", "recipes")


def run(args: list[str]) -> int:
    args = [arg for arg in args if arg]
    words = [arg for arg in args if arg[0] != "-"]
    if not words or "--help" in args:
        print(f"usage: untrain list {'|'.join(KINDS)} [--json]")
        return 0 if "--help" in args else 2
    problems = Problems()
    problems.add(*(unknown("flag", f, ["--json"]) for f in args if f[0] == "-" and f != "--json"))
    problems.add(*(unknown("list", word, KINDS) for word in words if word not in KINDS))
    if len(words) > 1 and not problems.found:
        problems.add(UserError(f"{len(words)} lists are named.", fix="Name one at a time."))
    problems.raise_all()
    rows = ROWS[words[0]]()
    if "--json" in args:
        print(json.dumps(rows, indent=2))
        return 0
    if not rows:
        say(f"There are no {words[0]}.")
        return 0
    if sys.stdout.isatty():
        show(rows)
        return 0
    widths = {column: max(len(str(row[column])) for row in rows) for column in rows[0]}
    for row in rows:
        print("  ".join(str(row[column]).ljust(widths[column]) for column in row).rstrip())
    return 0


def show(rows: list[dict[str, Any]]) -> None:
    """A table as wide as the terminal, with a heading."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0], box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


def methods() -> list[dict[str, Any]]:
    """Name, what it does and needs, trained or one-shot, cost of an epoch or in all, paper, and
    the recipes that hold tuned values; where there are none, its presets are untuned."""
    return [about(name) for name in registry.methods.names()]


def about(name: str) -> dict[str, Any]:
    """The line of a method; of one that cannot be imported, why."""
    from untrain.methods.contract import Trained

    row = dict.fromkeys(("name", "does", "needs", "kind", "cost", "paper", "tuned"), "")
    try:
        method = registry.methods.get(name)
    except UserError as error:
        return row | {"name": name, "does": error.what}
    trained = issubclass(method, Trained)
    return row | {
        "name": name,
        "does": sentence(method),
        "needs": ", ".join([*method.streams, *["original"] * (method.starts == "original")]),
        "kind": "trained" if trained else "one-shot",
        "cost": f"{'an epoch' if trained else 'in all'}: {method.cost}",
        "paper": method.paper,
        "tuned": ", ".join(tuned(name)) or "no: native values",
    }


def models() -> list[dict[str, Any]]:
    """Name, and parameters for ten classes at the default width; then other packages'."""
    import torch

    from untrain.models.ecosystems import listed

    rows = []
    for name in registry.models.names():
        make = registry.models.get(name)
        with torch.device("meta"):
            count = sum(p.numel() for p in make(classes=10, channels=3).parameters())
        rows.append({"name": name, "parameters": f"{count / 1e6:.2f} M for ten classes"})
    return rows + listed()


def terms() -> list[dict[str, Any]]:
    names = registry.terms.names()
    return [{"name": name, "does": _first_line(registry.terms.get(name))} for name in names]


def data() -> list[dict[str, Any]]:
    from untrain.data.sources import HUB, KINDS, NAMES

    own = {"digits": "scikit-learn, no download", **KINDS}
    return [
        {"name": name, "from": own.get(name) or HUB[name].repo or "local files"} for name in NAMES
    ]


def recipes() -> list[dict[str, Any]]:
    """Packaged recipes, a row for each method: values that were searched, others, evidence."""
    rows = [
        {"name": name, "method": method, **told(read(name), method)}
        for name in names()
        for method in read(name).methods
    ]
    held = {row["method"] for row in rows}
    untuned = [name for name in registry.methods.names() if name not in held]
    say(f"In no recipe, and with native values: {', '.join(untuned)}.")
    return rows


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


ROWS = {"methods": methods, "models": models, "terms": terms, "data": data, "recipes": recipes}
