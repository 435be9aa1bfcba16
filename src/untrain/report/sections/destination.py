"""Where did the forgotten images go: which class each model takes them for, beside Retrain's."""

from __future__ import annotations

import numpy as np

from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.destinations import AUDIT, destinations
from untrain.bench.tables.grid import Grid, number, over_seeds
from untrain.bench.tables.pairing import audited, by_pair, leading
from untrain.report.charts import destination as charts
from untrain.report.charts.apart import apart as drawn_apart
from untrain.report.content import Answer, Control, Figure, Part, Section
from untrain.report.data import Report, listed, methods, nearest_first, shown
from untrain.report.found.went import Seen
from untrain.report.naming import of_class
from untrain.report.sections.absent import absent
from untrain.report.sections.wording import proper

SQUARE = 20
"""Up to so many classes a square of true by predicted classes is drawn."""
STILL = 5
"""Percentage points above Retrain from which a method is said to recognise a forgotten class."""
DOTS = 15
"""Destinations that are drawn where classes are many."""


FEW = 3
"""Methods that a sentence names; more are counted."""


def answer(report: Report, table: Table) -> Answer | None:
    rows = [row for row in table.rows if any(audited(run, AUDIT) for run in row.runs)]
    missing = absent(
        report,
        table,
        rows,
        "which class the forgotten images are predicted as",
        "It is counted from the models' answers, which takes seconds.",
    )
    if not rows:
        told = "Where the forgotten images are predicted was not counted for these runs."
        return Answer(sentence=told, parts=missing) if missing else None
    seen = Seen(table, rows)
    parts = _each_class(seen) if seen.chosen else _all_classes(seen)
    return Answer(sentence=sentence(seen), parts=[*parts, *_distance(seen), *missing])


def sentence(seen: Seen) -> str:
    """What Retrain does with them, and which method comes closest to it."""
    what = (
        f"forgotten images of {_classes([seen.names[k] for k in seen.chosen])}"
        if seen.chosen
        else "the forgotten images"
    )
    own = "as their own class"
    if seen.retrain is None:
        stays = [f"{shown(row.label)} {number(seen.stays(row), 0)} %" for row in seen.rows]
        return (
            f"There is no Retrain to compare with; of {what} these are predicted {own}: "
            f"{listed(stays)}."
        )
    first = seen.mean(seen.retrain)[0]
    top = int(np.argmax(np.nan_to_num(first)))
    if seen.chosen and top not in seen.chosen:
        name = seen.names[seen.chosen[0]]
        told = f"Retrain takes {number(first[top], 0)} % of forgotten images of {of_class(name)} "
        told += f"for {seen.names[top]}, more than for any other class"
    else:
        told = f"Retrain predicts {number(seen.stays(seen.retrain), 0)} % of {what} {own}"
    return f"{told}. {_closest(seen)}{_known(seen)}"


def _classes(names: list[str]) -> str:
    return f"{of_class(names[0]) if len(names) == 1 else f'classes {listed(names)}'}"


def _closest(seen: Seen) -> str:
    known = {row.label: seen.apart[row.label] for row in methods(seen.table) if row in seen.rows}
    means = {label: float(values.mean()) for label, values in known.items() if len(values)}
    if not means:
        return "No method was counted beside it."
    least = f"{min(means.values()):.1f}"
    near = [shown(label) for label, mean in means.items() if f"{mean:.1f}" == least]
    who = listed(near) if len(near) <= FEW else f"{len(near)} methods"
    told = f"{who} {'come' if len(near) > 1 else 'comes'} closest: "
    told += f"{least} % of the images would have to go elsewhere to match it"
    between = seen.apart["retrain"]
    if not len(between):
        return f"{told}; with one Retrain of each split it is not known how far two differ."
    return f"{told}; two Retrains differ by {number(float(between.mean()), 1)} %."


def _known(seen: Seen) -> str:
    """Which methods still recognise them where Retrain does not."""
    assert seen.retrain is not None
    limit = seen.stays(seen.retrain) + STILL
    rows = [row for row in methods(seen.table) if row in seen.rows]
    found = [row for row in rows if seen.chosen and seen.stays(row) > limit]
    told = [f"{shown(row.label)} ({number(seen.stays(row), 0)} %)" for row in found]
    if len(told) > FEW:
        most = max(found, key=seen.stays)
        told = [f"{len(found)} methods, most of all by {shown(most.label)} "]
        told[0] += f"({number(seen.stays(most), 0)} %)"
    return f" Still recognised more often than by Retrain: by {listed(told)}." if told else ""


def _each_class(seen: Seen) -> list[Part]:
    """A figure for each class that was looked at."""
    grids = destinations(seen.table, [seen.names[k] for k in seen.chosen])
    figures: list[Part] = []
    for place, label in enumerate(seen.chosen):
        name = seen.names[label]
        drawn = {row.label: by_pair(row, seen.picture)[:, place] for row in seen.rows}
        means = {row: values.mean(0) for row, values in drawn.items()}
        lead = np.nan_to_num(leading(drawn))
        order = [label, *(int(k) for k in np.argsort(-lead, kind="stable") if k != label)]
        few = len(seen.names) <= charts.NUMBERS
        order = order if few else order[: DOTS + 1]
        columns = [seen.names[k] for k in order]
        percents = {shown(row): [float(v[k]) for k in order] for row, v in means.items()}
        title = f"% of forgotten images of {of_class(name)}"
        spec = (
            charts.models(percents, columns)
            if few
            else charts.dots(percents, columns, seen.looks, title)
        )
        figures.append(
            Figure(
                key=f"destination-{place}",
                title=f"What forgotten images of {of_class(name)} are predicted as, % of them",
                description="Shares of predicted classes of forgotten images of "
                f"{of_class(name)}, a row per model. {sentence(seen)}",
                specs=[spec],
                table=proper(grids[place], seen.table, _counts(seen)),
                static=place == 0,
            )
        )
    return figures


def _all_classes(seen: Seen) -> list[Part]:
    """True by predicted class of Retrain, of one method and their difference."""
    means = {row.label: seen.mean(row) for row in seen.rows}
    grid = proper(destinations(seen.table)[-1], seen.table, _counts(seen))
    names = [seen.names[k] for k in seen.present]
    about = f"Predicted classes of the forgotten images, by true class. {sentence(seen)}"
    title = "What forgotten images are predicted as, % of each class"
    if len(seen.names) > SQUARE or len(seen.present) < len(seen.names):
        lines, percents = _largest(seen, means)
        spec = charts.dots(percents, lines, seen.looks, "% of the class's forgotten images")
        title = f"The {len(lines)} most frequent mistakes on forgotten images, % of each class"
        return [Figure(key="destination", title=title, description=about, specs=[spec], table=grid)]
    others = {name: table.tolist() for name, table in means.items() if name != "retrain"}
    drawn = [row for row in methods(seen.table) if row in seen.rows]
    options = {row.label: shown(row.label) for row in nearest_first(drawn)}
    options |= {name: shown(name) for name in others if name not in options}
    others = {name: others[name] for name in options}
    control = Control("method", "Beside Retrain", options, "list")
    chosen = charts.matrix(others, names, leftmost=not seen.retrain) if others else None
    if seen.retrain is None or chosen is None:
        square = {"retrain": means["retrain"].tolist()} if seen.retrain else others
        specs, captions = [charts.matrix(square, names)], [""]
    else:
        theirs = means["retrain"]
        differ = {name: (means[name] - theirs).tolist() for name in options}
        specs = [charts.matrix({"retrain": theirs.tolist()}, names), chosen]
        specs.append(charts.difference(differ, names))
        title += "; last: points above (+, orange) or below (−, blue) Retrain"
        captions = ["Retrain", "{method}", "{method} less Retrain"]
    return [
        Figure(
            key="destination",
            title=title,
            description=about,
            specs=specs,
            captions=captions,
            controls=[control] if others else [],
            table=grid,
        )
    ]


def _counts(seen: Seen) -> dict[str, int]:
    """Of how many seeds the numbers of each row are."""
    return {row.label: len(by_pair(row, seen.picture)) for row in seen.rows}


def _largest(seen: Seen, means: dict[str, np.ndarray]) -> tuple[list[str], dict[str, list[float]]]:
    """The most frequent mistakes of Retrain, or else of the first row: names and shares by row."""
    lead = np.nan_to_num(means.get("retrain", next(iter(means.values())))).copy()
    lead *= seen.weights[:, None]
    lead[np.arange(len(seen.counted)), seen.counted] = 0
    flat = np.argsort(-lead, axis=None, kind="stable")[:DOTS]
    pairs = [divmod(int(place), lead.shape[1]) for place in flat if lead.flat[place] > 0]
    lines = [f"{seen.names[seen.counted[a]]} → {seen.names[b]}" for a, b in pairs]
    return lines, {shown(row): [float(v[a, b]) for a, b in pairs] for row, v in means.items()}


def _distance(seen: Seen) -> list[Part]:
    """How far each row is from Retrain's picture, with the floor between Retrains."""
    known = {
        shown(label): [float(x) for x in values]
        for label, values in seen.apart.items()
        if len(values)
    }
    if not known.keys() - {"Retrain"}:
        return []
    rows = [
        [label, over_seeds(np.array(values)), str(len(values))] for label, values in known.items()
    ]
    note = "Total variation in percent; Retrain's row is between Retrains of the same split."
    if "Retrain" not in known:
        note += " There is none: a second Retrain of a split is needed."
    grid = Grid("Images that would have to go elsewhere", ["model", "%", "n"], rows, [note])
    title = "How far from where Retrain sends them"
    return [
        Figure(
            key="destination-distance",
            title=title,
            description=f"Distance of each model to Retrain. {_closest(seen)}",
            specs=[drawn_apart(known, seen.looks, "% that would have to go elsewhere")],
            table=grid,
        )
    ]


SECTION = Section(
    key="destination",
    question="Where did the forgotten images go?",
    reading="A model that never saw these images still takes them for something: unlearning should "
    "send them to the same classes, in the same shares. A cell is the share of a class's forgotten "
    "images; the distance is the share that would have to go elsewhere to match Retrain.",
    answer=answer,
)
