"""What happens when requests keep coming: gap, accuracies and cost after each of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from untrain.bench.numbers.intervals import ENOUGH
from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.grid import Grid
from untrain.bench.tables.sequences import chains
from untrain.report.charts.palette import scales
from untrain.report.charts.requests import Step, requests
from untrain.report.content import Answer, Control, Figure, Part, Section
from untrain.report.data import Report, methods, shown
from untrain.report.sections.wording import few, no_retrain, ranked, told

MEASURES = {
    "retain_accuracy": "RA, %",
    "unlearn_accuracy": "UA of all requests, %",
    "test_accuracy": "TA, %",
    "mia_efficacy": "MIA, %",
}
COSTS = {"flops": "FLOPs, share of Retrain's", "seconds": "seconds, share of Retrain's"}
WORDS = {"gap": "average gap, points", **MEASURES, **COSTS}


def answer(report: Report, table: Table) -> Answer | None:
    """Of the last stage of a sequence alone: it is drawn once."""
    stages = next((chain for chain in chains(report.tables) if chain[-1] is table), None)
    if stages is None:
        return None
    found = steps(stages)
    parts: list[Part] = [figure(stages, found)] if found else []
    if any(stage.retrain is None for stage in stages):
        without = next(stage for stage in stages if stage.retrain is None)
        parts.append(no_retrain(report, without))
    return Answer(sentence=sentence(stages, found), parts=parts)


def steps(stages: Sequence[Table]) -> list[Step]:
    """By measure, row and request; what is not known is left out."""
    labels = list(dict.fromkeys(row.label for stage in stages for row in stage.rows))
    found = [
        step
        for measure in WORDS
        for label in labels
        for place in range(len(stages))
        if (step := _step(stages, measure, label, place))
    ]
    return [step for step in found if math.isfinite(step.value)]


def _step(stages: Sequence[Table], measure: str, label: str, place: int) -> Step | None:
    row = stages[place].row(label)
    if row is None:
        return None
    if measure == "gap":
        span = (row.gap.average, row.gap.low, row.gap.high) if row.gap else (math.nan,) * 3
    elif measure in COSTS:
        span = (_spent(stages, measure, label, place), math.nan, math.nan)
    else:
        mean, std = row.mean(measure), row.std(measure)
        span = (mean, mean - std, mean + std)
    return Step(shown(label), measure, place + 1, *span, seeds=len(row.pairs))


def _spent(stages: Sequence[Table], name: str, label: str, place: int) -> float:
    """What a row has cost until a request, over what Retrain has cost until then."""
    if label == "original":
        return math.nan
    until = stages[: place + 1]
    mine, theirs = (sum(_cost(stage, name, who) for stage in until) for who in (label, "retrain"))
    return mine / theirs if theirs > 0 else math.nan


def _cost(stage: Table, name: str, label: str) -> float:
    row = stage.row(label)
    return row.mean(name) if row else math.nan


def sentence(stages: Sequence[Table], found: Sequence[Step]) -> str:
    """Who is closest after the last request, what it was after the first, and what it cost."""
    count, last = len(stages), stages[-1]
    rows = ranked(last)
    if not rows:
        done = "no method has been measured after all of them" if methods(last) else "none is done"
        why = "there is no Retrain to compare with" if last.retrain is None else done
        return f"After {count} requests in a row: not known, as {why}."
    first = rows[0]
    assert first.gap is not None
    sure = "is closest" if first.best else "has the smallest gap"
    said = f"After {count} requests in a row {shown(first.label)} {sure}: {told(first.gap)}"
    before = stages[0].row(first.label)
    if before and before.gap and math.isfinite(before.gap.average):
        said += f", {before.gap.average:.2f} after the first"
    share = _spent(stages, "flops", first.label, count - 1)
    if math.isfinite(share):
        said += f"; it has taken {100 * share:.2g} % of the FLOPs of training anew each time"
    grown = _grown(stages, [row.label for row in rows])
    said += f". {grown}" if grown else "."
    return said + (" Fewer than 3 seeds: no spread is known." if few(last) else "")


def _grown(stages: Sequence[Table], labels: Sequence[str]) -> str:
    """Of how many methods the gap has grown from the first to the last request."""
    ends = [[stage.row(label) for stage in (stages[0], stages[-1])] for label in labels]
    known = [
        (one.gap.average, other.gap.average)
        for one, other in ends
        if one and other and one.gap and other.gap and math.isfinite(one.gap.average)
    ]
    if len(known) < 2:
        return ""
    grown = sum(after > before for before, after in known)
    return f"The gap of {grown} of {len(known)} methods is larger than after the first."


def figure(stages: Sequence[Table], found: Sequence[Step]) -> Figure:
    measures = list(dict.fromkeys(step.measure for step in found))
    models = list(dict.fromkeys(step.model for step in found))
    spread = any(math.isfinite(step.low) for step in found)
    looks = scales(max(stages, key=lambda stage: len(stage.rows)))
    return Figure(
        key="requests-lines",
        title=f"After each of {len(stages)} requests",
        description=(
            f"Lines over requests for {len(models)} models: "
            + ", ".join(WORDS[measure] for measure in measures)
            + "."
        ),
        specs=[requests(found, looks, {one: WORDS[one] for one in measures})],
        table=grid(stages, found, measures, models, spread),
        controls=[Control("measure", "Shown", {one: WORDS[one] for one in measures}, kind="list")]
        if len(measures) > 1
        else [],
    )


def grid(
    stages: Sequence[Table],
    found: Sequence[Step],
    measures: Sequence[str],
    models: Sequence[str],
    spread: bool,
) -> Grid:
    cells = {(step.model, step.measure, step.request): _cell(step) for step in found}
    numbers = range(1, len(stages) + 1)
    rows = [
        [model, WORDS[measure], *(cells.get((model, measure, k), "-") for k in numbers)]
        for measure in measures
        for model in models
        if any((model, measure, k) in cells for k in numbers)
    ]
    notes = [
        "Gap: against the Retrains of the same requests"
        + (", with its 95 % interval; accuracies: mean±std." if spread else "."),
        "Costs: of all requests until then, over what training anew each time has cost.",
    ]
    if any(step.seeds < ENOUGH for step in found):
        notes.append(f"Fewer than {ENOUGH} seeds of some: no spread of these.")
    head = ["model", "shown", *(f"request {k}" for k in numbers)]
    return Grid("After each request", head, rows, notes)


def _cell(step: Step) -> str:
    digits = 3 if step.measure in COSTS else 2
    text = f"{step.value:.{digits}f}"
    if not math.isfinite(step.low + step.high):
        return text
    if step.measure == "gap":
        return f"{text} [{step.low:.2f}, {step.high:.2f}]"
    return f"{text}±{step.high - step.value:.2f}"


SECTION = Section(
    key="requests",
    question="And if requests keep coming?",
    reading=(
        "Each request starts from the model that the one before has left, and Retrain is trained "
        "anew for each. A line that climbs says that errors add up; bands are spreads over seeds."
    ),
    answer=answer,
)
