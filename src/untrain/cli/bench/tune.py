"""`untrain bench tune STUDY`: choose each method's values from a tuning study, as a recipe."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from untrain.cli.bench.asked import Asked, parsed
from untrain.config import path_of
from untrain.errors import Problems, UserError
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.bench.asking.study import Study
    from untrain.bench.job import Cell
    from untrain.bench.kept.results import Standing


@dataclass(frozen=True, kw_only=True)
class TuneOptions:
    """What the word itself takes."""

    out: str = ""
    """File that the recipe is written to, as mine.toml; without it the trials are printed alone."""
    reporting: Annotated[str, tyro.conf.arg(name="for")] = ""
    """Study that is to report with these values: its seeds and split seeds must be others."""


def run(args: list[str]) -> int:
    problems = Problems()
    about = """Choose for each method of a tuning study the combination of smallest average gap to
    Retrain on val, print all trials, and write the values as a recipe with their evidence."""
    given = parsed(args, "tune", about, problems, options=TuneOptions)
    problems.raise_all()
    asked: Asked = given.asked
    options: TuneOptions = given.options
    out = problems.attempt(target, options.out)
    order = replace(asked, only=(*asked.rows, "retrain") if asked.rows else ()).order()
    study, cells = order.read()
    problems.add(*unfit(study, cells, options.reporting, asked.size))
    problems.raise_all()
    command = shlex.join(["untrain", "bench", "tune", *args])
    conclude(study, standing_of(study, cells, order.store), out, command, options.reporting)
    return 0


def target(out: str) -> Path | None:
    """The file to write; None if none is named. Raises UserError if it is no TOML file."""
    if not out:
        return None
    path = path_of(out)
    if path.is_dir() or path.suffix != ".toml":
        what = f"--out {out} is {'a folder' if path.is_dir() else 'no TOML file'}."
        raise UserError(what, "--out", "Name a file, such as mine.toml.")
    return path


def unfit(study: Study, cells: Sequence[Cell], reporting: str, size: str) -> list[UserError]:
    """Why nothing may be chosen from a study: it is no tuning study, or reports its own seeds."""
    from untrain.bench.asking.study import Study
    from untrain.bench.choosing.fairness import overlaps

    found = []
    if not study.choosing:
        fix = "Choose from a tuning study, one with choosing = true: untrain bench list"
        what = f"{study.name} is no tuning study: what it shows is reported."
        found.append(UserError(what, study.file, fix))
    if not reporting:
        say("The seeds are not compared with those of a study that reports: name it with --for.")
        return found
    problems = Problems()
    other = problems.attempt(Study.load, reporting, size)
    found += problems.found
    return found + (overlaps(cells, other.cells(), other.name) if other else [])


def standing_of(study: Study, cells: Sequence[Cell], store: Path) -> Standing:
    """What the store holds of the study."""
    from untrain.bench.kept.plans import Place
    from untrain.bench.kept.results import standing
    from untrain.bench.kept.store import Store

    place = Place.at(Store(store).open(write=False), look=False)
    return standing(cells, ("accuracy",), place, study.evaluate_seeds)


def conclude(study: Study, found: Standing, out: Path | None, command: str, reporting: str) -> None:
    """Choose, print the trials, write the recipe."""
    from untrain.bench.choosing.chosen import grid, recipe
    from untrain.bench.choosing.tune import choose
    from untrain.bench.numbers.statistics import Lack
    from untrain.bench.tables.text import text
    from untrain.recipes.writing import write

    lacks = [Lack(cell, found.reasons.get(address, "")) for cell, address, _ in found.others]
    choices = choose(found.results, lacks, study.name)
    print(text(grid(choices, found.results, study.title)))
    if out is None:
        return
    about = {"command": command, "date": f"{datetime.now(UTC):%Y-%m-%d}", "for": reporting}
    write(out, recipe(choices, found.results, study, **about))
    print(f"\nThe values are in {out}. Take them with --recipe {out}.")
