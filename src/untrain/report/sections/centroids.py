"""Are forgotten images still near their class: distances to class centres, beside Retrain's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.distances import AUDIT, FEW, SHOWN, far
from untrain.bench.tables.grid import Grid, over_seeds
from untrain.bench.tables.pairing import Vector, apart, audited, by_pair, leading
from untrain.report.charts.apart import apart as drawn_apart
from untrain.report.charts.centroids import FORGOTTEN, UNSEEN, profiles
from untrain.report.charts.palette import scales
from untrain.report.content import Answer, Control, Figure, Part, Section
from untrain.report.data import Report, listed, methods, nearest_first, shown
from untrain.report.naming import of_class
from untrain.report.sections.absent import ALL, absent


def answer(report: Report, table: Table) -> Answer | None:
    rows = [row for row in table.rows if any(audited(run, AUDIT) for run in row.runs)]
    missing = absent(
        report,
        table,
        rows,
        "how far forgotten images lie from the centre of each class",
        "It takes the features of all images, a pass over the training set for each model.",
        ALL,
    )
    if not rows:
        told = "Distances to the centres of classes were not measured for these runs."
        return Answer(sentence=told, parts=missing) if missing else None
    found = next(one for row in rows for run in row.runs if (one := audited(run, AUDIT)))
    present = sorted(map(int, found["forget"]))
    gone = [k for k in present if k not in found["retained"]][:FEW]
    told, parts = _gone(table, rows, gone) if gone else _own(table, rows)
    return Answer(sentence=told, parts=[*parts, *missing])


def profile(label: int, part: str = "forget") -> Vector:
    """Distances of a class's images to each retained one's centre, over the farthest's: (R,)."""

    def of(run: Result) -> np.ndarray | None:
        row = np.array(audited(run, AUDIT).get(part, {}).get(str(label)) or [], np.float64)
        return row / row.max() if len(row) and row.max() > 0 else None

    return of


def _gone(table: Table, rows: list[Row], gone: list[int]) -> tuple[str, list[Part]]:
    """Of classes that are forgotten whole: which of the others their images lie near."""
    told, parts = "", []
    for place, label in enumerate(gone):
        forget = {row.label: by_pair(row, profile(label)) for row in rows}
        apart_of = {row.label: apart(row, table.retrain, profile(label), far) for row in rows}
        names = _names(rows, label)
        sentence = _nearest(table, forget, apart_of, names)
        told = told or sentence
        parts += _figures(table, rows, (place, label), forget, apart_of, sentence)
    return told, parts


def _names(rows: list[Row], label: int) -> tuple[str, list[str]]:
    """The name of a forgotten class, and those of the retained ones."""
    found = next(one for row in rows for run in row.runs if (one := audited(run, AUDIT)))
    return found["classes"][label], [found["classes"][k] for k in found["retained"]]


def _figures(
    table: Table,
    rows: list[Row],
    of: tuple[int, int],
    forget: Mapping[str, np.ndarray],
    apart_of: Mapping[str, np.ndarray],
    sentence: str,
) -> list[Part]:
    place, label = of
    name, retained = _names(rows, label)
    order = np.argsort(leading(forget), kind="stable")[:SHOWN]
    columns = [retained[k] for k in order]
    unseen = {row.label: by_pair(row, profile(label, "unseen")) for row in rows}
    drawn = [row for row in methods(table) if row in rows and len(forget[row.label])]
    others = {
        row.label: {
            series: [float(value) for value in values[row.label].mean(0)[order]]
            for series, values in ((FORGOTTEN, forget), (UNSEEN, unseen))
            if len(values[row.label])
        }
        for row in [*nearest_first(drawn), *(row for row in rows if row.label == "original")]
        if len(forget[row.label])
    }
    theirs = forget.get("retrain", np.zeros((0,)))
    retrain = [float(value) for value in theirs.mean(0)[order]] if len(theirs) else []
    options = {one: shown(one) for one in others}
    lines = [
        [shown(row), *(over_seeds(values[:, k], 3) for k in order), over_seeds(apart_of[row], 3)]
        for row, values in forget.items()
        if len(values)
    ]
    note = (
        "Distances over the farthest class's. L1: sum of differences to Retrain's, over all "
        "classes; in Retrain's row, between Retrains of the same split."
    )
    title = f"Distance of forgotten images of {of_class(name)} to the centres of other classes"
    grid = Grid(title, ["model", *columns, "L1"], lines, [note])
    parts: list[Part] = [
        Figure(
            key=f"centroids-{place}",
            title=title,
            description=f"{title}, nearest first. {sentence}",
            specs=[profiles(retrain, others, columns)],
            captions=["{method}"] if len(options) > 1 else [],
            controls=[Control("method", "Model", options, "list")] if len(options) > 1 else [],
            table=grid,
        )
    ]
    known = {shown(row): [float(x) for x in v] for row, v in apart_of.items() if len(v)}
    if known.keys() - {"Retrain"}:
        spec = drawn_apart(known, scales(table), "sum of differences over classes")
        title = "How far from Retrain's distances"
        parts.append(
            Figure(
                key=f"centroids-{place}-distance",
                title=title,
                description=f"{title}. {sentence}",
                specs=[spec],
                table=Grid(title, ["model", "L1"], [[line[0], line[-1]] for line in lines], [note]),
            )
        )
    return parts


def _nearest(
    table: Table,
    forget: Mapping[str, np.ndarray],
    apart_of: Mapping[str, np.ndarray],
    names: tuple[str, list[str]],
) -> str:
    name, retained = names
    first = {row: int(values.mean(0).argmin()) for row, values in forget.items() if len(values)}
    rows = [row.label for row in methods(table) if row.label in first]
    if "retrain" not in first:
        where: dict[str, list[str]] = {}
        for row in rows or list(first):
            where.setdefault(retained[first[row]], []).append(shown(row))
        there = [f"{place} under {_who(under)}" for place, under in where.items()]
        start = f"Forgotten images of {of_class(name)} lie nearest to {listed(there)}."
        return f"{start} No Retrain was measured to compare with."
    goal = first["retrain"]
    told = f"Under Retrain, forgotten images of {of_class(name)} lie nearest to {retained[goal]}; "
    same = [row for row in rows if first[row] == goal]
    told += _so(len(same), len(rows))
    means = {row: float(apart_of[row].mean()) for row in rows if len(apart_of[row])}
    if means:
        best = min(means, key=lambda row: means[row])
        told += f" {shown(best)}'s distances differ least from Retrain's, by {means[best]:.2f}"
        between = apart_of["retrain"]
        told += f"; two Retrains' by {between.mean():.2f}." if len(between) else "."
    return told


def _own(table: Table, rows: list[Row]) -> tuple[str, list[Part]]:
    """Of classes that stay: how much nearer than unseen images forgotten ones are to their own."""

    def value(run: Result) -> np.ndarray | None:
        own = audited(run, AUDIT).get("own_class", {}).get("value")
        return None if own is None else np.array(own, np.float64)

    values = {row.label: by_pair(row, value) for row in rows}
    known = {shown(row): [float(x) for x in found] for row, found in values.items() if len(found)}
    if not known:
        return "No class has both forgotten and unseen images to compare.", []
    means = {row: float(np.mean(found)) for row, found in known.items()}
    told = _memorised(means, [shown(row.label) for row in methods(table)])
    note = "Forgotten less unseen images, in root mean square radii of the class."
    title = "Are forgotten images nearer to their class than unseen ones"
    lines = [[row, over_seeds(np.array(found), 4)] for row, found in known.items()]
    axis = "radii; below 0: nearer than unseen"
    figure = Figure(
        key="centroids",
        title=title,
        description=told,
        specs=[drawn_apart(known, scales(table), axis, "mean of Retrain")],
        table=Grid(title, ["model", "difference"], lines, [note]),
    )
    return told, [figure]


def _who(names: Sequence[str]) -> str:
    return listed(names) if len(names) < 4 else f"{len(names)} models"


def _so(same: int, rows: int) -> str:
    """How many of the methods do as Retrain."""
    if not rows:
        return "no method is here."
    if same == 0:
        return "under no method is it so."
    return (
        "so it is under the one method."
        if rows == 1
        else f"so it is under {same} of {rows} methods."
    )


def _memorised(means: Mapping[str, float], own: Sequence[str]) -> str:
    """The method under which forgotten images lie nearest to their class, beside Retrain."""
    known = {row: mean for row, mean in means.items() if row in own} or means
    least = min(known, key=lambda row: known[row])
    beside = [f"{row} {_side(means[row])}" for row in ("Retrain", "Original") if row in means]
    goal = f" ({', '.join(one for one in beside if not one.startswith(f'{least} '))})"
    goal = "" if goal == " ()" else goal
    if known[least] >= 0:
        start = (
            "Under no method do forgotten images" if len(known) > 1 else "Forgotten images do not"
        )
        return (
            f"{start} lie nearer to their class than unseen ones: under {least} they lie "
            f"{_side(known[least])}, in radii of the class{goal}."
        )
    return (
        f"Forgotten images lie nearest to their class under {least}: {_side(known[least])} than "
        f"unseen ones, in radii of the class{goal}. Nearer is memorised."
    )


def _side(radii: float) -> str:
    return f"{abs(radii):.3f} {'nearer' if radii < 0 else 'further'}"


SECTION = Section(
    key="centroids",
    question="Are forgotten images still near their class?",
    reading="In the last layer, a model keeps images of one class together. What it has memorised "
    "lies nearer to its class than images it never saw; of a class that is gone, forgotten and "
    "unseen images should lie as Retrain's do.",
    answer=answer,
)
