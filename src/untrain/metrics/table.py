"""An audit as text, Markdown, TSV or plain values. Digits are never cut: narrow screens stack."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from typing import Any

from untrain.metrics.audit import Audit, Metric, Row

Column = tuple[str, str, Callable[[Row], str]]
"""Header, goal, and the cell of a row."""


def text(audit: Audit, width: int | None = None, glossary: bool = True) -> str:
    """Aligned plain text, in two tables if the screen is under the needed width; the columns of
    single requests are a third."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    columns = _columns(audit)
    grid = _grid(audit, columns)
    blocks = [grid]
    if len(_aligned(grid)[0]) > width:
        cut, names = 1 + len(audit.metrics[:4]), grid[0]
        single = [place for place, name in enumerate(names) if name.startswith("UA ")]
        others = [place for place in range(cut, len(names)) if place not in single]
        blocks = [
            [[line[place] for place in (0, *chosen)] for line in grid]
            for chosen in (range(1, cut), others, single)
            if chosen
        ]
    lines = [audit.title] * bool(audit.title)
    for block in blocks:
        table = _aligned(block)
        lines += ["", *table[:2], "-" * max(map(len, table)), *table[2:]]
    return "\n".join([*lines, "", *sentences(audit, glossary)])


def sentences(audit: Audit, glossary: bool = True) -> list[str]:
    """What stands below the table: surprising rows, notes, and what each column means."""
    remarks = [f"{row.label}: {row.remark}" for row in audit.rows if row.remark]
    return [*remarks, *audit.notes, *(_glossary(audit) if glossary else [])]


def markdown(audit: Audit) -> str:
    """A Markdown table with the sentences below it."""
    grid = _grid(audit, _columns(audit))
    rows = ["| " + " | ".join(line) + " |" for line in grid]
    rows.insert(1, "|" + "---|" * len(grid[0]))
    below = [f"- {sentence}" for sentence in sentences(audit)]
    title = [f"### {audit.title}", ""] * bool(audit.title)
    return "\n".join([*title, *rows, "", *below])


def tsv(audit: Audit) -> str:
    """Tab-separated values for pipes, header first, without the row of goals."""
    grid = _grid(audit, _columns(audit))
    return "\n".join("\t".join(line) for line in (grid[0], *grid[2:]))


def values(audit: Audit) -> dict[str, Any]:
    """Everything as plain values for JSON; what is not a number is null."""
    rows = [
        {
            "label": row.label,
            "seeds": row.seeds,
            "values": {name: [_plain(v) for v in many] for name, many in row.values.items()},
            "mean": {name: _plain(row.mean(name)) for name in row.values},
            "std": {name: _plain(row.std(name)) for name in row.values},
            "interval": {name: _plain(row.interval(name)) for name in row.values},
            "gap": {name: _plain(value) for name, value in row.gap.items()},
            "remark": row.remark,
        }
        for row in audit.rows
    ]
    metrics = {
        m.name: {"short": m.short, "goal": m.goal, "definition": m.definition}
        for m in audit.metrics
    }
    return {"title": audit.title, "metrics": metrics, "rows": rows, "notes": audit.notes}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return None if value is None or not math.isfinite(value) else round(float(value), 6)


def _columns(audit: Audit) -> list[Column]:
    columns = [_measure(metric) for metric in audit.metrics]
    if any("average" in row.gap for row in audit.rows):
        columns.append(("gap", "0", _gap))
        columns.append(("floor", "", lambda row: _number(row.gap.get("floor"), 2)))
    if any("relative_flops" in row.values for row in audit.rows):
        columns.append(("FLOPs", "low", lambda row: _number(row.mean("relative_flops"), 2, "x")))
    if any("seconds" in row.values for row in audit.rows):
        columns.append(("seconds", "low", lambda row: _number(row.mean("seconds"), 1)))
    return columns


def _measure(metric: Metric) -> Column:
    def cell(row: Row) -> str:
        mean, std = row.mean(metric.name), row.std(metric.name)
        spread = f"±{std:.{metric.digits}f}" if math.isfinite(std) else ""
        return _number(mean, metric.digits) + spread

    return metric.short, metric.goal, cell


def _gap(row: Row) -> str:
    low, high = row.gap.get("interval", (math.nan, math.nan))
    spread = f" [{low:.2f}, {high:.2f}]" if math.isfinite(low + high) else ""
    return _number(row.gap.get("average"), 2) + spread


def _number(value: float | None, digits: int, unit: str = "") -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}{unit}"


def _grid(audit: Audit, columns: list[Column]) -> list[list[str]]:
    """Header, goals, and a line per row; the first column is the label with its seeds."""
    head = [["model", *(c[0] for c in columns)], ["(goal)", *(c[1] for c in columns)]]
    seeds = any(len(row.seeds) > 1 for row in audit.rows)
    for row in audit.rows:
        label = f"{row.label} (n={len(row.seeds)})" if seeds else row.label
        head.append([label, *(c[2](row) for c in columns)])
    return head


def _aligned(grid: list[list[str]]) -> list[str]:
    widths = [max(len(line[place]) for line in grid) for place in range(len(grid[0]))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in grid
    ]


def _glossary(audit: Audit) -> list[str]:
    lines = [f"{m.short}: {m.definition}. Goal: {m.goal}." for m in audit.metrics]
    if any("average" in row.gap for row in audit.rows):
        lines.append(
            "gap: |mean - Retrain's mean| averaged over RA, UA, TA and MIA, in points. "
            "floor: what two groups of Retrains of these sizes differ by; below it, no difference "
            "can be seen. Brackets: 95 % over seeds (bootstrap)."
        )
    if any("seconds" in row.values for row in audit.rows):
        lines.append(
            "FLOPs, seconds: of making the model, training only; FLOPs relative to Retrain."
        )
    return lines
