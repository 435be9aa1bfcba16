"""Does it know forgotten images better than unseen ones? Histograms of what models say of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, number
from untrain.bench.tables.main import signed
from untrain.report.charts.confidence import (
    DRAWN,
    NAMES,
    SIGNALS,
    SIGNS,
    Histogram,
    Histograms,
    histograms,
    overlap,
)
from untrain.report.content import Answer, Control, Figure, Part, Section
from untrain.report.data import Report, audited, listed, methods, nearest_first, shown
from untrain.report.found.judged import Values, number_of, some
from untrain.report.sections.absent import lacking

READING = (
    "Each outline is a set of images: how many of them a model is how sure of. If the forgotten "
    "images (full line) lie where the unseen ones of the same classes (dashed) do, as in Retrain, "
    "the model is no surer of them than of new ones. Retained images (dotted) show what trained-on "
    "images look like. The upward scale is a square root, so that small shares can be seen."
)


def answer(report: Report, table: Table) -> Answer | None:
    """None where nothing was unlearned."""
    if not methods(table):
        return None
    found = {row.label: made for row in table.rows if (made := _histograms(row))}
    lacks = [row for row in table.rows if row.runs and row.label not in found]
    parts: list[Part] = []
    if any(row.label in found for row in table.rows):
        parts.append(_figure(table, found))
    if lacks:
        why = "What these models say of each image has not been counted, which takes seconds."
        what = f"Histograms of {some(lacks, True)}" if found else "Histograms"
        parts.append(lacking(report, what, why))
    return Answer(sentence=_sentence(table, found), parts=parts)


def _histograms(row: Row) -> Histograms:
    """Means over seeds of the shares; {} where none was measured."""
    found: dict[tuple[str, str], list[tuple[float, float, np.ndarray, float]]] = {}
    for _, values in audited(row, "answers"):
        for signal in SIGNALS:
            for name in NAMES:
                if (one := _shares(values, signal, name)) is not None:
                    found.setdefault((signal, name), []).append(one)
    made = {}
    for key, several in found.items():
        low, high, first, _ = several[0]
        alike = [one for one in several if (*one[:2], len(one[2])) == (low, high, len(first))]
        share = np.mean([one[2] for one in alike], axis=0)
        made[key] = Histogram(low, high, share, float(np.mean([one[3] for one in alike])))
    return made


def _shares(
    values: Values, signal: str, name: str
) -> tuple[float, float, np.ndarray, float] | None:
    """Ends, shares in percent and mean of a set of a run; None where it is empty or was not
    counted."""
    one = (values.get("histograms") or {}).get(signal) or {}
    counts = np.array((one.get("counts") or {}).get(name) or [], np.float64)
    low, high = number_of(one, "low"), number_of(one, "high")
    mean = number_of(one.get("means") or {}, name)
    if not counts.size or not counts.sum() > 0 or not high > low or not math.isfinite(mean):
        return None
    return low, high, 100 * counts / counts.sum(), mean


def _figure(table: Table, found: Mapping[str, Histograms]) -> Figure:
    named = {shown(row.label): found[row.label] for row in table.rows if row.label in found}
    signals = [s for s in SIGNALS if any((s, "forget") in sets for sets in named.values())]
    drawn = [row for row in methods(table) if row.label in found]
    own = [shown(row.label) for row in nearest_first(drawn)]
    fixed = [label for label in ("Original", "Retrain") if label in named]
    top = max(float(one.share.max()) for sets in named.values() for one in sets.values())
    specs = [
        histograms({label: named[label]}, "", signals, top, left=not place)
        for place, label in enumerate(fixed)
    ]
    if own:
        mine = {label: named[label] for label in own}
        specs.append(histograms(mine, own[0], signals, top, left=not fixed))
    choices = [Control("measure", "Measure", {name: name.capitalize() for name in signals})]
    if own:
        choices.insert(0, Control("who", "Method", {name: name for name in own}, kind="list"))
    return Figure(
        key="confidence",
        title=f"How sure the models are of {SIGNS} images",
        description=(
            f"Histograms for {listed([*fixed, 'a method of choice'])}: the share of forgotten, "
            f"unseen and retained images by confidence. {_sentence(table, found)}"
        ),
        specs=specs,
        captions=[*fixed, *(["{who}"] if own else [])],
        controls=choices,
        table=_grid(named, signals),
    )


def _grid(named: Mapping[str, Histograms], signals: Sequence[str]) -> Grid:
    head = ["model", "measure", *(f"mean, {NAMES[name]}" for name in NAMES)]
    rows = []
    for label, sets in named.items():
        for signal in signals:
            cells = [sets.get((signal, name)) for name in NAMES]
            means = [number(one.mean if one else None, 3) for one in cells]
            rows.append([label, signal, *means, number(_overlap(sets, signal), 1, " %")])
    notes = [
        "Unseen images count so that their classes are mixed as the forgotten ones'. The outermost "
        "bins hold what lies beyond them; means take it as lying at their edge.",
        "overlap: share of the images that both sets have in common by bins; less than 100 % by "
        "chance alone where there are few images, so that Retrain's is the goal.",
    ]
    return Grid("What models say of images", [*head, "overlap, forgotten / unseen"], rows, notes)


def _overlap(sets: Histograms, signal: str) -> float:
    mine, other = (sets.get((signal, name)) for name in DRAWN[:2])
    return overlap(mine, other) if mine and other else math.nan


def _apart(sets: Histograms) -> float:
    """Points of mean confidence on forgotten images over that on unseen ones."""
    mine, other = (sets.get(("confidence", name)) for name in DRAWN[:2])
    return 100 * (mine.mean - other.mean) if mine and other else math.nan


def _sentence(table: Table, found: Mapping[str, Histograms]) -> str:
    apart = {row.label: _apart(found[row.label]) for row in table.rows if row.label in found}
    apart = {label: value for label, value in apart.items() if math.isfinite(value)}
    own = [row.label for row in methods(table) if row.label in apart]
    if not own:
        return "Not known: what the methods say of each image has not been counted."
    beside = [
        f"{'the Original' if name == 'original' else 'Retrain'} {signed(apart[name], 1)}"
        for name in ("original", "retrain")
        if name in apart
    ]
    goal = apart.get("retrain", 0.0)
    near = min(own, key=lambda label: abs(apart[label] - goal))
    far = max(own, key=lambda label: abs(apart[label] - goal))
    mean = f"{shown(far)} is {_surer(apart[far])} of forgotten images than of unseen ones"
    tail = f" ({', '.join(beside)})" if beside else ""
    if len(own) == 1:
        return f"{mean}{tail}."
    to = "Retrain" if "retrain" in apart else "0"
    if f"{apart[near]:.1f}" == f"{apart[far]:.1f}":
        return f"Each method is {_surer(apart[far])} of forgotten images than of unseen ones{tail}."
    return f"{mean}{tail}. {shown(near)} is nearest to {to}, with {signed(apart[near], 1)}."


def _surer(points: float) -> str:
    """`3.2 points surer`, by mean confidence."""
    side = "surer" if points >= 0 else "less sure"
    return f"on average {abs(points):.1f} points {side}"


SECTION = Section(
    key="confidence",
    question="Does it know forgotten images better than unseen ones?",
    reading=READING,
    answer=answer,
)
