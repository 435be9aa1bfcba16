"""A grid as aligned plain text. Digits are never cut: what is too wide is stacked."""

from __future__ import annotations

import shutil

from untrain.bench.tables.grid import Grid

GAP = "  "


def text(grid: Grid, width: int | None = None) -> str:
    """Title, table, notes. Columns that do not fit beside each other stand in further tables below,
    each with the first column; where even one does not fit, each row is a list."""
    width = width or shutil.get_terminal_size((120, 24)).columns
    lines = [*([grid.title] if grid.title else [])]
    for block in blocks(grid, width):
        lines += ["", *block]
    return "\n".join([*lines, *([""] if grid.notes else []), *grid.notes])


def blocks(grid: Grid, width: int) -> list[list[str]]:
    """The lines of each table, none of them wider than the width where that is possible."""
    whole = [grid.head, *grid.rows]
    widths = [max(len(line[place]) for line in whole) for place in range(len(grid.head))]
    parts: list[list[int]] = []
    room = width
    for place in range(1, len(widths)):
        needed = len(GAP) + widths[place]
        if not parts or needed > room:
            parts.append([])
            room = width - widths[0]
        if needed > room:
            return [stacked(grid, row) for row in grid.rows]
        parts[-1].append(place)
        room -= needed
    return [aligned(whole, widths, (0, *part)) for part in parts or [[]]]


def aligned(whole: list[list[str]], widths: list[int], places: tuple[int, ...]) -> list[str]:
    lines = [
        GAP.join(
            line[place].ljust(widths[place]) if place == 0 else line[place].rjust(widths[place])
            for place in places
        ).rstrip()
        for line in whole
    ]
    rule = "-" * max(map(len, lines))
    return [lines[0], rule, *lines[1:]]


def stacked(grid: Grid, row: list[str]) -> list[str]:
    """A row as its name, with a line for each column that it has a value in."""
    wide = max(map(len, grid.head[1:]), default=0)
    pairs = zip(grid.head[1:], row[1:], strict=True)
    return [row[0], *(f"{GAP}{name.ljust(wide)}{GAP}{cell}" for name, cell in pairs if cell)]
