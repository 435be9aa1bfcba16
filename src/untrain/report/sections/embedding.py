"""Where do the representations go: the same images under Original, Retrain and a method."""

from __future__ import annotations

import numpy as np

from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.grid import Grid, number
from untrain.report.charts.embedding import HUES, SIGNS, WORDS, panels
from untrain.report.content import Answer, Control, Figure, Section
from untrain.report.data import Report, listed, shown
from untrain.report.found.together import Seen, names, points
from untrain.report.sections import filters
from untrain.report.sections.absent import ALL, absent

PARTS = ("forget", "retain", "unseen")
REFERENCES = ("original", "retrain")
HOW = "It takes the features of a sample of images from each model, and one layout of them all."


def answer(report: Report, table: Table) -> Answer | None:
    found = report.joint.get(table.block) or {}
    seen = Seen(found, table) if found.get("embedding") else None
    there = [row for row in table.rows if seen and row.label in seen.rows]
    what = "where images lie under each model"
    missing = absent(report, table, there, what, HOW, ALL)
    if seen is None or not there:
        told = "The representations of these models were not laid out."
        return Answer(sentence=told, parts=missing) if missing else None
    return Answer(sentence=sentence(seen), parts=[figure(seen), *missing])


def sentence(seen: Seen) -> str:
    """What the methods still know and what they have lost, beside Retrain."""
    count = int(seen.forgotten.sum())
    if not count:
        return "None of the images shown is a forgotten one."
    return f"{_known(seen, count)} One seed of each model."


def _known(seen: Seen, count: int) -> str:
    images = f"the {count:,} forgotten images shown"
    if not seen.contrasted:
        right = [
            f"{number(float(100 * seen.right(row)[seen.forgotten].mean()), 0)} % by {shown(row)}"
            for row in seen.rows
        ]
        lacking = "Retrain" if "retrain" not in seen.rows else "method"
        told = f"There is no {lacking} to compare with; of {images} are labelled right: "
        return f"{told}{listed(right)}."
    if len(seen.methods) == 1:
        (row,) = seen.methods
        still, over = (number(seen.share(row, kind), 0) for kind in ("still", "over"))
        return (
            f"Of {images}, {shown(row)} still knows {still} % that Retrain has forgotten, and has "
            f"lost {over} % that Retrain knows."
        )
    still, over = (_span(seen, kind) for kind in ("still", "over"))
    known = f"{still} are still known though Retrain has forgotten them"
    known = known if still else "no method still knows one that Retrain has forgotten"
    lost = f"{over} were lost though Retrain knows them"
    return f"Of {images}, {known}; {lost if over else 'none was lost that Retrain knows'}."


def _span(seen: Seen, kind: str) -> str:
    """The smallest and the largest share, with their rows; "" where it is none under any."""
    order = sorted(seen.methods, key=lambda row: seen.share(row, kind))
    low, high = (f"{number(seen.share(row, kind), 0)} %" for row in (order[0], order[-1]))
    if low != high:
        return f"{low} ({shown(order[0])}) to {high} ({shown(order[-1])})"
    return "" if low == "0 %" else f"{low} under each method"


def figure(seen: Seen) -> Figure:
    numbers = {row: str(place) for place, row in enumerate(seen.rows)}
    columns = [numbers[row] for row in REFERENCES if row in numbers]
    captions = [shown(row) for row in REFERENCES if row in numbers]
    controls = []
    if seen.methods:
        columns.append("method")
        one = len(seen.methods) == 1
        captions.append(shown(seen.methods[0]) if one else "{method}")
        options = {numbers[row]: shown(row) for row in seen.methods}
        controls += [] if one else [Control("method", "Method", options, "list")]
    controls.append(Control("show", "Show", _filters(seen)))
    hues = {"class": "Class", "predicted": "Predicted class", "set": "Set"}
    controls.append(Control("colour", "Colour", hues))
    hued = _hued(seen)
    first = numbers[seen.methods[0]] if seen.methods else "0"
    title = f"The same images under each model: {SIGNS}"
    return Figure(
        key="embedding",
        title=title,
        description=f"The same images under {listed([shown(row) for row in seen.rows])}, in one "
        "layout. Every point is an image; its shape says whether it is forgotten, retained or "
        f"unseen. {sentence(seen)}",
        specs=panels(columns, first, seen.classes, hued),
        captions=captions,
        controls=controls,
        canvas=True,
        datasets={"points": points(seen, numbers), "names": names(seen, numbers, hued)},
        table=counted(seen),
    )


def _filters(seen: Seen) -> dict[str, str]:
    """Those that can be told apart here."""
    whole = "retrain" in seen.rows and seen.methods
    return {
        key: name for key, name in filters.NAMES.items() if whole or key in ("all", "forgotten")
    }


def _hued(seen: Seen) -> list[str]:
    """Classes with a colour: all where they are few, or else those of most forgotten images."""
    if len(seen.classes) <= len(HUES):
        return seen.classes
    counts = np.bincount(seen.labels[seen.forgotten], minlength=len(seen.classes))
    if not counts.any():
        counts = np.bincount(seen.labels, minlength=len(seen.classes))
    most = np.argsort(-counts, kind="stable")[: len(HUES)]
    return [seen.classes[k] for k in sorted(most) if counts[k]]


def counted(seen: Seen) -> Grid:
    """Counts of the filters, purity and distance to Retrain, a line for each model."""
    head = ["model", "forgotten, labelled right", *_heads()]
    lines = []
    for row in seen.rows:
        right = int(seen.right(row)[seen.forgotten].sum())
        far = ((seen.made.get("apart") or {}).get(row) or {}).get("retrain") or {}
        cells = [number(seen.pure(row, part), 0) for part in PARTS]
        cells += [number(far.get(part)) for part in ("forget", "retain")]
        lines.append([shown(row), f"{right}", *_kinds(seen, row), *cells])
    sets = {part: int((seen.sets == part).sum()) for part in PARTS}
    told = listed([f"{count:,} {WORDS[part]}" for part, count in sets.items()])
    about = seen.made.get("about") or {}
    notes = [f"Images shown: {told} ones. {filters.MEANING}"]
    nearest = about.get("nearest", "")
    notes.append(
        f"Purity: of the {nearest} nearest images shown, in the model's own features, the share "
        "with an image's label. Distance: between an image's features under the model and under "
        "Retrain, both turned onto Original's axes by the retained images; 1 is the typical "
        "length of retained features.".replace("  ", " ")
    )
    if about.get("source") == "evidence":
        notes.append("Features are those of the 2,500 mixed images that every run keeps.")
    return Grid("Images under each model", head, lines, notes)


def _heads() -> list[str]:
    told = ["forgotten, as by Retrain", "still known"]
    told += [f"over-forgotten, {WORDS[part]}" for part in PARTS]
    told += [f"purity {WORDS[part]}, %" for part in PARTS]
    return [*told, "distance, forgotten", "distance, retained"]


def _kinds(seen: Seen, row: str) -> list[str]:
    if row not in seen.kinds or not seen.contrasted:
        return ["-"] * 5
    mine = seen.kinds[row]
    told = [int((mine == kind).sum()) for kind in ("same", "still")]
    told += [int(((mine == "over") & (seen.sets == p)).sum()) for p in PARTS]
    return [str(count) for count in told]


SECTION = Section(
    key="embedding",
    question="Where do the representations go?",
    reading="Every point is an image, at one place in each panel: point at it to see it in all. "
    "Models whose points lie alike represent images alike. Places are of one seeded layout of "
    "all models; distances between far groups mean little.",
    answer=answer,
)
