"""`untrain bench compare STUDY A B`: two rows, or one study in two stores, paired by seed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from untrain.cli.bench.asked import Asked
from untrain.cli.bench.forms import SWITCHES, Forms, emit, plain
from untrain.cli.bench.table import tables_of
from untrain.cli.compose import flagged, parse
from untrain.config import path_of
from untrain.errors import MISSING, Problems, UserError, unknown

if TYPE_CHECKING:
    from untrain.bench.making.order import Order
    from untrain.bench.numbers.statistics import Table
    from untrain.bench.tables.grid import Grid

WORDS = ("--study", "--first", "--second")


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """What the word itself takes."""

    first: str = ""
    """A row, named as in the table. May stand without its flag, behind the study."""
    second: str = ""
    """The row that is taken from it."""
    against: str = ""
    """Another store (also: --with STORE), in which the same study was run: rows are compared with
    those of the same name there; two named rows across the stores."""


def run(args: list[str]) -> int:
    about = """The difference of two rows of a study, or of one study in two stores: every measure
    and the gap, paired by split and training seed, with 95 % intervals. Nothing is trained."""
    problems = Problems()
    args = ["--against" if arg == "--with" else arg for arg in args]
    args = [arg.replace("--with=", "--against=", 1) for arg in args]
    for flag in WORDS:
        if not any(arg == flag or arg.startswith(f"{flag}=") for arg in args):
            args = flagged(args, flag, *SWITCHES)
    parts: dict[str, type] = {"asked": Asked, "options": CompareOptions, "forms": Forms}
    given = parse(args, parts, problems, prog="untrain bench compare", about=about)
    problems.raise_all()
    options: CompareOptions = given.options
    order = given.asked.order(only=())
    if not options.first and not options.against:
        fix = f"Name two, as in the table: untrain bench compare {order.study} coun ft"
        raise UserError("The rows are missing.", "untrain bench compare", fix)
    if not options.second and not options.against:
        fix = "Name the other row, or another store: --with STORE"
        raise UserError(f"Only {options.first} is named.", "untrain bench compare", fix)
    shown = compared(order, options)
    if given.forms.json:
        print(json.dumps(plain(shown), indent=2, ensure_ascii=False))
    else:
        emit(shown, given.forms)
    return 0


def compared(order: Order, options: CompareOptions) -> list[Grid]:
    """A table for each block that holds what is asked for."""
    from untrain.bench.numbers.comparison import again
    from untrain.bench.numbers.comparison import compared as difference
    from untrain.bench.tables.differences import stores, two

    here = tables(order)
    away = here
    if options.against:
        away = tables(replace(order, store=path_of(options.against)))
    if not options.second:
        grids = []
        for one, other in both(here, away):
            found = again(one, other)
            if options.first:
                named(options.first, here)
                found = [row for row in found if row.first == options.first]
            if found:
                names = str(order.store), options.against
                grids.append(stores(str(one.block), found, *names))
        return finished(grids, order)
    named(options.first, here)
    named(options.second, away)
    grids = []
    for one, other in both(here, away):
        rows = one.row(options.first), other.row(options.second)
        if rows[0] is not None and rows[1] is not None:
            where = f" in {options.against}" if options.against else ""
            found_two = difference(rows[0], rows[1])
            told = replace(found_two, second=found_two.second + where)
            grids.append(two(str(one.block), told))
    return finished(grids, order)


def tables(order: Order) -> list[Table]:
    """The statistics of a study's finished runs."""
    study, _, _, found = order.standing()
    return tables_of(study, found)


def both(here: Sequence[Table], away: Sequence[Table]) -> list[tuple[Table, Table]]:
    """Tables of the same block."""
    blocks = {table.block: table for table in away}
    return [(table, blocks[table.block]) for table in here if table.block in blocks]


def named(row: str, made: Sequence[Table]) -> None:
    """Raise UserError if no finished row has this name."""
    names = list(dict.fromkeys(one.label for table in made for one in table.rows))
    several = [name for name in names if name.startswith(f"{row} (")]
    if several and row not in names:
        fix = f"Name one of them: {', '.join(several)}"
        raise UserError(f"'{row}' is {len(several)} rows.", "untrain bench compare", fix)
    if row not in names:
        raise unknown("row", row, names, f"Finished rows: {', '.join(names) or 'none'}")


def finished(grids: list[Grid], order: Order) -> list[Grid]:
    """Raise UserError if there is nothing to compare."""
    if not grids:
        what = "No block holds finished runs of both."
        raise UserError(what, "--store", f"Make them: untrain bench run {order.study}", MISSING)
    return grids
