"""`untrain bench table STUDY`: its table from what a store holds; nothing is trained."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from untrain.cli.bench.asked import USUAL, Asked, parsed
from untrain.cli.bench.forms import SWITCHES, Forms, emit, plain, write
from untrain.config import path_of
from untrain.errors import GATE, MISSING, Problems, UserError, unknown

if TYPE_CHECKING:
    from untrain.bench.asking.study import Study
    from untrain.bench.kept.results import Standing
    from untrain.bench.making.order import Order
    from untrain.bench.numbers.paper import Paper
    from untrain.bench.numbers.statistics import Table
    from untrain.bench.tables.grid import Grid
    from untrain.bench.tables.main import Look

MAIN = "main"


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """What the word itself takes."""

    what: str = MAIN
    """Which table: main; of other audits destination, centroids, lemma or agreement; or cost,
    sequence, ablation or frontier."""
    classes: tuple[str, ...] = ()
    """Forgotten classes that have a table of their own, with --what destination or centroids."""
    paper: str = ""
    """Set the printed rows of this paper below ours: coun; none: not even the study's own."""
    printed: bool = False
    """Print the paper's tables alone, their gaps recomputed from the printed means."""
    spread: Literal["std", "interval"] = "std"
    """Behind each mean: the standard deviation over seeds, or half its 95 % interval."""
    out: str = ""
    """Folder into which all forms are written: table.md, table.tex, table.json, results.csv."""


def run(args: list[str]) -> int:
    problems = Problems()
    about = """The table of a study from what its store holds: mean and spread over seeds, the gap
    to Retrain with its interval and floor, ties, cost. Nothing is trained."""
    switches = ("--printed", *SWITCHES)
    given = parsed(args, "table", about, problems, *switches, options=TableOptions, forms=Forms)
    options: TableOptions = given.options
    paper = problems.attempt(_paper, options.paper) if options.paper not in ("", "none") else None
    if options.what != MAIN:
        problems.attempt(_known, options.what)
    problems.raise_all()
    if options.printed:
        return _printed(given.asked, options, given.forms, paper)
    order = given.asked.order(only=())
    study, cells, _, found = order.standing()
    only = rows_of(cells, given.asked.rows)
    look = looked(study, options, paper, only, command(order, options))
    if not found.results:
        what = f"Nothing of {study.name} is finished in {order.store} yet."
        raise UserError(what, "--store", f"Make it: untrain bench run {order.study}", MISSING)
    return told(study, found, options, given.forms, look)


def called(study: Study) -> str:
    """What commands call the study: its name if it comes with untrain, else its file."""
    from untrain.bench.asking.document import FOLDER

    own = not study.file or Path(study.file).parent == FOLDER
    return study.name if own else shlex.quote(study.file)


def command(order: Order, options: TableOptions) -> str:
    """The command that prints the table again."""
    words = ["untrain", "bench", "table", order.study]
    words += ["--size", order.size] if order.size != "laptop" else []
    words += ["--store", str(order.store)] if str(order.store) != USUAL else []
    words += ["--what", options.what] if options.what != MAIN else []
    words += ["--paper", options.paper] if options.paper else []
    words += ["--spread", options.spread] if options.spread != "std" else []
    return shlex.join(words)


def show(order: Order, study: Study, found: Standing) -> int:
    """Print the main table as `untrain bench table` does; 4 if a run has no Retrain."""
    options = TableOptions()
    look = looked(study, options, None, (), command(order, options))
    return told(study, found, options, Forms(), look)


def told(study: Study, found: Standing, options: TableOptions, forms: Forms, look: Look) -> int:
    """Print what is asked for, and write it where a folder is named."""
    from untrain.bench.tables.main import grids

    made = tables_of(study, found)
    main = options.what == MAIN
    shown = grids(made, look) if main else other(study, found, options, look)
    content = values(made, look) if main else plain(shown)
    rows = long(found, look) if main else ""
    if options.out:
        write(path_of(options.out), shown, content, rows)
    if forms.json:
        print(json.dumps(content, indent=2, ensure_ascii=False))
    elif forms.csv and rows:
        print(rows)
    else:
        emit(shown, forms)
    return 0 if not main or all(table.complete for table in made) else GATE


def tables_of(study: Study, found: Standing) -> list[Table]:
    """The statistics of each block; of a tuning study on val alone."""
    from untrain.bench.choosing.tune import on_val
    from untrain.bench.numbers.statistics import Lack, tables

    results = [on_val(one) for one in found.results] if study.choosing else found.results
    lacks = [Lack(cell, found.reasons.get(address, "")) for cell, address, _ in found.others]
    cells = study.cells()
    order = dict.fromkeys(cell.row for cell in cells)
    return tables(results, list(order), lacks, blocks=dict.fromkeys(cell.block for cell in cells))


def looked(
    study: Study, options: TableOptions, paper: Paper | None, only: tuple[str, ...], made_by: str
) -> Look:
    """How the study's table is told; the paper is the study's own unless another is named."""
    from untrain.bench.numbers.paper import load, names
    from untrain.bench.tables.main import Look

    own = not options.paper and study.paper in names()
    notes = ("Measured on val: these numbers are for choosing, not for reporting.",)
    return Look(
        study=called(study),
        spread=options.spread,
        preset=study.preset,
        paper=load(study.paper) if own else paper,
        tables=study.tables if own else (),
        only=only,
        command=made_by,
        notes=notes if study.choosing else (),
    )


def _paper(name: str) -> Paper:
    from untrain.bench.numbers.paper import load

    return load(name)


def _known(what: str) -> None:
    from untrain.bench.tables.measured import WHAT

    if what not in WHAT:
        raise unknown("table", what, (MAIN, *WHAT))


def _printed(asked: Asked, options: TableOptions, forms: Forms, paper: Paper | None) -> int:
    """A paper's tables alone; those of a study where one is named."""
    from untrain.bench.numbers.paper import load
    from untrain.bench.tables.printed import printed

    tables: Sequence[int] = ()
    if asked.study:
        study, _ = asked.order(only=()).read()
        tables = study.tables
        paper = paper or (load(study.paper) if study.paper else None)
    if paper is None:
        fix = "Name it, or a study of it: untrain bench table --paper coun --printed"
        raise UserError("--printed needs a paper.", "--paper", fix)
    shown = printed(paper, tables)
    if options.out:
        write(path_of(options.out), shown, plain(shown), "")
    if forms.json:
        print(json.dumps(plain(shown), indent=2, ensure_ascii=False))
    else:
        emit(shown, forms)
    return 0


def rows_of(cells: Sequence[Any], only: Sequence[str]) -> tuple[str, ...]:
    """Names of the rows that are asked for; () is all. Raises UserError for one that is none."""
    from untrain.bench.making.order import chosen

    chosen(cells, only)
    named = [c for c in cells if {c.label, c.job.method.name} & {*only}]
    return tuple(dict.fromkeys(cell.row for cell in named))


def other(study: Study, found: Standing, options: TableOptions, look: Look) -> list[Grid]:
    """A table of another audit."""
    from untrain.bench.tables.measured import grids

    order = list(dict.fromkeys(cell.row for cell in study.cells()))
    results = [one for one in found.results if look.shows(one.cell.row)]
    paper = "" if options.paper == "none" else options.paper or study.paper
    shown = grids(options.what, results, order, options.classes, paper)
    made_by = [f"Made by: {look.command}"] if look.command else []
    return [replace(grid, notes=[*grid.notes, *made_by]) for grid in shown]


def values(made: Sequence[Table], look: Look) -> list[dict[str, Any]]:
    from untrain.bench.tables.plain import values as of

    return [of(table, look) for table in made]


def long(found: Standing, look: Look) -> str:
    """A line of CSV for each run."""
    from untrain.bench.tables.delimited import long as lines

    return lines([one for one in found.results if look.shows(one.cell.row)])
