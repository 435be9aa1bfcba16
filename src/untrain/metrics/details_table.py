"""`Details` as text, Markdown or plain values."""

from __future__ import annotations

import math
import shutil
from typing import Any

from untrain.metrics.details import Details, Line
from untrain.metrics.estimate import Estimate


def text(made: Details, width: int | None = None, glossary: bool = True) -> str:
    """Aligned columns under the heading of each group; columns that do not fit are stacked."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    lines = [made.title] * bool(made.title)
    for columns in _fitting(made, width):
        table = _aligned(_grid(made, columns))
        rule = "-" * max(map(len, table))
        lines += ["", table[0], rule]
        group = ""
        for row, line in zip(made.rows, table[1:], strict=True):
            if row.measure.group != group:
                group = row.measure.group
                lines += [""] * (row is not made.rows[0]) + [group]
            lines.append(line)
    return "\n".join([*lines, "", *sentences(made, glossary)])


def sentences(made: Details, glossary: bool = True) -> list[str]:
    """What stands below the table: readings, notes, and what each row means, group by group."""
    told: list[str] = []
    for row in made.rows if glossary else []:
        one = row.measure
        if one.group not in told:
            told.append(one.group)
        if "/" not in one.name:
            goal = f" Goal: {one.goal}." if one.goal else ""
            told.append(f"{one.short}: {one.definition}.{goal}")
    return [*made.readings, *made.notes, *told]


def markdown(made: Details) -> str:
    """A Markdown table a group, with the sentences below."""
    lines = [f"### {made.title}", ""] * bool(made.title)
    group = ""
    for row, (name, *cells) in zip(made.rows, _grid(made, made.columns)[1:], strict=True):
        if row.measure.group != group:
            group = row.measure.group
            lines += [""] * bool(lines and lines[-1]) + [f"**{group}**", ""]
            lines += ["| | " + " | ".join([*_heads(made, made.columns), "goal"]) + " |"]
            lines += ["|" + "---|" * (len(made.columns) + 2)]
        label = ("&nbsp;" * 2 if name.startswith(" ") else "") + name.strip()
        lines.append(f"| {label} | " + " | ".join([*cells, row.measure.goal]) + " |")
    return "\n".join([*lines, "", *(f"- {one}" for one in sentences(made))])


def values(made: Details) -> dict[str, Any]:
    """Everything for JSON; the floor of a measure against Retrain is Retrain's own cell."""
    rows = {}
    for row in made.rows:
        one = row.measure
        told = {"short": one.short.strip(), "group": one.group, "goal": one.goal}
        cells = {label: _pair(cell) for label, cell in row.cells.items()}
        rows[one.name] = {**told, "definition": one.definition, "values": cells}
    return {
        "title": made.title,
        "columns": made.columns,
        "seeds": made.seeds,
        "measures": rows,
        "readings": made.readings,
        "notes": made.notes,
        "tables": made.tables,
    }


def _pair(cell: Estimate) -> dict[str, float | None]:
    return {"value": _plain(cell.value), "error": _plain(cell.error)}


def _plain(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def cell(row: Line, label: str) -> str:
    """Value ± standard error; "-" where there is none."""
    value, error = row.cells[label]
    if not math.isfinite(value):
        return "-"
    digits, least = row.measure.digits, 10.0**-row.measure.digits
    if row.measure.name.endswith("_p") and value < least:
        return f"<{least:.{digits}f}"
    shown = f"{value:.{digits}f}"
    shown = shown.removeprefix("-") if float(shown) == 0 else shown
    return shown + (f"±{error:.{digits}f}" if math.isfinite(error) else "")


def _heads(made: Details, columns: list[str]) -> list[str]:
    several = any(count > 1 for count in made.seeds.values())
    return [f"{name} (n={made.seeds[name]})" if several else name for name in columns]


def _grid(made: Details, columns: list[str]) -> list[list[str]]:
    rows = [[row.measure.short, *(_cell(made, row, one) for one in columns)] for row in made.rows]
    return [["measure", *_heads(made, columns)], *rows]


def _cell(made: Details, row: Line, label: str) -> str:
    theory = made.tables.get(label, {}).get("theorem")
    vacuous = row.measure.name == "bound" and theory and theory["vacuous"]
    return "vacuous" if vacuous else cell(row, label)


def _fitting(made: Details, width: int) -> list[list[str]]:
    """The columns in blocks that fit; Retrain's, the floor, stands in each."""
    floor = [one for one in ("retrain",) if one in made.columns]
    blocks: list[list[str]] = [[]]
    for one in made.columns:
        if one in floor and len(blocks) > 1:
            continue
        wider = [*blocks[-1], one]
        if len(blocks[-1]) > len(floor) and len(_aligned(_grid(made, wider))[0]) > width:
            blocks.append([*floor, one])
        else:
            blocks[-1] = wider
    return blocks


def _aligned(grid: list[list[str]]) -> list[str]:
    widths = [max(len(line[place]) for line in grid) for place in range(len(grid[0]))]
    return [
        "  ".join(
            one.ljust(width) if place == 0 else one.rjust(width)
            for place, (one, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in grid
    ]
