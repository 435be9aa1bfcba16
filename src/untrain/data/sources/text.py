"""Tables of text: csv and tsv files, and JSON lines, as columns of strings."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from untrain.data.pixels.decode import shown
from untrain.errors import MISSING, UserError
from untrain.files import read_text

SIGNS = ",;\t|"
"""What may stand between cells."""
HEAD = 100_000
"""Signs of a file among which the end of its first line is."""
Columns = dict[str, list[str]]


def read_table(path: Path, where: str) -> Columns:
    """The columns of a csv, tsv or jsonl file, whose first line (of jsonl: each) names them.

    The sign between cells is the one that the first line has most of. Space around cells is
    dropped, and so are columns without a name.
    Raises UserError if the file is not there, is no such text, or its rows differ in length.
    """
    text = _text(path, where)
    if path.suffix.lower() == ".jsonl":
        return _of_json(text, path, where)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UserError(f"{path.name} is empty.", where, "Give a line of names and rows below it.")
    sign = "\t" if path.suffix.lower() == ".tsv" else _sign(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=sign))
    except csv.Error as error:
        what = f"{path.name} is not a readable csv file: {error}."
        raise UserError(what, where, "Export it again.") from error
    return _columns([[c.strip() for c in row] for row in rows if any(map(str.strip, row))], where)


def _sign(text: str) -> str:
    """The sign that the first line has most of, outside of quotes."""
    bare = re.sub(r'"(?:[^"]|"")*"', "", text[:HEAD]).lstrip("\r\n ")
    return max(SIGNS, key=bare.partition("\n")[0].count)


def _text(path: Path, where: str) -> str:
    if not path.is_file():
        what = f"{path} is a folder." if path.is_dir() else f"No file {path}."
        raise UserError(what, where, "Check the path.", MISSING)
    return read_text(path, where, "Export it again, as text in UTF-8.")


def _columns(rows: Sequence[Sequence[str]], where: str) -> Columns:
    heading, body = rows[0], rows[1:]
    twice = [name for name, count in Counter(filter(None, heading)).items() if count > 1]
    if twice:
        what = f"{len(twice)} columns have a name that another one has: {shown(twice)}."
        raise UserError(what, where, "Give each column a name of its own.")
    long = [str(at) for at, row in enumerate(body, 2) if any(row[len(heading) :])]
    if long:
        what = f"{len(long)} rows have more cells than the first line has names: row {shown(long)}."
        raise UserError(what, where, "Put text that holds the sign between cells into quotes.")
    full = [[*row[: len(heading)], *[""] * (len(heading) - len(row))] for row in body]
    return {name: [row[at] for row in full] for at, name in enumerate(heading) if name}


def _of_json(text: str, path: Path, where: str) -> Columns:
    """Values that are neither text nor numbers are left out."""
    rows, bad = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            rows.append({k: v for k, v in row.items() if isinstance(v, str | int | float | bool)})
        else:
            bad.append(str(number))
    if bad or not rows:
        what = f"{len(bad)} lines of {path.name} are no JSON objects: {shown(bad)}."
        what = what if bad else f"{path.name} is empty."
        raise UserError(what, where, 'Write one {"file_name": ...} per line.')
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [str(row.get(name, "")) for row in rows] for name in names}
