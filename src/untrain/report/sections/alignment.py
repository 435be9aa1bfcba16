"""Are views of an image kept together: alignment and uniformity, and CoUn's Lemma 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Row, Table, pair_of
from untrain.bench.numbers.ties import UNRANKED
from untrain.bench.tables.grid import Grid, number
from untrain.bench.tables.pairing import Vector, audited, by_pair
from untrain.bench.tables.theory import AUDIT, theory
from untrain.report.charts.alignment import NAMES, curves, spread
from untrain.report.charts.palette import scales
from untrain.report.content import Answer, Control, Figure, Mark, Part, Section, Sheet
from untrain.report.data import Report, listed, nearest_first, shown
from untrain.report.sections.absent import ALL, lacking
from untrain.report.sections.wording import proper

WORDS = ("alignment", "uniformity")


def answer(report: Report, table: Table) -> Answer | None:
    joint = report.joint.get(table.block, {})
    found = joint.get("alignment") or {}
    sets = {row.label: found.get(row.label, {}).get("sets") for row in table.rows}
    kept = {label: one for label, one in sets.items() if one}
    rows = [row for row in table.rows if any(audited(run, AUDIT) for run in row.runs)]
    rows = rows or _jointly(table, joint)
    told, parts = [], list[Part]()
    if kept:
        sentence, figure = _views(table, kept)
        told.append(sentence)
        parts.append(figure)
    if rows:
        sentence, figures = _lemma(table, rows)
        told.append(sentence)
        parts += figures
    lacks = ["alignment and uniformity of views"] * (not kept)
    lacks += ["CoUn's Lemma 1 and Theorem 1"] * (not rows)
    if lacks:
        why = "It takes two random views of a sample of images, for each model."
        parts.append(lacking(report, f"Not measured: {listed(lacks)}.", why, ALL))
    if not told:
        told = ["Whether two views of an image stay together was not measured for these runs."]
    return Answer(sentence=" ".join(told), parts=parts)


def _jointly(table: Table, joint: Mapping[str, Any]) -> list[Row]:
    """Rows of the one run each whose views were measured together with the others'."""
    found, rows = joint.get("alignment") or {}, []
    weights = {one["row"]: one["weights"] for one in joint.get("models", ())}
    for row in table.rows:
        if found.get(row.label, {}).get("curves"):
            own = weights.get(row.label)
            same = [x for x in row.runs if x.about.get("checkpoints", {}).get("child") == own]
            run = (same or list(row.runs))[0]
            made = replace(run, audits={**run.audits, AUDIT: found[row.label]})
            rows.append(replace(row, runs=(made,)))
    return rows


def _views(table: Table, kept: Mapping[str, Mapping[str, Any]]) -> tuple[str, Part]:
    """Alignment and uniformity by row and set."""
    looks, lines = scales(table), []
    sets = [part for part in NAMES if any(part in one for one in kept.values())]
    for label, one in kept.items():
        cells = [number(one.get(part, {}).get(word), 4) for word in WORDS for part in sets]
        lines.append([shown(label), *cells])
    head = ["model", *(f"{word}, {NAMES[part]}" for word in WORDS for part in sets)]
    note = (
        "Alignment: mean squared distance of two views of an image, features of unit length. "
        "Uniformity: log of the mean of exp(-2 d²) over pairs of images. One seed of each model."
    )
    drawn = {
        part: {
            shown(label): (one[part]["alignment"], one[part]["uniformity"])
            for label, one in kept.items()
            if part in one and None not in (one[part]["alignment"], one[part]["uniformity"])
        }
        for part in ("retain", "forget")
    }
    known = {part: points for part, points in drawn.items() if points}
    told = _moved(drawn)
    title = "Alignment and uniformity, one seed of each model"
    return told, Figure(
        key="alignment",
        title=title,
        description=f"{title}, of retained and of forgotten images. {told}",
        specs=[
            spread(points, looks, keyed=place == len(known) - 1)
            for place, points in enumerate(known.values())
        ],
        captions=[f"{NAMES[part]} images" for part in known],
        table=Grid(title, head, lines, [note]),
    )


def _moved(drawn: Mapping[str, Mapping[str, tuple[float, float]]]) -> str:
    """The rows whose views lie closest, and widest, beside Retrain's."""
    points = drawn["forget"] or drawn["retain"]
    if not points:
        return "Views were measured, but no image was among them."
    which = "forgotten" if drawn["forget"] else "retained"
    if not order_of(points):
        (only,) = points
        return f"Views of {which} images lie {points[only][0]:.3f} apart under {only} (alignment)."
    first, last = order_of(points)
    told = f"Two views of {which} images lie closest together under {first} "
    told += f"(alignment {points[first][0]:.3f}) and furthest apart under {last} "
    told += f"({points[last][0]:.3f})"
    if "Retrain" in points and "Retrain" not in (first, last):
        told += f"; Retrain {points['Retrain'][0]:.3f}"
    return f"{told}."


def order_of(points: Mapping[str, tuple[float, float]]) -> tuple[str, ...]:
    """The labels of the smallest and the largest alignment; () where there is one alone."""
    order = sorted(points, key=lambda label: points[label][0])
    return (order[0], order[-1]) if len(order) > 1 else ()


def _lemma(table: Table, rows: list[Row]) -> tuple[str, list[Part]]:
    """R[eps] of each row, and how often Lemma 1 holds."""
    found = next(one for row in rows for run in row.runs if (one := audited(run, AUDIT)))
    counts = {row.label: len(_measured(row)) for row in rows}
    grids = [proper(one, table, counts) for one in theory(replace(table, rows=tuple(rows)))]
    augments = list(found["curves"])
    told = _holds(rows, augments)
    parts: list[Part] = []
    for place, augment in enumerate(augments):
        shares = {
            row.label: {
                part: [tuple(point) for point in values.mean(0).T.tolist()]
                for part in NAMES
                if len(values := by_pair(row, _points(augment, part)))
            }
            for row in rows
        }
        options = {row.label: shown(row.label) for row in _leading(rows)}
        ordered = {label: shares[label] for label in options}
        title = f"How often two views lie further apart than eps (views: {augment})"
        parts.append(
            Figure(
                key=f"alignment-lemma-{place}",
                title=title,
                description=f"{title}, of retained, forgotten and test images. {told}",
                specs=[curves(ordered, found["eps"])],
                captions=["{method}"],
                controls=[Control("method", "Model", options, "list")],
                table=grids[place],
            )
        )
    parts.append(_bound(grids[-1]))
    return told, parts


def _measured(row: Row) -> set[tuple[int, int]]:
    """The seeds of which there are numbers."""
    return {pair_of(run) for run in row.runs if audited(run, AUDIT)}


def _bound(grid: Grid) -> Part:
    """Theorem 1 as the table that it is."""
    cells = [[Mark(text) for text in line] for line in grid.rows]
    return Sheet(
        key="alignment-theorem",
        title="What Theorem 1 of CoUn says of these models",
        head=grid.head,
        rows=cells,
        notes=grid.notes,
    )


def _leading(rows: list[Row]) -> list[Row]:
    """Methods first, then Retrain and Original."""
    return sorted(nearest_first(rows), key=lambda row: row.label in UNRANKED)


def _points(augment: str, part: str) -> Vector:
    """(3, eps): share, low and high."""

    def of(run: Result) -> np.ndarray | None:
        one = audited(run, AUDIT).get("curves", {}).get(augment, {}).get(part)
        if not one or not one["n"]:
            return None
        return np.array([one[name] for name in ("share", "low", "high")], np.float64)

    return of


def _holds(rows: list[Row], augments: list[str]) -> str:
    """Over all rows, seeds and points: where retained images move no more than forgotten ones."""
    whole = clear = against = 0
    for row in rows:
        for run in row.runs:
            for augment in augments:
                retain, forget = (_points(augment, part)(run) for part in ("retain", "forget"))
                if retain is not None and forget is not None:
                    whole += retain.shape[1]
                    clear += int((retain[2] < forget[1]).sum())
                    against += int((retain[1] > forget[2]).sum())
    if not whole:
        return "Lemma 1 could not be looked at: no set has images."
    lemma = (
        "CoUn's Lemma 1 says that two views of a retained image lie apart no more often than those "
        "of a forgotten one."
    )
    if not clear + against:
        return f"{lemma} Here they do not surely differ at any of {whole} points."
    return f"{lemma} That is surely so at {clear} of {whole} points, and surely not at {against}."


SECTION = Section(
    key="alignment",
    question="Are views of an image kept together?",
    reading="Contrastive learning pulls two random views of an image together (alignment, lower is "
    "closer) and spreads images apart (uniformity, lower is more even). CoUn's theory says what "
    "that should do to retained and forgotten images; compare with Retrain.",
    answer=answer,
)
