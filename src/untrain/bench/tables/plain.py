"""A table's statistics as plain values for JSON; what is not a number is null."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from untrain.bench.numbers.counterparts import beside
from untrain.bench.numbers.paper import Paper, Printed
from untrain.bench.numbers.statistics import Gap, Pair, Row, Table
from untrain.bench.tables.main import Look, shown_metrics
from untrain.bench.tables.remarks import notes, title
from untrain.bench.tables.settings import settings


def values(table: Table, look: Look) -> dict[str, Any]:
    """Everything of a table, every value in full precision."""
    printed = beside(table, look.paper, look.tables) if look.paper else {}
    metrics = {
        m.name: {"short": m.short, "goal": m.goal, "definition": m.definition}
        for m in shown_metrics(table)
    }
    rows = [
        _row(row, table, look) | _beside(printed.get(row.label), look.paper)
        for row in table.rows
        if look.shows(row.label)
    ]
    lacks = [
        {"row": lack.cell.row, "pair": list(_pair(lack.cell)), "reason": lack.reason}
        for lack in table.lacks
    ]
    block = {"data": table.block.data, "model": table.block.model, "forget": table.block.forget}
    return {
        "title": title(table),
        "block": block,
        "gap_over": list(table.over),
        "metrics": metrics,
        "rows": rows,
        "missing": lacks,
        "notes": notes(table, look, printed),
    }


def _row(row: Row, table: Table, look: Look) -> dict[str, Any]:
    names = sorted({name for run in row.runs for name in (*run.values, *run.cost)})
    return {
        "row": row.label,
        "pairs": [list(pair) for pair in row.pairs],
        "runs": [run.address for run in row.runs],
        "settings": settings(row.runs[0].cell.job, look.preset),
        "values": {name: [finite(v) for v in row.values(name)] for name in names},
        "mean": {name: finite(row.mean(name)) for name in names},
        "std": {name: finite(row.std(name)) for name in names},
        "half_interval": {name: finite(row.half(name)) for name in names},
        "gap": _gap(row.gap),
        "gap_oracle_epoch": _gap(row.oracle_gap),
        "relative": {name: finite(value) for name, value in row.relative.items()},
        "marks": {"best": row.best, "tie": row.tie, "noise": row.noise},
    }


def _gap(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    told = {f.name: finite(getattr(gap, f.name)) for f in fields(gap) if f.name != "pairs"}
    pairs = [{"pair": list(pair), "gap": finite(value)} for pair, value in gap.pairs.items()]
    return told | {"pairs": pairs}


def _beside(row: Printed | None, paper: Paper | None) -> dict[str, Any]:
    """The printed row, its gap recomputed, and what does not add up in it."""
    if row is None or paper is None:
        return {}
    found = {
        "paper": paper.name,
        "table": row.table,
        "mean": row.mean,
        "std": row.std,
        "gap_printed": row.gap,
        "gap": finite(paper.recomputed(row)),
        "relative_flops": finite(paper.cost(row)),
        "flag": paper.flag(row),
    }
    return {"printed": found}


def _pair(cell: Any) -> Pair:
    return cell.split_seed, cell.train_seed


def finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
