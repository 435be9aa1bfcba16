"""Any two runs of a report side by side, or some, with the Original and Retrains of their set."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Table, pair_of, tables
from untrain.bench.numbers.ties import UNRANKED
from untrain.report.data import Report, shown


def beside(report: Report, address: str) -> str | None:
    """The address of the Retrain that a run is compared with; None where there is none.

    Of the same split and training seed, or else of the split, or any.
    """
    for table in report.tables:
        for run in _runs(table):
            if run.address == address:
                found = _retrain(table, run)
                return found.address if found else None
    return None


def picked(report: Report, addresses: Sequence[str]) -> Report:
    """The report of these runs alone, in the blocks that hold most of them.

    Runs of one row are told apart by their seeds. Originals and Retrains of the set are added:
    without them nothing says what is near. Raises KeyError for an unknown run.
    """
    wanted = list(dict.fromkeys(addresses))
    known = {run.address for table in report.tables for run in _runs(table)}
    for address in wanted:
        if address not in known:
            raise KeyError(address)
    most = max(_hits(table, wanted) for table in report.tables)
    made = [_of(table, wanted) for table in report.tables if _hits(table, wanted) == most]
    runs = [run for table in made for row in table.rows for run in row.runs]
    named = {run.address: shown(run.cell.row) for run in runs}
    names = [named[address] for address in wanted]
    paths = [report.places.get(one, one) for one in dict.fromkeys(run.address for run in runs)]
    return replace(
        report,
        title=" beside ".join(names) if len(names) < 3 else f"{len(names)} of: {report.title}",
        about=report.title,
        command=shlex.join(["untrain", "report", *paths]),
        tables=tuple(made),
        thumbnails={},
    )


def _runs(table: Table) -> list[Result]:
    return [run for row in table.rows for run in (*row.runs, *row.oracle)]


def _hits(table: Table, wanted: Sequence[str]) -> int:
    return len({run.address for run in _runs(table)} & set(wanted))


def _of(table: Table, wanted: Sequence[str]) -> Table:
    """The table of these runs."""
    runs = {run.address: run for run in _runs(table)}
    chosen = [runs[address] for address in wanted if address in runs]
    order, seen, told = [row.label for row in table.rows], set[str](), []
    for run in reversed(chosen):  # the last of a row keeps its name: it is what others stand beside
        told.append(_apart(run) if run.cell.row in seen else run)
        seen.add(run.cell.row)
    told += _around(table, chosen)
    found_tables = tables(told, order, (), table.over)
    assert len(found_tables) == 1, "all runs are of one block"
    return found_tables[0]


def _around(table: Table, chosen: Sequence[Result]) -> list[Result]:
    """The other Originals and Retrains of the set, so that gaps and floor are those of its report;
    none of a label of which two were chosen, which are to be told apart."""
    labels = [run.cell.label for run in chosen]
    rows = [row for row in table.rows if row.label in UNRANKED and labels.count(row.label) < 2]
    return [run for row in rows for run in row.runs if run not in chosen]


def _apart(run: Result) -> Result:
    """The run in a row of its own, named by its seeds."""
    cell = run.cell
    seeds = {"seed": cell.train_seed}
    if cell.split_seed:
        seeds["split"] = cell.split_seed
    if cell.unlearn_seed != cell.train_seed:
        seeds["unlearning seed"] = cell.unlearn_seed
    return replace(run, cell=replace(cell, settings={**cell.settings, **seeds}))


def _retrain(table: Table, run: Result) -> Result | None:
    """The Retrain that is nearest in seeds."""
    others = [one for one in (table.retrain.runs if table.retrain else ()) if one is not run]
    ranked = sorted(others, key=lambda one: (_far(one, run), one.address))
    return ranked[0] if ranked else None


def _far(one: Result, run: Result) -> tuple[bool, bool]:
    return pair_of(one)[0] != pair_of(run)[0], pair_of(one) != pair_of(run)
