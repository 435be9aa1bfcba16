"""Runs of one block as rows: values over seeds, and how far they lie from Retrain's.

Runs are paired by (split seed, training seed). Several unlearning seeds of a pair share its
Original, so they are averaged first: they are no further samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from untrain.bench.job import Block, Cell, Job, Result
from untrain.bench.numbers import intervals
from untrain.bench.numbers.gaps import GAP, Gap, Pair, gap
from untrain.bench.numbers.ties import UNRANKED, marked

__all__ = ["GAP", "Gap", "Lack", "Pair", "Row", "Table", "gap", "last_epoch", "pair_of", "tables"]


@dataclass(frozen=True)
class Row:
    """All runs of one row. runs: sorted by seeds. oracle: their twins of the oracle epoch.

    best: the smallest gap of the block, apart from all others. tie: it cannot be told from the
    smallest gap. noise: its gap cannot be told from one between Retrains.
    """

    label: str
    runs: tuple[Result, ...]
    oracle: tuple[Result, ...] = ()
    gap: Gap | None = None
    oracle_gap: Gap | None = None
    relative: Mapping[str, float] = field(default_factory=dict)
    """Cost over Retrain's: flops, seconds."""
    best: bool = False
    tie: bool = False
    noise: bool = False

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(sorted({pair_of(run) for run in self.runs}))

    def values(self, name: str, pairs: Sequence[Pair] = ()) -> np.ndarray:
        """(pairs,), float64: a measure or a cost, averaged over unlearning seeds; NaN where it was
        not measured."""
        found: dict[Pair, list[float]] = {}
        for run in self.runs:
            value = run.values.get(name, run.cost.get(name, float("nan")))
            found.setdefault(pair_of(run), []).append(float(value))
        return np.array([np.mean(found[pair]) for pair in pairs or self.pairs])

    def matrix(self, names: Sequence[str], pairs: Sequence[Pair]) -> np.ndarray:
        """(pairs, measures)."""
        return np.array([self.values(name, pairs) for name in names]).T

    def mean(self, name: str) -> float:
        return intervals.mean(self.values(name))

    def std(self, name: str) -> float:
        return intervals.std(self.values(name))

    def half(self, name: str) -> float:
        return intervals.half(self.values(name))


@dataclass(frozen=True)
class Lack:
    """A cell of a study without a finished run. reason: why it failed; "" if it has not run."""

    cell: Cell
    reason: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of one block: Original, Retrain, then in the study's order; that order is no ranking.

    over: the measures of the average gap. unpaired: (row, pair) without a Retrain. lacks: cells
    without a finished run.
    """

    block: Block
    rows: tuple[Row, ...]
    over: tuple[str, ...] = GAP
    unpaired: tuple[tuple[str, Pair], ...] = ()
    lacks: tuple[Lack, ...] = ()

    def row(self, label: str) -> Row | None:
        return next((row for row in self.rows if row.label == label), None)

    @property
    def retrain(self) -> Row | None:
        return self.row("retrain")

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(sorted({pair for row in self.rows for pair in row.pairs}))

    @property
    def complete(self) -> bool:
        """Whether each run has a Retrain of its own."""
        return not self.unpaired


def tables(
    results: Iterable[Result],
    order: Sequence[str] = (),
    lacks: Iterable[Lack] = (),
    over: tuple[str, ...] = GAP,
    blocks: Iterable[Block] = (),
) -> list[Table]:
    """A table per block; the order of the results does not matter.

    order, blocks: names of rows, and blocks, as the study has them; others stand behind by name.
    over: names of the measures that the average gap is taken over.
    """
    ranks = {block: place for place, block in enumerate(blocks)}
    found: dict[Block, list[Result]] = {}
    for result in results:
        found.setdefault(result.cell.block, []).append(result)
    missing = list(lacks)
    for lack in missing:
        found.setdefault(lack.cell.block, [])
    return [
        _table(block, found[block], order, [x for x in missing if x.cell.block == block], over)
        for block in sorted(found, key=lambda one: (ranks.get(one, len(ranks)), str(one)))
    ]


def pair_of(run: Result) -> Pair:
    return run.cell.split_seed, run.cell.train_seed


def _table(
    block: Block,
    results: list[Result],
    order: Sequence[str],
    lacks: list[Lack],
    over: tuple[str, ...],
) -> Table:
    rows = _rows(results)
    ranks = {name: place for place, name in enumerate((*UNRANKED, *order))}
    rows.sort(key=lambda row: (ranks.get(row.label, len(ranks)), row.label))
    retrain = next((row for row in rows if row.label == "retrain"), None)
    known = retrain.pairs if retrain else ()
    unpaired = [
        (row.label, pair)
        for row in rows
        if row.label not in UNRANKED
        for pair in row.pairs
        if pair not in known
    ]
    if retrain is not None:
        rows = [_compared(row, retrain, over) for row in rows]
    lacks.sort(key=lambda one: (one.cell.row, one.cell.split_seed, one.cell.train_seed))
    return Table(block, tuple(marked(rows)), over, tuple(unpaired), tuple(lacks))


def _compared(row: Row, retrain: Row, over: Sequence[str]) -> Row:
    """The row with its gaps, and its cost relative to Retrain's."""
    relative = {
        name: row.mean(name) / retrain.mean(name)
        for name in ("flops", "seconds")
        if retrain.mean(name) > 0
    }
    if row is retrain:
        return replace(row, relative=relative)
    twins = Row(row.label, row.oracle)
    oracle = gap(twins, retrain, over) if row.oracle else None
    return replace(row, gap=gap(row, retrain, over), oracle_gap=oracle, relative=relative)


def _rows(results: list[Result]) -> list[Row]:
    """Runs by row. A run of the oracle epoch joins the row of the run that it is a twin of."""
    found: dict[str, tuple[list[Result], list[Result]]] = {}
    plain = [run for run in results if run.cell.job.select != "oracle"]
    for run in plain:
        found.setdefault(run.cell.row, ([], []))[0].append(run)
    for run in results:
        if run.cell.job.select == "oracle":
            job = last_epoch(run.cell.job)
            twins = [x for x in plain if pair_of(x) == pair_of(run) and x.cell.job == job]
            if twins:
                found[twins[0].cell.row][1].append(run)
            else:
                found.setdefault(run.cell.row, ([], []))[0].append(run)
    return [
        Row(name, tuple(sorted(runs, key=_seeds)), tuple(sorted(oracle, key=_seeds)))
        for name, (runs, oracle) in found.items()
    ]


def last_epoch(job: Job) -> Job:
    """The same run, and those before it, with the last epoch taken instead of a chosen one."""
    parent = last_epoch(job.parent) if job.parent else None
    return replace(job, select="none", retrain=None, parent=parent)


def _seeds(run: Result) -> tuple[int, int, int, str]:
    return run.cell.split_seed, run.cell.train_seed, run.cell.unlearn_seed, run.address
