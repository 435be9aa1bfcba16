"""Folders of runs that no study lists: what belongs together is found from their records."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from untrain.bench.job import Block, Cell, Result
from untrain.bench.numbers.statistics import GAP, Lack, tables
from untrain.bench.numbers.ties import UNRANKED
from untrain.errors import MISSING, Problems, UserError
from untrain.report.data import Report
from untrain.report.naming import titled
from untrain.report.reading import mismatch
from untrain.report.reading.joined import joined
from untrain.report.reading.portable import PLACE, addresses, ended, outside, portable, typed
from untrain.report.reading.runs import Folder, Placed, opened, warned
from untrain.report.reading.sets import blocks_of, settings_of
from untrain.report.reading.standins import job_of
from untrain.runs.record import SchemaError

UNMEASURED = "it is not measured yet: untrain report measures it where the images are at hand"


def read(paths: Sequence[Path], named: Sequence[Path], warnings: Sequence[str] = ()) -> Report:
    """paths: folders of runs. named: what the reader has named.

    Raises UserError if none can be read, or nothing was forgotten in any of them.
    """
    folders, notes = whole(paths)
    placed = placed_in(folders)
    if not placed:
        only = ", ".join(sorted({folder.path.name for folder in folders}))
        raise UserError(
            f"Nothing was forgotten in {only}: there is nothing to compare.",
            where=", ".join(map(str, named)),
            fix="Name an unlearned run or a Retrain as well, or the folder that holds them all.",
        )
    names = addresses([folder.path for folder in folders], named)
    results: list[Result] = []
    lacks: list[Lack] = []
    for one in placed:
        result = one.folder.result(one.cell, names[one.folder.path])
        if result is None:
            lacks.append(Lack(one.cell, UNMEASURED))
        else:
            results.append(result)
    if not results:
        raise unmeasured(named, warned(one.folder for one in placed))
    blocks = list(dict.fromkeys(one.cell.block for one in placed))
    made = tables(results, order_of(placed), lacks, GAP, blocks)
    known = {names[folder.path]: folder for folder in folders}
    joint = joined(made, known)
    words = ["untrain", "report", *(typed(place) for place in named)]
    return Report(
        title=titled(blocks),
        source=", ".join(portable(place) for place in named),
        command=shlex.join(words),
        about=mismatch.apart(placed),
        ended=ended(folder.run for folder in folders),
        tables=tuple(made),
        joint=joint,
        measurable=any(one.measurable for one in folders),
        places={name: _typed(name, known[name].path) for name in known},
        warnings=tuple(
            dict.fromkeys([*warnings, *notes, *warned(folders), *mismatch.told(placed, made)])
        ),
    )


def _typed(address: str, path: Path) -> str:
    """An address as a path to copy; one of two that would be alike keeps its number."""
    return f"{PLACE}/{address}" if outside(path) else address


def unmeasured(named: Sequence[Path], notes: Sequence[str]) -> UserError:
    """Nothing can be compared yet. notes: what is wrong with measures that are there."""
    what = f"None of the runs in {', '.join(map(str, named))} is measured yet."
    if notes:
        lines = "".join(f"\n  {note}" for note in notes)
        what = f"No measure of the runs in {', '.join(map(str, named))} can be read.{lines}"
    fix = (
        "Measure them where their images are, without --measure none: "
        "untrain report RESULTS --data-root FOLDER"
    )
    return UserError(what, "RESULTS", fix, MISSING)


def whole(paths: Sequence[Path]) -> tuple[list[Folder], list[str]]:
    """The runs that can be read, and what is wrong with the others.

    Raises UserError if one is of another version, or all are damaged.
    """
    found: list[Folder] = []
    broken, old, notes = Problems(), Problems(), []
    for path in paths:
        try:
            folder = opened(path)
        except SchemaError as problem:
            old.add(problem)
            continue
        except UserError as problem:
            broken.add(problem)
            state = "is not finished" if problem.code == MISSING else "cannot be read"
            notes.append(f"{path.name} {state}: {problem.what}")
            continue
        twin = next((one for one in found if _same(one, folder)), None)
        if twin is None:
            found.append(folder)
        else:
            notes.append(f"{path.name} is the same model as {twin.name}; it counts once.")
    old.raise_all()
    if not found:
        broken.raise_all()
    return found, notes


def _same(one: Folder, other: Folder) -> bool:
    return (one.weights, one.label, one.rules) == (other.weights, other.label, other.rules)


def placed_in(folders: Sequence[Folder]) -> list[Placed]:
    """Each run in its block; an Original in the block of each request of its images and network."""
    seeds = {folder.weights: int(folder.run["config"]["seed"]) for folder in folders}
    found: list[Placed] = []
    for block, rules, members in blocks_of(folders):
        for folder, settings in settings_of(members):
            found.append(Placed(folder, _cell(folder, block, rules, settings, seeds)))
    return found


def _cell(
    folder: Folder,
    block: Block,
    rules: tuple[str, ...],
    settings: dict[str, Any],
    seeds: dict[str, int],
) -> Cell:
    """Its training seed is that of the Original that it began with, where that is here."""
    config, checkpoints = folder.run["config"], folder.run["checkpoints"]
    own = int(config["seed"])
    root = str(checkpoints.get("root", checkpoints.get("parent", "")) or "")
    return Cell(
        block=block,
        label=folder.label,
        job=job_of(folder.run),
        rules=rules,
        split_seed=int(config["data"].get("split_seed", 0)),
        train_seed=seeds.get(root, own) if root else own,
        unlearn_seed=own,
        settings=settings,
    )


def order_of(placed: Sequence[Placed]) -> list[str]:
    """Rows by name; numbers in settings by their value."""
    rows = {one.cell.row: one.cell for one in placed if one.cell.label not in UNRANKED}

    def rank(cell: Cell) -> list[Any]:
        values = [
            (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))
            for value in cell.settings.values()
        ]
        return [cell.label, values]

    return sorted(rows, key=lambda name: rank(rows[name]))
