"""The forms in which tables are printed: text, TSV in a pipe, Markdown, LaTeX, CSV, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.errors import UserError

if TYPE_CHECKING:
    from untrain.bench.tables.grid import Grid

SWITCHES = ("--md", "--tex", "--csv", "--json")


@dataclass(frozen=True, kw_only=True)
class Forms:
    """How tables are printed: as text, and as tab-separated values where the output is piped."""

    md: bool = False
    """Print Markdown."""
    tex: bool = False
    """Print LaTeX; it takes the packages booktabs and graphicx."""
    csv: bool = False
    """Print CSV: of the main table a line for each run, with every value in full."""
    json: bool = False
    """Print everything as JSON."""

    def __post_init__(self) -> None:
        asked = [f"--{form.name}" for form in fields(Forms) if getattr(self, form.name)]
        if len(asked) > 1:
            what = f"{' and '.join(asked)} are {len(asked)} forms."
            raise UserError(what, asked[1], "Ask for one; --out FOLDER writes all of them.")


def emit(grids: Sequence[Grid], forms: Forms) -> None:
    """Print tables in a form; in a pipe their notes go to stderr."""
    from untrain.bench.tables.delimited import comma, tsv
    from untrain.bench.tables.latex import latex
    from untrain.bench.tables.markdown import markdown
    from untrain.bench.tables.text import text
    from untrain.progress import say

    if forms.csv:
        print(comma(grids))
    elif forms.tex:
        print("\n\n".join(map(latex, grids)))
    elif forms.md or sys.stdout.isatty():
        print("\n\n".join(map(markdown if forms.md else text, together(grids))))
    else:
        print(tsv(grids))
        for grid in together(grids):
            say("\n".join([*[grid.title] * bool(grid.title), *grid.notes]))


def together(grids: Sequence[Grid]) -> list[Grid]:
    """The same with the notes that all of several tables share once, behind the last one."""
    if len(grids) < 2:
        return list(grids)
    shared = [note for note in grids[0].notes if all(note in one.notes for one in grids[1:])]
    own = [[note for note in grid.notes if note not in shared] for grid in grids]
    own[-1] += shared
    return [replace(grid, notes=notes) for grid, notes in zip(grids, own, strict=True)]


def plain(grids: Sequence[Grid]) -> list[dict[str, Any]]:
    """Tables for JSON, cells as they are printed."""
    return [
        {"title": grid.title, "head": grid.head, "rows": grid.rows, "notes": grid.notes}
        for grid in grids
    ]


def write(folder: Path, shown: Sequence[Grid], content: Any, rows: str) -> None:
    """All forms at once, as files of a folder. rows: the CSV of all runs, "" for none.

    Raises UserError where the folder cannot be written.
    """
    from untrain.bench.tables.latex import latex
    from untrain.bench.tables.markdown import markdown
    from untrain.files import atomic
    from untrain.progress import say

    files = {
        "table.md": "\n\n".join(map(markdown, together(shown))),
        "table.tex": "\n\n".join(map(latex, shown)),
        "table.json": json.dumps(content, indent=2, ensure_ascii=False),
        **({"results.csv": rows} if rows else {}),
    }
    if folder.is_file():
        raise UserError(f"{folder} is a file.", "--out", "Name a folder.")
    for name, text in files.items():
        with atomic(folder / name) as draft:
            draft.write_text(text + "\n", encoding="utf-8")
    say(f"table: written to {folder} ({', '.join(files)})")
