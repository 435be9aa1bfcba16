"""A report as files to work on with: runs as CSV, tables for issues and papers, figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untrain.bench.tables.delimited import long
from untrain.bench.tables.latex import latex
from untrain.bench.tables.main import Look
from untrain.bench.tables.main import grid as main_table
from untrain.bench.tables.markdown import markdown
from untrain.errors import UserError, unknown
from untrain.files import atomic
from untrain.progress import track
from untrain.report.answered import answered
from untrain.report.charts.theme import themed
from untrain.report.content import Figure, Section, Spec
from untrain.report.data import Report
from untrain.report.page.bundle import VEGALITE
from untrain.report.page.figures import filled

FORMS = ("csv", "md", "tex", "svg", "pdf")
INK, PAPER = "#1f2328", "#ffffff"
"""Text and ground of a figure in a paper."""
WIDTH = 560
"""Of a figure that fills its column on the page, in pixels."""


@dataclass(frozen=True)
class Drawing:
    """A chart on its way to files. name: without suffix."""

    name: str
    spec: Spec


def export(
    report: Report, sections: Sequence[Section], folder: Path, forms: Sequence[str] = FORMS
) -> list[Path]:
    """Write what a report says; the files that were written, in order.

    forms: csv, a line per run with every value (results.csv); md and tex, the main table
    (table.md, table.tex, for the package booktabs); svg and pdf, every chart (figures/), for each
    of its buttons, and of a list of choices the first.
    Files of the same names are written anew, others stay.
    Raises UserError for an unknown form, or where the folder cannot be written.
    """
    for form in forms:
        if form not in FORMS:
            raise unknown("form", form, FORMS)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file.", "--export", "Name a folder.")
    written = [
        _text(folder / name, make(report)) for form, name, make in TEXTS if form in forms
    ]  # before the figures, which take their time
    kinds = [form for form in ("svg", "pdf") if form in forms]
    found = list(drawings(report, sections)) if kinds else []
    todo = [(one, kind) for one in found for kind in kinds]
    for drawing, kind in track(todo, "figures", len(todo)):
        path = folder / "figures" / f"{drawing.name}.{kind}"
        with atomic(path) as draft:
            draft.write_bytes(_drawn(drawing.spec, kind))
        written.append(path)
    return written


def drawings(report: Report, sections: Sequence[Section]) -> Iterator[Drawing]:
    """Every chart in black on white, with a name of its own."""
    taken: set[str] = set()
    for table in report.tables:
        block = f"{_slug(str(table.block))}-" if len(report.tables) > 1 else ""
        for section in sections:
            answer = answered(section, report, table)
            for part in answer.parts if answer else ():
                if isinstance(part, Figure):
                    for name, spec in _panels(part):
                        yield Drawing(_free(f"{block}{name}", taken), spec)


def _panels(figure: Figure) -> Iterator[tuple[str, Spec]]:
    """The charts of a figure, named by their captions where there are several, and by what is
    chosen: of a list the first, of buttons each."""
    several = len(figure.specs) > 1
    for place, spec in enumerate(figure.specs):
        caption = figure.captions[place] if place < len(figure.captions) else str(place + 1)
        known = {one.get("name") for one in spec.get("params", ())}
        own = [control for control in figure.controls if control.signal in known]
        told = filled(caption, figure.controls) or str(place + 1)
        lists = [
            next(iter(one.options), "")
            for one in own
            if one.kind == "list" and not (several and f"{{{one.signal}}}" in caption)
        ]
        name = " ".join([figure.key, *([told] if several else []), *lists])
        yield _slug(name), light(spec, figure.datasets)
        for control in own:
            for option in list(control.options)[1:] if control.kind == "buttons" else ():
                chosen = light(_chosen(spec, control.signal, option), figure.datasets)
                yield _slug(f"{name} {option}"), chosen


def _chosen(spec: Spec, signal: str, option: str) -> Spec:
    """The chart with another choice."""
    params = [
        {**one, "value": option} if one.get("name") == signal else one for one in spec["params"]
    ]
    return {**spec, "params": params}


def light(spec: Spec, datasets: Mapping[str, Any]) -> Spec:
    """A chart as it is printed: of one width, dark on white, with all of its data."""
    made = themed(spec)
    made = {**made, "config": {**made["config"], "background": PAPER}}
    if made.get("width") == "container":
        made["width"] = WIDTH
    made["datasets"] = {**dict(datasets), **spec.get("datasets", {})}
    inked: Spec = json.loads(json.dumps(made).replace('"currentColor"', json.dumps(INK)))
    return inked


def _drawn(spec: Spec, kind: str) -> bytes:
    import vl_convert

    text = json.dumps(spec)
    if kind == "svg":
        return str(vl_convert.vegalite_to_svg(text, vl_version=VEGALITE)).encode()
    return bytes(vl_convert.vegalite_to_pdf(text, vl_version=VEGALITE))


def _csv(report: Report) -> str:
    return long(report.runs)


def _tables(report: Report, form: Callable[[Any], str]) -> str:
    look = Look(command=report.command)
    return "\n\n".join(form(main_table(table, look)) for table in report.tables)


TEXTS: tuple[tuple[str, str, Callable[[Report], str]], ...] = (
    ("csv", "results.csv", _csv),
    ("md", "table.md", lambda report: _tables(report, markdown)),
    ("tex", "table.tex", lambda report: _tables(report, latex)),
)


def _text(path: Path, text: str) -> Path:
    with atomic(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    return path


def _slug(name: str) -> str:
    """A name of letters, digits and dashes alone."""
    words = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in name.lower())
    return "-".join(words.split())[:80] or "figure"


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found
