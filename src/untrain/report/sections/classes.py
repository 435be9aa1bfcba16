"""Who pays: which classes lose accuracy beside Retrain, and which by more than chance."""

from __future__ import annotations

from collections.abc import Sequence

from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.grid import Grid
from untrain.bench.tables.main import signed
from untrain.report.charts.classes import MOST, per_class
from untrain.report.content import Answer, Control, Figure, Missing, Section
from untrain.report.data import Report, listed, methods, shown
from untrain.report.sections.absent import lacking
from untrain.report.sections.per_class import SETS, Harm, Harms, harms
from untrain.report.sections.wording import ranked

NAMED = 5
"""How many of the worst classes a sentence names."""


def answer(report: Report, table: Table) -> Answer | None:
    if not methods(table):
        return None
    if table.retrain is None:
        return Answer(
            sentence="Not known: losses of a class are told beside Retrain, and there is none.",
            parts=[],
        )
    found = [one for images in SETS for one in harms(table, images)]
    lacks = missing(report, table, found)
    if not found:
        return Answer(sentence="Not measured: who loses accuracy is not known.", parts=lacks)
    first = chosen(table, found)
    return Answer(sentence=sentence(first, found), parts=[figure(first, found), *lacks])


def chosen(table: Table, found: Sequence[Harms]) -> Harms:
    """What is shown first: the method with the smallest gap, on test images if it has them."""
    order = [row.label for row in ranked(table)] or [one.label for one in found]
    first = [one for label in order for one in found if one.label == label]
    return next((one for one in first if one.images == "test"), (first or list(found))[0])


def sentence(first: Harms, found: Sequence[Harms]) -> str:
    """The classes that surely lose under the first method, and the largest loss of all."""
    sure = [one for one in first.classes if one.difference < 0 and one.tells]
    where, name, worst = SETS[first.images], shown(first.label), _worst(first)
    if worst.difference >= 0:
        told = f"Under {name} no class loses accuracy on {where} beside Retrain."
    elif not sure:
        told = (
            f"Under {name} no class loses more accuracy on {where} than chance explains; the "
            f"largest loss is {worst.name}'s, {_points(worst)} points beside Retrain."
        )
    else:
        named = listed([f"{one.name} ({signed(one.difference, 1)})" for one in sure[:NAMED]])
        verb = "loses" if len(sure) == 1 else "lose"
        many = "most of all " if len(sure) > NAMED else ""
        told = (
            f"Under {name} {len(sure)} of {len(first.classes)} classes {verb} accuracy on {where} "
            f"by more than chance, {many}{named}, in points beside Retrain."
        )
    other = min(
        (one for one in found if one.images == first.images), key=lambda one: _worst(one).difference
    )
    most = _worst(other)
    if round(most.difference, 1) < min(0.0, round(_worst(first).difference, 1)):
        told += (
            f" The largest loss under any method is {most.name}'s under {shown(other.label)}: "
            f"{_points(most)} points."
        )
    return told


def _points(harm: Harm) -> str:
    return f"{abs(harm.difference):.1f}"


def _worst(found: Harms) -> Harm:
    return found.classes[0]


def figure(first: Harms, found: Sequence[Harms]) -> Figure:
    labels = list(dict.fromkeys(one.label for one in found))
    labels.sort(key=lambda label: label != first.label)
    there = [images for images in SETS if any(one.images == images for one in found)]
    there.sort(key=lambda images: images != first.images)
    controls = [
        Control("method", "Method", {label: shown(label) for label in labels}, kind="list"),
        Control("images", "On", {images: SETS[images] for images in there}),
    ]
    many = max(len(one.classes) for one in found) > MOST
    cut = f" The {MOST} classes that lie furthest away are drawn; the table has all." * many
    return Figure(
        key="classes-harm",
        title="Accuracy of each class less Retrain's",
        description=(
            f"A dot for each class under {shown(first.label)}, from the largest loss to the "
            "largest gain beside Retrain: " + _spoken(first) + "." + cut
        ),
        specs=[per_class(found, {"method": first.label, "images": first.images})],
        captions=["{method}"] if len(labels) > 1 else [],
        table=grid(found, labels, there, cut),
        controls=[one for one in controls if len(one.options) > 1],
    )


def _spoken(first: Harms) -> str:
    ends = first.classes if len(first.classes) <= 6 else [*first.classes[:3], *first.classes[-3:]]
    return ", ".join(f"{one.name} {signed(one.difference, 1)}" for one in ends)


def grid(found: Sequence[Harms], labels: Sequence[str], sets: Sequence[str], cut: str) -> Grid:
    """A line for each class and set, a column for each method."""
    cells = {
        (one.images, harm.number, one.label): f"{signed(harm.difference, 1)}±{harm.half:.1f}"
        for one in found
        for harm in one.classes
    }
    names = {harm.number: harm for one in found for harm in one.classes}
    rows = []
    for images in sets:
        for number, harm in sorted(names.items()):
            line = [cells.get((images, number, label), "-") for label in labels]
            gone = " (forgotten)" * harm.gone
            if any(cell != "-" for cell in line):
                rows.append([harm.name + gone, SETS[images], *line])
    return Grid(
        "Accuracy of each class less Retrain's, in points",
        ["class", "on", *map(shown, labels)],
        rows,
        [_interval(found), "Negative: the class does worse than under Retrain."]
        + ([cut.strip()] if cut else []),
    )


def _interval(found: Sequence[Harms]) -> str:
    """What ± is, of which rows."""
    few = list(dict.fromkeys(shown(one.label) for one in found if one.binomial))
    seeds = "half the 95 % Student interval of the paired difference over seeds"
    images = "half a binomial 95 % interval, of the images alone, as there are fewer than 3 seeds"
    if not few:
        return f"±: {seeds}."
    if len(few) == len({one.label for one in found}):
        return f"±: {images}."
    return f"±: {seeds}; of {listed(few)}, {images}."


def missing(report: Report, table: Table, found: Sequence[Harms]) -> list[Missing]:
    """Rows without answers, named."""
    assert table.retrain is not None
    known = {one.label for one in found}
    lack = [shown(row.label) for row in methods(table) if row.label not in known]
    if not lack:
        return []
    retrain = any(run.audits.get("answers") for run in table.retrain.runs)
    who = listed(lack) if retrain else listed(["Retrain", *lack]) if found else "all models"
    why = "It takes what each model answers, class by class; that is cheap to measure."
    return [lacking(report, f"Accuracy by class of {who}", why)]


SECTION = Section(
    key="classes",
    question="Who pays?",
    reading=(
        "An average hides a class that was sacrificed. Each dot is a class: left of the line it "
        "does worse than under Retrain, right of it better, which is no merit either. Grey dots "
        "cannot be told from no difference; with many classes a few others differ by chance."
    ),
    answer=answer,
)
