"""How each model was made: what its runs have logged of each pass."""

from __future__ import annotations

from collections.abc import Sequence

from untrain.bench.numbers.intervals import ENOUGH
from untrain.bench.numbers.mixing import mixed
from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, number
from untrain.report.charts.palette import scales
from untrain.report.charts.training import ALL, training
from untrain.report.content import Answer, Control, Figure, Section
from untrain.report.data import Report, listed, methods, shown
from untrain.report.sections.cost import APART
from untrain.report.sections.curves import Line, lines, word
from untrain.report.sections.wording import ranked, seeds

FIRST = ("loss", "lr")


def answer(report: Report, table: Table) -> Answer | None:
    if not table.rows:
        return None
    found = lines(table)
    if not found:
        return Answer(
            sentence="Not known: none of these runs has logged a pass over its data.",
            parts=[],
        )
    first = chosen(table, found)
    return Answer(sentence=sentence(table, first, found), parts=[figure(table, first, found)])


def chosen(table: Table, found: Sequence[Line]) -> str:
    """The row that is shown first: the method with the smallest gap that has a curve."""
    known = list(dict.fromkeys(one.label for one in found))
    wanted = [*(row.label for row in ranked(table)), *(row.label for row in methods(table))]
    return next((label for label in wanted if label in known), known[0])


def sentence(table: Table, first: str, found: Sequence[Line]) -> str:
    row = table.row(first)
    assert row is not None
    mine = [one for one in found if one.label == first]
    told = f"{shown(first)} took {_length(mine[0])}{_seconds(row)}"
    losses = [one for one in mine if one.measure == "loss" and len(one.points) > 1]
    told += "".join(f"; its loss{_of(one)} {_course(one)}" for one in losses)
    told += f" (mean of {seeds(mine[0].seeds)})" if losses and mine[0].seeds > 1 else ""
    told += "." if mine[0].seeds > 1 else ", in a single run."
    retrain = next((one for one in found if one.label == "retrain"), None)
    if retrain and table.retrain and first != "retrain":
        told += f" Retrain took {_length(retrain)}{_seconds(table.retrain)}."
    still = unlogged(table, found)
    if still:
        verb = "has" if len(still) == 1 else "have"
        told += f" {listed(still)} {verb} logged no passes."
    return told


def _length(line: Line) -> str:
    last = line.points[-1].epoch
    return f"{last:g} epoch{'s' * (last != 1)}"


def _seconds(row: Row) -> str:
    took = row.mean("seconds")
    return f" and {took:.3g} s" if took == took else ""


def _of(line: Line) -> str:
    return f" on {line.part}" if line.part else ""


def _course(line: Line) -> str:
    first, last = line.points[0].value, line.points[-1].value
    verb = "rose" if last > first else "fell"
    return f"{verb} from {first:.3g} to {last:.3g}"


def unlogged(table: Table, found: Sequence[Line]) -> list[str]:
    known = {one.label for one in found}
    return [shown(row.label) for row in table.rows if row.label not in known]


def figure(table: Table, first: str, found: Sequence[Line]) -> Figure:
    measures = list(dict.fromkeys(one.measure for one in found))
    measures.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    models = list(dict.fromkeys(shown(one.label) for one in found))
    models.sort(key=lambda model: model != shown(first))
    chosen = {"measure": measures[0], "axis": "epoch", "model": shown(first)}
    options = {**{model: model for model in models}, ALL: "all models"}
    runs = [run for row in table.rows for run in row.runs]
    apart = any(APART in note for note in mixed(runs))
    controls = [
        Control("measure", "Shown", {name: word(name) for name in measures}),
        Control("axis", "Over", {"epoch": "epochs"} | ({} if apart else {"seconds": "seconds"})),
        Control("model", "Model", options, kind="list"),
    ]
    band = any(one.seeds >= ENOUGH for one in found)
    over = "epochs" if apart else "epochs or seconds"
    return Figure(
        key="training-curves",
        title="What was logged of each pass",
        description=(
            f"Lines over {over} for {listed(models)}: {listed([*map(word, measures)])}, "
            f"the mean over seeds{', with a band of one standard deviation' if band else ''}."
        ),
        specs=[training(found, scales(table), chosen, {one: word(one) for one in measures})],
        table=grid(found, band),
        controls=[one for one in controls if len(one.options) > 1],
    )


def grid(found: Sequence[Line], band: bool) -> Grid:
    rows = [
        [
            shown(line.label),
            word(line.measure),
            line.part or "all",
            number(point.epoch, 0),
            number(point.seconds, 1),
            f"{point.value:.4g}",
            f"{point.spread:.2g}" if point.spread == point.spread else "-",
        ]
        for line in found
        for point in line.points
    ]
    notes = ["Mean over seeds, after each pass; seconds are of training alone, until then."]
    notes += ["Band: one standard deviation over seeds." if band else FEW]
    notes += ["Long curves are thinned: not every pass is shown."] * any(
        one.thinned for one in found
    )
    head = ["model", "shown", "passes over", "epoch", "seconds", "mean", "std"]
    return Grid("What was logged of each pass", head, rows, notes)


FEW = "Fewer than 3 seeds: no spread."

SECTION = Section(
    key="training",
    question="How did it get there?",
    reading=(
        "Losses of different methods are different formulas: compare their course, not their "
        "height. What counts is where the model ends, which the sections above tell; a curve that "
        "still falls at its end asks for more passes, one that jumps for a lower learning rate."
    ),
    answer=answer,
)
