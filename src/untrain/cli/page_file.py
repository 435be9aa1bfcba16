"""The file of a page: what draws it, where it may be written, and that it is whole or absent."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from untrain.config import path_of
from untrain.errors import MISSING, UserError

if TYPE_CHECKING:
    from untrain.report.content import Section
    from untrain.report.data import Report

NEEDED = ("altair", "vl_convert", "jinja2")
"""What draws a page: the extra `report`."""
OWN = b'<meta name="generator" content="untrain'
"""What the first bytes of a report hold."""
HEAD = 4096
"""Bytes of a file in which that is looked for."""


def installed(where: str) -> None:
    """Raise UserError (3) if the drawing libraries are not there. where: the verb."""
    from untrain.doctor.packages import INSTALL

    lost = [name for name in NEEDED if find_spec(name) is None]
    if lost:
        what = f"Pages are drawn with {', '.join(lost)}, which is not installed."
        raise UserError(what, where, INSTALL["report"], MISSING)


def target(word: str) -> Path:
    """Where the page is written. Raises UserError if that would destroy something else."""
    if not word.strip():
        raise UserError("--out is empty.", "--out", "Name a file: -o report.html")
    path = path_of(word)
    path = path / "report.html" if path.is_dir() else path
    if path.suffix.lower() not in (".html", ".htm"):
        what = f"{path.name} is no name of a web page."
        raise UserError(what, "--out", "Let it end in .html; --export FOLDER writes other forms.")
    path = linked(path)
    if path.is_dir():
        raise UserError(f"{path} is a folder.", "--out", "Name a file.")
    if path.is_file() and path.stat().st_size and OWN not in _head(path):
        what = f"{path} is there already, and is no report of untrain."
        raise UserError(what, "--out", "Name another file: -o FILE.html")
    return path


def linked(path: Path) -> Path:
    """The file that a link leads to: it is written, and the link stays."""
    if not path.is_symlink():
        return path
    try:
        found = path.resolve()
    except (OSError, RuntimeError):
        found = path
    if found.is_symlink():
        raise UserError(f"{path} is a link that leads to itself.", "--out", "Name a file.")
    return found


def exported(word: str) -> Path | None:
    """The folder of --export; None if it was not asked for."""
    path = path_of(word) if word else None
    if path is not None and path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file.", "--export", "Name a folder.")
    return path


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror or error}."
        raise UserError(what, "--out", "Name another file.", MISSING) from error


def write(out: Path, report: Report, sections: Sequence[Section]) -> None:
    """The page, whole or not at all."""
    from untrain.files import atomic
    from untrain.report.page import render

    text = render(report, sections)
    with atomic(out) as draft:
        draft.write_text(text, encoding="utf-8")
