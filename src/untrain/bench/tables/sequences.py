"""Requests one after the other: gap, accuracies and cost after each of them, Fig. 6 of CoUn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.costs import gap, unit_of
from untrain.bench.tables.grid import Grid, number, over_seeds

MEASURES = {
    "retain_accuracy": "RA",
    "unlearn_accuracy": "UA of all requests until then",
    "test_accuracy": "TA",
    "mia_efficacy": "MIA",
}
Key = tuple[str, str, tuple[str, ...]]
"""Data, network, and the rules of all requests until then."""


def sequences(tables: Sequence[Table]) -> list[Grid]:
    """Grids of each sequence among these blocks; blocks of single requests alone have none."""
    return [grid for stages in chains(tables) for grid in _grids(stages)]


def chains(tables: Sequence[Table]) -> list[list[Table]]:
    """The blocks of each sequence, one for each request, the longest sequences alone."""
    found = {key: table for table in tables if (key := _key(table))[2]}
    whole = [key for key in found if not any(_goes_on(key, other) for other in found)]
    kept = []
    for data, model, rules in whole:
        before: list[Key] = [(data, model, rules[:k]) for k in range(1, len(rules) + 1)]
        if len(rules) > 1 and all(key in found for key in before):
            kept.append([found[key] for key in before])
    return kept


def _key(table: Table) -> Key:
    rules = [run.cell.rules for row in table.rows for run in row.runs]
    return table.block.data, table.block.model, max(rules, key=len, default=())


def _goes_on(one: Key, other: Key) -> bool:
    """Whether the other is of further requests after this one."""
    return one[:2] == other[:2] and len(one[2]) < len(other[2]) and _starts(other[2], one[2])


def _starts(whole: tuple[str, ...], first: tuple[str, ...]) -> bool:
    return whole[: len(first)] == first


def _grids(stages: list[Table]) -> list[Grid]:
    labels = list(dict.fromkeys(row.label for table in stages for row in table.rows))
    name = stages[-1].block

    def grid(what: str, cell: Callable[[str, int], str], note: str) -> Grid:
        head = ["model", *(f"request {k}" for k in range(1, len(stages) + 1))]
        rows = [[label, *(cell(label, k) for k in range(len(stages)))] for label in labels]
        return Grid(f"{name}: {what}", head, rows, [note])

    def gaps(label: str, k: int) -> str:
        row = stages[k].row(label)
        return gap(row) if row else "-"

    def measured(measure: str) -> Callable[[str, int], str]:
        def cell(label: str, k: int) -> str:
            row = stages[k].row(label)
            return over_seeds(row.values(measure)) if row else "-"

        return cell

    counts = ", ".join(str(len(table.pairs)) for table in stages)
    shown = [grid("average gap after each request", gaps, f"Seeds, by request: {counts}. {GAPS}")]
    shown += [
        grid(f"{short}, %, after each request", measured(measure), "Mean±std over seeds.")
        for measure, short in MEASURES.items()
    ]
    scale, unit = unit_of([row.mean("flops") for table in stages for row in table.rows])
    costs = (("flops", unit, scale, 3), ("seconds", "seconds", 1.0, 1))
    return shown + [
        grid(f"{what} of all requests until then", _spent(stages, cost, size, digits), SPENT)
        for cost, what, size, digits in costs
    ]


GAPS = (
    "Against the Retrains of the same requests, over RA, UA, TA and MIA, in points, with the 95 % "
    "interval from three seeds on."
)
SPENT = (
    "Summed over requests; Retrain is trained anew for each. Behind it, the share of what Retrain "
    "has cost until then. Training the Original is not counted."
)


def _spent(stages: list[Table], name: str, size: float, digits: int) -> Callable[[str, int], str]:
    """The cell of a cost until a request, in units of `size`, and its share of Retrain's."""

    def total(label: str, k: int) -> float:
        rows: list[Row | None] = [table.row(label) for table in stages[: k + 1]]
        return sum(row.mean(name) / size if row else float("nan") for row in rows)

    def cell(label: str, k: int) -> str:
        mine, theirs = total(label, k), total("retrain", k)
        told = number(mine, digits)
        if label == "original" or told == "-":
            return "-"
        return f"{told} ({mine / theirs:.3f}x)" if theirs > 0 else told

    return cell
