"""Which layers changed: CKA of each layer with Original's and with Retrain's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from untrain.bench.numbers.statistics import Table
from untrain.bench.numbers.ties import UNRANKED
from untrain.bench.tables.grid import Grid, number
from untrain.report.charts.layers import WORDS, similarity
from untrain.report.content import Answer, Control, Figure, Section
from untrain.report.data import Report, methods, nearest_first, shown
from untrain.report.sections.absent import ALL, absent

REFERENCES = ("retrain", "original")
Layers = Mapping[str, Mapping[str, Any]]


def answer(report: Report, table: Table) -> Answer | None:
    found = (report.joint.get(table.block) or {}).get("layers") or {}
    kept = {row.label: found[row.label] for row in table.rows if _known(found.get(row.label))}
    rows = [row for row in table.rows if row.label in found]
    what = "how alike the layers of the models are (CKA)"
    why = "It takes what every block gives for a sample of images, from each model."
    missing = absent(report, table, rows, what, why, ALL)
    if not kept:
        told = "The layers of these models were not compared."
        return Answer(sentence=told, parts=missing) if missing else None
    return Answer(sentence=sentence(kept), parts=[figure(table, kept), *missing])


def _known(one: Mapping[str, Any] | None) -> bool:
    return one is not None and any(one.get(name) for name in REFERENCES)


def sentence(kept: Layers) -> str:
    """At which layer each method departs most from Retrain, on forgotten images."""
    reference = next(name for name in REFERENCES if any(one.get(name) for one in kept.values()))
    deepest = {
        row: place
        for row, one in kept.items()
        if row not in UNRANKED and (place := _least(one, reference))
    }
    if not deepest:
        deepest = {row: place for row, one in kept.items() if (place := _least(one, reference))}
    if not deepest:
        return "No layer of these models could be compared on forgotten images."
    order = sorted(deepest, key=lambda row: deepest[row][1])
    other, first = shown(reference), order[0]
    name, value = deepest[first]
    own = _least(kept.get("original", {}), reference) if reference == "retrain" else None
    beside = f"; Original {own[1]:.2f}" if own and "original" not in order else ""
    if len(order) == 1:
        told = f"On forgotten images {shown(first)} is least like {other} at {name}"
        return f"{told} (CKA {value:.2f}{beside}). One seed of each model."
    told = f"On forgotten images {shown(first)} departs most from {other}, at {name} "
    told += f"(CKA {value:.2f}{beside})"
    last = order[-1]
    told += f", and {shown(last)} least ({deepest[last][1]:.2f} at {deepest[last][0]})"
    return f"{told}. One seed of each model."


def _least(one: Mapping[str, Any], reference: str) -> tuple[str, float] | None:
    """The layer of the smallest CKA on forgotten images."""
    values = np.array((one.get(reference) or {}).get("forget", []), dtype=np.float64)
    if not np.isfinite(values).any():
        return None
    place = int(np.nanargmin(values))
    return str(one["names"][place]), float(values[place])


def figure(table: Table, kept: Layers) -> Figure:
    own = [row.label for row in nearest_first([x for x in methods(table) if x.label in kept])]
    options = {row: shown(row) for row in [*own, *(row for row in kept if row in UNRANKED)]}
    names = list(dict.fromkeys(name for one in kept.values() for name in one["names"]))
    first = next(iter(options))
    drawn = [name for name in REFERENCES if any(one.get(name) for one in kept.values())]
    other = {"retrain": "original", "original": "retrain"}
    beside = {name: other[name] if other[name] in kept else "" for name in drawn}
    title = "How alike the layers are, by CKA"
    dashed = {"original": "grey dashes", "retrain": "green dashes"}
    captions = [
        f"{'{method}' if len(options) > 1 else options[first]} with {shown(name)}"
        + (f"; {dashed[beside[name]]}: {shown(beside[name])}, forgotten" if beside[name] else "")
        for name in drawn
    ]
    return Figure(
        key="layers",
        title=title,
        description=f"{title}: a line each for forgotten, retained and unseen images, over the "
        f"layers from the first to the last. {sentence(kept)}",
        specs=[similarity(name, beside[name], first, names) for name in drawn],
        captions=captions,
        controls=[Control("method", "Model", options, "list")] if len(options) > 1 else [],
        datasets={"layers": rows(kept)},
        table=grid(kept),
    )


def rows(kept: Layers) -> list[dict[str, Any]]:
    """A row for each model, reference, set and layer that has a value."""
    return [
        {"model": row, "reference": name, "set": word, "layer": layer, "cka": value}
        for row, one in kept.items()
        for name in REFERENCES
        for part, word in WORDS.items()
        for layer, value in zip(one["names"], (one.get(name) or {}).get(part, []), strict=False)
        if value is not None
    ]


def grid(kept: Layers) -> Grid:
    pairs = [(name, part) for name in REFERENCES for part in WORDS]
    head = ["model", "layer", *(f"with {shown(name)}, {WORDS[part]}" for name, part in pairs)]
    lines = []
    for row, one in kept.items():
        columns = [(one.get(name) or {}).get(part, []) for name, part in pairs]
        for place, layer in enumerate(one["names"]):
            cells = [number(column[place]) if place < len(column) else "-" for column in columns]
            lines.append([shown(row), str(layer), *cells])
    note = "Linear CKA without bias (Kornblith et al. 2019), averaged over pixels or tokens first."
    return Grid("CKA of each layer", head, lines, [note])


SECTION = Section(
    key="layers",
    question="Which layers changed?",
    reading="CKA is 1 where two models make the same of these images, up to a turn, and about 0 "
    "where they have nothing in common. Look where forgotten images part from retained ones, and "
    "where a method leaves Original without coming to Retrain.",
    answer=answer,
)
