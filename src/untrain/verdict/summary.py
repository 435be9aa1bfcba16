"""Several verdicts side by side: a line per model, and below them why."""

from __future__ import annotations

import math
from collections.abc import Sequence

from untrain.verdict.examine import Verdict
from untrain.verdict.findings import Finding

COLUMNS = (
    ("AUC", "level", 1.0, 3),
    ("any answer", "shape", 1.0, 3),
    ("listed", "records", 0.0, 0),
    ("where", "destination", 1.0, 3),
    ("healed, points", "healing", 100.0, 1),
    ("AUC healed", "healing", 0.0, 3),
    ("relearning", "relearning", 1.0, 2),
    ("class, points", "control", 100.0, 1),
    ("TA", "test", 1.0, 1),
)
"""Header, finding, factor and digits; special ones have a rule of their own in `_cell`."""
BELOW = {
    "AUC": "forgotten against unseen images of the same class, by margin; goal 0.5",
    "any answer": "AUC of a classifier of all answers; goal 0.5",
    "listed": "single images still recognisable (false discoveries 10 %); goal 0",
    "where": "total variation between the classes that the two sets are sent to; goal in brackets",
    "healed, points": "accuracy on forgotten minus unseen after fine-tuning on retain; goal 0",
    "AUC healed": "AUC after that, at the rate that is further from 0.5; goal 0.5",
    "relearning": "time to learn forgotten images over that of equally new ones; goal 1",
    "class, points": "recovery of the class beyond a model that never saw it; goal 0 or less",
    "TA": "test accuracy, %; no part of the verdict",
}


def grid(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """Header and a row per model; columns of tests that none of them had are left out. A star is
    a test that failed."""
    used = [column for column in COLUMNS if any(_cell(one, column) != "-" for one in verdicts)]
    rows = [["model", "verdict", *(column[0] for column in used)]]
    for one in verdicts:
        rows.append([_label(one), one.word, *(_cell(one, column) for column in used)])
    return rows


def _label(verdict: Verdict) -> str:
    return f"{verdict.case.label}, seed {verdict.case.party.seed}"


def _cell(verdict: Verdict, column: tuple[str, str, float, int]) -> str:
    header, key, factor, digits = column
    if key == "test":
        return next((f"{c.after:.1f}" for c in verdict.utility if c.name == key), "-")
    found = next((one for one in verdict.findings if one.key == key), None)
    if found is None or found.state == "off":
        return "-"
    star = "*" if found.state == "fail" else ""
    if key == "records":
        return f"{len(found.more['listed'])}{star}"
    if header == "AUC healed":
        return _furthest(found)
    if not math.isfinite(found.value):
        return "-"
    goal = f" ({found.target:.{digits}f})" if key == "destination" else ""
    return f"{factor * found.value:.{digits}f}{star}{goal}"


def _furthest(found: Finding) -> str:
    values: list[float] = found.more.get("aucs", [])
    return f"{max(values, key=lambda one: abs(one - 0.5)):.3f}" if values else "-"


def text(verdicts: Sequence[Verdict]) -> str:
    """Aligned plain text, with the reasons and what each column is."""
    rows = grid(verdicts)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join([verdicts[0].case.title, "", *lines, "", *below(verdicts)])


def markdown(verdicts: Sequence[Verdict]) -> str:
    """The same as Markdown."""
    rows = ["| " + " | ".join(row) + " |" for row in grid(verdicts)]
    rows.insert(1, "|" + " --- |" * rows[0].count(" | ") + " --- |")
    listed = [f"- {line}" for line in below(verdicts)]
    return "\n".join([f"### {verdicts[0].case.title}", "", *rows, "", *listed])


def below(verdicts: Sequence[Verdict]) -> list[str]:
    """Why each verdict, and what the columns are."""
    why = [
        f"{_label(one)}: {' '.join(one.judgement.reasons)}"
        for one in verdicts
        if one.judgement.reasons
    ]
    used = grid(verdicts)[0]
    return [*why, "* a test that failed.", *(f"{n}: {w}." for n, w in BELOW.items() if n in used)]
