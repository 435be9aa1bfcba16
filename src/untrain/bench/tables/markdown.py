"""A grid as Markdown, to paste into an issue or a page."""

from __future__ import annotations

import re

from untrain.bench.tables.grid import Grid

MARKUP = re.compile(r"([\\`*_<>|#]|\[(?![-+]?\d)|\](?=[(\[]))")


def markdown(grid: Grid) -> str:
    """Title as a heading, the table, notes as a list; markup in names is taken literally."""
    lines = ["| " + " | ".join(map(escaped, line)) + " |" for line in (grid.head, *grid.rows)]
    lines.insert(1, "|---|" + "---:|" * (len(grid.head) - 1))
    title = [f"### {escaped(grid.title)}", ""] if grid.title else []
    notes = ["", *(f"- {escaped(note)}" for note in grid.notes)] if grid.notes else []
    return "\n".join([*title, *lines, *notes])


def escaped(text: str) -> str:
    """The same text with what Markdown or HTML would read as markup taken literally."""
    text = " ".join(text.split("\n"))
    lead = len(text) - len(text.lstrip(" "))
    return "&nbsp;" * lead + MARKUP.sub(r"\\\1", text.lstrip(" "))
