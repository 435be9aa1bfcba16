"""What a reader must know where runs do not belong together, or something of a set is not there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from untrain.bench.numbers.statistics import Table
from untrain.bench.numbers.ties import UNRANKED
from untrain.bench.tables.remarks import numbers
from untrain.report.naming import titled
from untrain.report.reading.runs import Placed
from untrain.report.reading.sets import kind_of


def told(placed: Sequence[Placed], tables: Sequence[Table]) -> list[str]:
    """Sentences; none where all is well."""
    found: list[str] = []
    for table in tables:
        members = [one for one in placed if one.cell.block == table.block]
        found += [*_lineage(members), *_requests(members), *_retrains(members, table)]
    return found


def apart(placed: Sequence[Placed]) -> str:
    """Runs of different images are never compared; "" where all are of the same."""
    if len({kind_of(one.folder)[0] for one in placed}) < 2:
        return ""
    return (
        "The requests are of different images or of different parts of them: each stands by "
        "itself, and numbers of one are not comparable to those of another."
    )


def _lineage(members: Sequence[Placed]) -> Iterator[str]:
    """Methods that began with another model than any Original here."""
    originals = {one.folder.weights for one in members if one.folder.label == "original"}
    lost = []
    for one in members:
        checkpoints = one.folder.run["checkpoints"]
        root = checkpoints.get("root", checkpoints.get("parent"))
        if originals and root and root not in originals:
            lost.append(one.folder.name)
    if lost:
        yield (
            f"{', '.join(sorted(lost))} began with another model than the Original that stands "
            "here: the rows are not of one lineage."
        )


def _requests(members: Sequence[Placed]) -> Iterator[str]:
    """One rule that has come to different images."""
    chosen: dict[int, set[str]] = {}
    for one in members:
        if one.folder.rules:
            keys = str(one.folder.run["split"].get("forget", {}).get("keys", ""))
            chosen.setdefault(one.cell.split_seed, set()).add(keys)
    if any(len(keys) > 1 for keys in chosen.values()):
        block = members[0].cell.block
        yield (
            f"{titled([block])}: runs have forgotten different images under one rule. Their files "
            "or lists have changed in between, and their numbers are not comparable."
        )


def _retrains(members: Sequence[Placed], table: Table) -> Iterator[str]:
    """Without a Retrain there is no gap; of several settings it is no single goal."""
    retrains = [one.folder.run for one in members if one.folder.label == "retrain"]
    rules = members[0].cell.rules if members else ()
    told = ["RULE" if "sha256:" in rule else shlex.quote(rule) for rule in rules]
    asked = " ".join(f"--forget {rule}" for rule in told)
    if not retrains:
        yield (
            f"No Retrain for {titled([table.block])}: gaps cannot be computed. Train it with the "
            f"settings of the Original: untrain train {asked} --out runs/retrain"
        )
    elif table.unpaired and any(row.label not in UNRANKED for row in table.rows):
        seeds = sorted({train for _, (_, train) in table.unpaired})
        yield (
            f"No Retrain of training seed {numbers(seeds)} for {titled([table.block])}: paired "
            f"gaps leave {'it' if len(seeds) == 1 else 'them'} out. Train it: untrain train "
            f"{asked} --seed {seeds[0]} --out runs/retrain-{seeds[0]}"
        )
    epochs = {run["config"]["method"].get("epochs") for run in retrains}
    if len(epochs) > 1:
        listed = ", ".join(sorted(map(str, epochs)))
        yield f"Retrains of {titled([table.block])} were trained for different epochs: {listed}."
