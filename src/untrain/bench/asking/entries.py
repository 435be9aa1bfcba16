"""The [[methods]] of a study file: a row for each method and each point of its grid."""

from __future__ import annotations

from dataclasses import replace

from untrain.bench.asking.asked import read_entry
from untrain.bench.asking.defaults import Usual, defaults, tuned_by
from untrain.bench.asking.document import Document
from untrain.bench.asking.rows import rows_of
from untrain.bench.asking.study import Entry
from untrain.errors import Problems, UserError

FIXED = ("original", "retrain")
"""Rows that every study has."""


def entries(doc: Document, usual: Usual, problems: Problems) -> list[Entry]:
    """All rows. usual: what the study gives to entries that say nothing else."""
    listed = doc.tree.get("methods", [])
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        fix = "Write [[methods]] above each of them, and below it: name = ..."
        problems.add(UserError("'methods' is no list of tables.", doc.where("methods"), fix))
        return []
    if not listed:
        fix = 'Add one: [[methods]], and below it name = "coun".'
        problems.add(UserError("The study names no method.", doc.where(), fix))
    rows: list[Entry] = []
    for number, table in enumerate(listed):
        asked = read_entry(doc, ("methods", number), table, problems)
        if asked is not None:
            below = defaults(asked, usual, problems)
            made = rows_of(asked, below, problems)
            rows += [replace(row, tuned=tuned_by(asked, usual)) for row in made]
    _check_rows(rows, problems)
    return rows


def _check_rows(rows: list[Entry], problems: Problems) -> None:
    """No two rows have one name."""
    first: dict[tuple[str, str], Entry] = {}
    for row in rows:
        told = ", ".join(f"{name} {value}" for name, value in row.settings.items())
        other = first.setdefault((row.label, told), row)
        fix = 'Give one of them a label of its own: label = "...".'
        if row.label in FIXED:
            what = f"Every study has a row '{row.label}' already."
            problems.add(UserError(what, row.where, fix))
        elif other is not row:
            name = f"{row.label} ({told})" if told else row.label
            where = f"{row.where}; the other: {other.where}"
            problems.add(UserError(f"Two rows are called '{name}'.", where, fix))
