"""Do the two agree? Every row's differences, and which of them are more than noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from untrain.bench.job import Block
from untrain.bench.numbers.comparison import Difference
from untrain.bench.numbers.statistics import Pair as Seeds
from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.differences import difference, value
from untrain.bench.tables.grid import Grid
from untrain.bench.tables.main import signed
from untrain.metrics.audit import GONE, METRICS
from untrain.report.charts.differences import forest
from untrain.report.charts.spec import rounded
from untrain.report.comparing.both import COSTS, Both, Pair, State
from untrain.report.content import (
    Answer,
    Control,
    Facts,
    Figure,
    Mark,
    Missing,
    Part,
    Section,
    Sheet,
)
from untrain.report.data import Report, listed
from untrain.report.found.judged import judged

WORDS: dict[State, str] = {
    "same": "identical",
    "agrees": "within the noise",
    "differs": "beyond the noise",
    "few": "too few seeds",
    "unshared": "no seed in common",
}
HEADS = {m.name: m.short for m in (*METRICS, GONE)} | {"flops": "FLOPs", "gap": "gap"}
BEYOND = "✗"
READING = (
    "Rows of one name are compared seed by seed, so that what a seed brings is left out. The line "
    "at a dot is the 95 % interval of the mean difference; a cross marks a row of which some "
    "measure differs beyond it, all its measures together at 95 %. gap is the mean of the paired "
    "gaps to Retrain: more than 0 is further away in the second."
)


def section(both: Mapping[Block, Both]) -> Section:
    def answer(report: Report, table: Table) -> Answer | None:
        return _answer(both[table.block]) if table.block in both else None

    return Section(key="agree", question="Do the two agree?", reading=READING, answer=answer)


def _answer(both: Both) -> Answer:
    known = [pair for pair in both.pairs if pair.state != "unshared"]
    parts: list[Part] = []
    if known:
        parts += [_figure(both, known), _sheet(both, known)]
    if verdicts := _verdicts(both):
        title = "Verdicts that changed"
        parts.append(Facts(key="verdicts-changed", title=title, pairs=verdicts))
    for pair in both.of("unshared"):
        seeds = [_seeds(row.pairs) for row in (pair.first, pair.second)]
        why = f"They have no seed in common ({seeds[0]} beside {seeds[1]}), so nothing is paired."
        parts.append(Missing(f"The difference of {pair.label}", why))
    return Answer(sentence=sentence(both), parts=parts)


def _verdicts(both: Both) -> list[tuple[str, str]]:
    """Rows whose worst word is another in the second."""
    found = []
    for pair in both.pairs:
        words = [one.word for row in (pair.first, pair.second) for one in judged([row])]
        if len(words) == 2 and words[0] != words[1]:
            found.append((pair.label, f"{words[0]}, then {words[1]}"))
    return found


def _seeds(pairs: Sequence[Seeds]) -> str:
    return ", ".join(str(train) for _, train in pairs)


def sentence(both: Both) -> str:
    """How many rows agree, and the ones that do not, with their largest difference."""
    if not both.pairs:
        return "No row is in both."
    same, agrees, differs, few = (both.of(s) for s in ("same", "agrees", "differs", "few"))
    told = []
    judged = len(same) + len(agrees) + len(differs)
    if judged and len(same) == judged:
        told.append(f"{_rows(judged)} the same in both")
    elif judged:
        fit = len(same) + len(agrees)
        verb = "agrees" if fit == 1 else "agree"
        told.append(f"{fit} of {judged} rows {verb} within the noise")
    told += [_worst(pair) for pair in differs[:3]]
    if len(differs) > 3:
        told.append(f"{len(differs) - 3} more differ")
    if few:
        told.append(
            f"{listed([pair.label for pair in few])} cannot be told apart or together, with fewer "
            "than 3 seeds in common"
        )
    if both.of("unshared"):
        told.append(f"{len(both.of('unshared'))} without a seed in common")
    text = "; ".join(told) + "."
    return text[0].upper() + text[1:]


def _rows(count: int) -> str:
    return "the one row is" if count == 1 else f"all {count} rows are"


def _worst(pair: Pair) -> str:
    """The gap where that differs, else the measure that differs most in terms of its interval."""
    gap = next((one for one in pair.beyond if one.name == "gap"), None)
    if gap is not None:
        where = "further away" if gap.mean > 0 else "nearer"
        return f"{pair.label} is {abs(gap.mean):.1f} points {where} in the second"
    most = max(pair.beyond, key=lambda one: abs(one.mean))
    return f"{pair.label} differs in {_head(most.name)} by {signed(most.mean)}"


def _head(name: str) -> str:
    return HEADS.get(name, name.replace("_", " "))


def _measures(pairs: Sequence[Pair]) -> list[str]:
    """The gap first, then measures, then costs; those that any row has."""
    names = list(dict.fromkeys(one.name for pair in pairs for one in pair.found.differences))
    ordered = [name for name in ("gap", *HEADS) if name in names and name not in COSTS]
    rest = [name for name in names if name not in ordered and name not in COSTS]
    costs = [name for name in COSTS if name in names]
    return list(dict.fromkeys([*ordered, *rest, *costs]))


def _figure(both: Both, pairs: Sequence[Pair]) -> Figure:
    names = [name for name in _measures(pairs) if name != "flops"]
    rows = []
    for pair in pairs:
        far = {one.name for one in pair.beyond}
        for name in names:
            one = pair.found.of(name)
            if one is None or not math.isfinite(one.mean):
                continue
            sure = math.isfinite(one.half)
            half = one.half if sure else 0.0
            state = "beyond the noise" if name in far else "within the noise"
            rows.append(
                {
                    "who": pair.label,
                    "measure": name,
                    "state": state if sure else "too few seeds",
                    "mean": rounded(one.mean),
                    "low": rounded(one.mean - half),
                    "high": rounded(one.mean + half),
                    "told": difference(one),
                }
            )
    found = {row["measure"] for row in rows}
    options = {name: _head(name) for name in names if name in found}
    return Figure(
        key="differences",
        title=f"{both.names.second} less {both.names.first}",
        description=f"A dot with its 95 % interval per row around 0. {sentence(both)}",
        specs=[forest(rows, options)] if rows else [],
        controls=[Control("measure", "Measure", options)],
        table=_grid(both, pairs),
        static=True,
    )


def _grid(both: Both, pairs: Sequence[Pair]) -> Grid:
    first, second = both.names
    head = ["row", "seeds", "measure", first, second, "difference [95 %]", "result"]
    rows = []
    for pair in pairs:
        far = {one.name for one in pair.beyond}
        for one in pair.found.differences:
            means = [value(one.name, float(v.mean())) for v in (one.second, one.first)]
            told = "-" if not math.isfinite(one.half) else "beyond" if one.name in far else "within"
            cells = [pair.label, str(len(one.first)), _head(one.name), *means]
            rows.append([*cells, difference(one), "-" if one.name in COSTS else told])
    return Grid("Differences", head, rows)


def _sheet(both: Both, pairs: Sequence[Pair]) -> Sheet:
    names = _measures(pairs)
    return Sheet(
        key="agree",
        title="Row by row",
        head=["row", "result", "seeds", *map(_head, names)],
        hints=["", "", "in common", *("" for _ in names)],
        rows=[_row(pair, names) for pair in pairs],
        opened={place: _opened(pair, names) for place, pair in enumerate(pairs)},
        notes=[
            f"A cell is {both.names.second} less {both.names.first}, with its 95 % interval from "
            f"three seeds in common on. {BEYOND}: beyond the noise. Costs are no part of it.",
        ],
    )


def _row(pair: Pair, names: Sequence[str]) -> list[Mark]:
    count = len(pair.found.pairs)
    cells = [_cell(pair.found.of(name), pair) for name in names]
    return [
        Mark(pair.label),
        Mark(WORDS[pair.state], sort=WORDS[pair.state]),
        Mark(str(count), sort=count),
        *cells,
    ]


def _cell(one: Difference | None, pair: Pair) -> Mark:
    if one is None or not math.isfinite(one.mean):
        return Mark("-", hint="not measured in both", style="muted")
    means = [value(one.name, float(values.mean())) for values in (one.second, one.first)]
    far = f" {BEYOND}" * (one.name in {far.name for far in pair.beyond})
    hint = f"{means[0]} in the first, {means[1]} in the second"
    return Mark(f"{difference(one)}{far}", sort=one.mean, hint=hint)


def _opened(pair: Pair, names: Sequence[str]) -> list[list[Mark]]:
    """A line for each pair of seeds; the gap has fewer where one lacks a Retrain."""
    lines = []
    for place, (split, train) in enumerate(pair.found.pairs):
        cells = []
        for name in names:
            one = pair.found.of(name)
            whole = one is not None and len(one.first) == len(pair.found.pairs)
            text = signed(float(one.first[place] - one.second[place])) if one and whole else "-"
            if one and whole and name == "flops":
                text = f"{one.first[place] - one.second[place]:+.3g}"
            cells.append(Mark(text))
        label = f"seed {train}" + (f", split {split}" if split else "")
        lines.append([Mark(label), Mark(""), Mark(""), *cells])
    return lines
