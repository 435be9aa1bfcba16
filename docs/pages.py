"""Write the generated part of `docs/methods/*.md` and of README's table of methods.

    python docs/pages.py            # make docs

A page is made from the method's docstring, its fields and its presets; what stands under the
line `<!-- by hand -->` is kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import fields
from math import prod
from pathlib import Path
from typing import Any

from untrain.fields import field_texts, own_texts, sentence
from untrain.methods.contract import Method, Trained
from untrain.recipes.evidence import told, tuned
from untrain.recipes.recipe import read
from untrain.registry import methods

DOCS = Path(__file__).parent
HAND = "<!-- by hand -->"
MARKS = ("<!-- methods: made by docs/pages.py -->", "<!-- /methods -->")
PRESETS = ("native", "coun", "laptop")


def page(name: str, hand: str) -> str:
    """The whole page of a method around its part written by hand."""
    method = methods.get(name)
    title = f"# {method.__name__}: `untrain unlearn {name}`"
    return "\n\n".join([title, about(method), facts(method), table(method), f"{HAND}\n{hand}"])


def about(method: type[Method]) -> str:
    """The docstring, its formula as code."""
    text = inspect.getdoc(method) or ""
    blocks = []
    for block in text.split("\n\n"):
        formula = block.startswith("    ")
        blocks.append(f"```\n{inspect.cleandoc(block)}\n```" if formula else block)
    return "\n\n".join(blocks)


def facts(method: type[Method]) -> str:
    """What it needs and what it costs."""
    kind = "trained" if issubclass(method, Trained) else "one-shot"
    term = "retain" in method.streams and kind == "trained" and "contrastive" not in method.holds
    lines = [
        f"- **Kind**: {kind}, starts from {START[method.starts]}.",
        f"- **Trains on**: {', '.join(method.streams) or 'nothing'}."
        + (f" **Measures on**: {', '.join(method.reads)}." if method.reads else "")
        + (f" **Labels alone of**: {', '.join(method.counts)}." if method.counts else ""),
        f"- **Where the forgotten images are gone** (`--no-forget-data`): "
        f"{'it does not work' if method.sees('forget') else 'it works'}.",
        f"- **Cost** {'of an epoch' if kind == 'trained' else 'in all'}: {method.cost} "
        "(FB: an image forward and backward; F: forward only).",
        f"- **`--add contrastive`**: {'yes' if term else 'no'}.",
        f"- **Paper**: {method.paper}.",
        *tuning(method),
    ]
    return "\n".join(lines)


def tuning(method: type[Method]) -> list[str]:
    """What studies search, and which recipes hold what they have found."""
    searched = [
        f"`--{name.replace('_', '-')}` {', '.join(map(show, values))}"
        for name, values in method.search.items()
    ]
    count = prod(map(len, method.search.values()))
    lines = [f"- **Searched by tuning studies**: {'; '.join(searched)}: {count} combinations."]
    found = [
        f"`--recipe {name}` ({told(read(name), method.name)['tuned']})"
        for name in tuned(method.name)
    ]
    return [
        *(lines if searched else []),
        f"- **Tuned values**: {', '.join(found) or 'in no recipe; its presets are untuned'}.",
    ]


START = {"original": "the Original", "fresh": "fresh weights"}


def table(method: type[Method]) -> str:
    """Fields with their defaults and presets; the recipe's only where a preset sets them."""
    own = {n for base in method.__mro__ if base not in Trained.__mro__ for n in _own(base)}
    texts = field_texts(method)
    shown = [name for name in method.presets if name not in PRESETS]
    columns = [*PRESETS, *shown]
    rows = []
    for field in fields(method):
        given = [method.presets.get(name, {}) for name in columns]
        if field.name in own or any(field.name in values for values in given):
            cells = [show(values[field.name]) if field.name in values else "" for values in given]
            flag = "`--" + field.name.replace("_", "-") + "`"
            row = (field.name not in own, flag, show(field.default), *cells, texts[field.name])
            rows.append(row)
    if not rows:
        return "It has no flags of its own."
    rows.sort(key=lambda row: row[0])
    head = ["flag", "default", *columns, "meaning"]
    lines = grid(head, [row[1:] for row in rows])
    if issubclass(method, Trained):
        lines += "\n\nOptimiser, schedule, batch norm: [the recipe](README.md#the-recipe)."
    return lines


def _own(base: type[Any]) -> list[str]:
    return list(own_texts(base)) if hasattr(base, "__dataclass_fields__") else []


def show(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) else f"{value}"


def recipe() -> str:
    """The fields that all trained methods have."""
    texts = field_texts(Trained)
    rows = [
        (f"`--{field.name.replace('_', '-')}`", show(field.default), texts[field.name])
        for field in fields(Trained)
    ]
    return grid(["flag", "default", "meaning"], rows)


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head)]
    lines += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short() -> str:
    """The README's table: a line a method."""
    rows = [
        (f"[`{name}`](docs/methods/{name}.md)", sentence(method), method.paper)
        for name in methods.names()
        for method in [methods.get(name)]
    ]
    return grid(["name", "what it does", "paper"], rows)


def index() -> str:
    """The table of all methods with what they need and cost."""
    rows = []
    for name in methods.names():
        method = methods.get(name)
        link, sets = f"[`{name}`]({name}.md)", ", ".join(method.streams) or "nothing"
        in_all = "" if issubclass(method, Trained) else " in all"
        rows.append((link, sentence(method), sets, method.cost + in_all, method.paper))
    return grid(["name", "what it does", "trains on", "cost of an epoch", "paper"], rows)


def written() -> dict[Path, str]:
    """Every page with the content it should have."""
    pages = {}
    for name in methods.names():
        path = DOCS / "methods" / f"{name}.md"
        old = path.read_text() if path.exists() else HAND
        pages[path] = page(name, old.partition(HAND)[2].lstrip("\n"))
    overview = DOCS / "methods" / "README.md"
    old = overview.read_text() if overview.exists() else HAND
    parts = ["# Methods", index(), UNITS, "## The recipe", RECIPE, recipe()]
    pages[overview] = "\n\n".join([*parts, f"{HAND}\n{old.partition(HAND)[2].lstrip(chr(10))}"])
    readme = DOCS.parent / "README.md"
    before, mark, rest = readme.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    if mark:
        table_ = short()
        pages[readme] = f"{before}{MARKS[0]}\n{table_}\n{MARKS[1]}{after}"
    return pages


UNITS = """FB is an image forward and backward, F a forward; n_r and n_f are how many images are
retained and forgotten."""
RECIPE = """Every trained method has these flags besides its own; a preset sets some of them
(`untrain unlearn METHOD --preset native|coun|laptop`)."""


if __name__ == "__main__":
    for path, text in written().items():
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"written: {path.relative_to(DOCS.parent)}")
