"""Can an attacker tell? ROC curves of the margin, and the attack of the literature."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, number, over_seeds
from untrain.report.charts import attack as charts
from untrain.report.charts.palette import scales
from untrain.report.content import Answer, Control, Figure, Part, Section
from untrain.report.data import Report, audited, listed, methods, nearest_first, shown
from untrain.report.found.judged import MANY, Values, mean_of, number_of, some
from untrain.report.sections.absent import lacking

READING = (
    "Someone who holds an image wants to know whether it was trained on and then erased. The curve "
    "shows how many erased images they recognise (up) at how many false alarms (right). The dotted "
    "diagonal is guessing; Retrain's dashed curve is the goal. Below the diagonal tells as well: "
    "erased images then stand out by being less known. Logarithmic axes show the attacker who "
    "wants to be sure."
)
MIA = "MIA efficacy: forgotten images that a confidence SVM, retain against test, calls non-members"


def answer(report: Report, table: Table) -> Answer | None:
    """None where nothing was unlearned, nor anything measured."""
    rows = [row for row in table.rows if _measured(row)]
    if not rows or not methods(table):
        return None
    curves = {row.label: made for row in rows if (made := _curve(row))}
    parts: list[Part] = []
    lacks = [row for row in table.rows if row.label not in curves and row.runs]
    if curves:
        parts.append(_figure(table, rows, list(curves.values())))
    if lacks:
        why = "The answers of these models have not been counted, which takes seconds."
        what = f"The ROC curves of {some(lacks, True)}" if curves else "The ROC curves"
        parts.append(lacking(report, what, why))
    return Answer(sentence=_sentence(table, rows), parts=parts)


def _measured(row: Row) -> bool:
    return math.isfinite(_auc(row))


def _auc(row: Row) -> float:
    """Of the curves where they are known, else of the accuracy audit."""
    drawn = mean_of(number_of(values, "roc", "auc") for _, values in audited(row, "answers"))
    return drawn if math.isfinite(drawn) else mean_of(row.values("membership_auc"))


def _curve(row: Row) -> charts.Curve | None:
    found = [pair for _, values in audited(row, "answers") if (pair := _points(values))]
    return charts.mean(shown(row.label), found) if found else None


def _points(values: Values) -> tuple[np.ndarray, np.ndarray] | None:
    roc = values.get("roc") or {}
    fpr, tpr = (np.array(roc.get(name) or [], np.float64) for name in ("fpr", "tpr"))
    whole = len(fpr) > 1 and len(fpr) == len(tpr)
    return (fpr, tpr) if whole and np.isfinite([fpr, tpr]).all() else None


def _figure(table: Table, rows: Sequence[Row], curves: Sequence[charts.Curve]) -> Figure:
    labels = [one.label for one in curves]
    drawn = [row for row in methods(table) if shown(row.label) in labels]
    own = [shown(row.label) for row in nearest_first(drawn)]
    return Figure(
        key="attack",
        title="Forgotten images recognised, by false alarms among unseen ones",
        description=(
            f"ROC curves of {listed(labels)}, by the margin between the true class and the next. "
            f"{_sentence(table, rows)}"
        ),
        specs=[charts.roc(curves, scales(table), own[0] if own else "")],
        table=_grid(rows),
        controls=[
            Control("axes", "Axes", {"linear": "Linear", "log": "Logarithmic"}),
            Control("who", "Highlight", {name: name for name in own} | {"": "All"}, kind="list"),
        ],
        static=True,
    )


def _grid(rows: Sequence[Row]) -> Grid:
    head = ["model", "seeds", "AUC", "error of one", "TPR at 1 % FPR", "TPR at 0.1 % FPR"]
    lines, notes = [], []
    for row in rows:
        found = [values for _, values in audited(row, "answers")]
        unseen = [number_of(values, "images", "unseen") for values in found]
        aucs = [number_of(values, "roc", "auc") for values in found]
        known = aucs if any(map(math.isfinite, aucs)) else list(row.values("membership_auc"))
        lines.append(
            [
                shown(row.label),
                str(len(found) or len(row.runs)),
                over_seeds(known, 3),
                number(mean_of(number_of(values, "roc", "error") for values in found), 3),
                *(
                    _percent([100 * number_of(values, "roc", "tpr_at", at) for values in found])
                    for at in ("0.01", "0.001")
                ),
                number(mean_of(unseen), 0),
                over_seeds(row.values("mia_efficacy"), 1),
            ]
        )
        if any(values.get("reference") == "test" for values in found):
            notes.append("There is no unseen set: test images stand in for it.")
    notes += [
        "error of one: standard error of one model's AUC, from the number of its images.",
        f"{MIA}, %. It is a different attack, of another question: Retrain's value is its goal.",
        "TPR: share of forgotten images recognised; - where too few unseen images were at hand.",
    ]
    if any(len(row.pairs) < 3 for row in rows):
        notes.append("Fewer than 3 seeds: no standard deviation is shown.")
    return Grid(
        "An attacker's success", [*head, "unseen images", "MIA"], lines, list(dict.fromkeys(notes))
    )


def _percent(values: Sequence[float]) -> str:
    text = over_seeds(values, 2)
    return text if text == "-" else f"{text} %"


def _sentence(table: Table, rows: Sequence[Row]) -> str:
    known = [(shown(row.label), _auc(row)) for row in methods(table) if row in rows]
    names = {"retrain": "Retrain", "original": "the Original"}
    known_of = {row.label: row for row in rows if row.label in names}
    beside = [f"{names[one]} {_pairs(_auc(known_of[one]))}" for one in names if one in known_of]
    goal = ", ".join([*beside, "guessing 50 %"])
    if not known:
        return f"No method was measured ({goal})."
    start = "Shown a forgotten and an unseen image, an attacker picks the forgotten one in"
    least, most = (pick(known, key=lambda one: one[1]) for pick in (min, max))
    if len(known) == 1 or _pairs(least[1]) == _pairs(most[1]):
        who = listed([name for name, _ in known]) if len(known) <= MANY else "each method"
        return f"{start} {_pairs(least[1])} of pairs for {who} ({goal})."
    retrain = _auc(known_of["retrain"]) if "retrain" in known_of else 0.5
    sides = "below 50 % it stands out by being less known" if least[1] < UNDER else ""
    sides = "" if least[1] >= retrain - (0.5 - UNDER) else f"; {sides}" * bool(sides)
    return (
        f"{start} {_pairs(least[1])} ({least[0]}) to {_pairs(most[1])} ({most[0]}) of pairs; "
        f"{goal}{sides}."
    )


UNDER = 0.49
"""An AUC below which forgotten images are less known than unseen ones."""


def _pairs(auc: float) -> str:
    return f"{100 * auc:.1f} %"


SECTION = Section(
    key="attack",
    question="Can an attacker tell?",
    reading=READING,
    answer=answer,
)
