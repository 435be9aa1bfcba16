"""What was measured of several models of a block together: `untrain.joint` keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from untrain.bench.job import Block
from untrain.bench.numbers.statistics import Table
from untrain.joint.kept import best
from untrain.report.reading.runs import Folder


def joined(tables: Iterable[Table], folders: Mapping[str, Folder]) -> dict[Block, dict[str, Any]]:
    """Joint measures by block, where there are any. folders: runs by address."""
    found: dict[Block, dict[str, Any]] = {}
    for table in tables:
        runs = [(row.label, run) for row in table.rows for run in row.runs]
        if not runs:
            continue
        rows = {str(run.about["checkpoints"]["child"]): label for label, run in runs}
        asked = dict.fromkeys(folders[run.address].rules for _, run in runs)  # spellings of one
        homes = [run for label, run in runs if label == "retrain"]
        homes += [run for label, run in runs if label == "original"]
        kept = (
            best(folders[home.address].joints, rules, rows)
            for home in homes
            for rules in (asked or [runs[0][1].cell.rules])
        )
        content = next(filter(None, kept), None)
        if content is not None:
            found[table.block] = dict(content)
    return found
