"""Rows that did nothing, not enough or too much: rows of one remark in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.remarks import forgotten
from untrain.report.data import listed, methods, shown


def surprises(table: Table) -> list[str]:
    """Sentences for the reader of the main table; none where all is as one would expect."""
    from untrain.metrics.remarks import DESTROYED, LOST, cut_short

    retrain, original = table.retrain, table.row("original")
    if retrain is None:
        return []
    short = cut_short(retrain, original)
    sides = {row.label: _side(row, original, retrain) for row in methods(table)}
    lost = {
        row.label: retrain.mean("test_accuracy") - row.mean("test_accuracy")
        for row in methods(table)
    }

    def rows(*labels: str) -> list[Row]:
        return [row for row in methods(table) if row.label in labels]

    less = rows(*(label for label, side in sides.items() if side == "less"))
    more = rows(*(label for label, side in sides.items() if side == "more"))
    broken = [label for label, far in lost.items() if far > DESTROYED]
    harmed = [label for label, far in lost.items() if LOST <= far <= DESTROYED]
    goal = f"{retrain.mean('unlearn_accuracy'):.1f}"
    found = [f"Retrain: {short}"] if short else []
    found += [_idle(row) for row in methods(table) if sides[row.label] == "nothing"]
    if less:
        found.append(f"Forgotten less than by Retrain (UA {goal}): {_accuracies(less)}.")
    if more:
        found.append(
            f"Forgotten more than by Retrain (UA {goal}), which is no merit: {_accuracies(more)}."
        )
    for labels, what in ((broken, "Destroyed"), (harmed, "Harmed")):
        if labels:
            who = listed([f"{shown(label)} ({lost[label]:.1f})" for label in labels])
            found.append(
                f"{what}, by points of test accuracy lost to Retrain: {who}. A lower lr or a "
                "longer repair is gentler."
            )
    return found


def _side(row: Row, original: Row | None, retrain: Row) -> str:
    from untrain.metrics.remarks import forgot

    images = forgotten(row.runs[0].about)
    return forgot(row, original, retrain, images) if images else ""


def _accuracies(rows: Sequence[Row]) -> str:
    return listed([f"{shown(row.label)} ({row.mean('unlearn_accuracy'):.1f})" for row in rows])


def _idle(row: Row) -> str:
    """With what the method itself had to say of it."""
    why = " ".join(row.runs[0].about.get("notes", []))
    told = f"{shown(row.label)} did nothing: it knows the forgotten images as the Original did."
    return f"{told} {why or 'Make it stronger: a higher lr, or its own flag.'}"
