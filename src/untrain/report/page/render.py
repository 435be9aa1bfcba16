"""The page: one HTML file with its data and scripts; the same report gives the same bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from untrain.report.content import (
    Facts,
    Figure,
    Mark,
    Missing,
    Part,
    Section,
    Sheet,
    Verdicts,
)
from untrain.report.data import Report
from untrain.report.page import assets, figures, glossary, header, outcomes
from untrain.report.page.bundle import bundle, packed
from untrain.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

KINDS = {
    Figure: "figure",
    Sheet: "sheet",
    Facts: "facts",
    Verdicts: "verdicts",
    Missing: "missing",
}
"""The template of each kind of part."""
SHORT = 32
"""Signs of a cell that is no text."""
NUMBER = re.compile(r"[^\w]*\d")


def render(report: Report, sections: Sequence[Section]) -> str:
    """The report as HTML. It holds all that it needs, and fetches nothing."""
    tolds = header.told(report, sections)
    own = assets.script()
    answers = [answer for one in tolds for _, _, answer in one.answers]
    drawn = any(isinstance(part, Figure) for answer in answers for part in answer.parts)
    library = bundle() if drawn else ""
    page = environment().get_template("page.html.j2")
    return page.render(
        report=report,
        tolds=tolds,
        blocks=header.blocks(report, tolds),
        thumbnails=[(key, _picture(png)) for key, png in report.thumbnails.items()],
        style=Markup(assets.style()),
        library=packed() if library else "",
        script=Markup(own),
        policy=assets.policy([library, own] if library else [own]),
        version=__version__,
    )


def environment() -> Environment:
    """Templates in which every text is escaped, and a name that is missing is an error.

    Keys of parts are made unique on the page: the second of a name gets a number.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("untrain.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"unique": Names(), "kind": kind, "figures": figures}
    made.globals |= {"grouped": outcomes.grouped}
    made.filters |= {"shade": shade, "together": together, "worded": worded}
    made.filters |= {"glossed": glossary.glossed}
    return made


class Names:
    """Gives each key once: `a`, then `a-2`."""

    def __init__(self) -> None:
        self.given: set[str] = set()

    def __call__(self, key: str) -> str:
        name, number = key, 1
        while name in self.given:
            number += 1
            name = f"{key}-{number}"
        self.given.add(name)
        return name


def kind(part: Part) -> str:
    return KINDS[type(part)]


def shade(value: float) -> str:
    """How strong a cell's hue is, in percent; never so strong that its text is hard to read."""
    return f"{round(40 * min(max(value, 0.0), 1.0))}%"


def together(text: str) -> str:
    """A cell that breaks only before what stands in brackets, unless it is a text."""
    if " " not in text or len(text) > SHORT:
        return text
    whole = Markup('<span class="whole">{}</span>')
    return Markup(" ").join(whole.format(part) for part in re.split(r" (?=[(\[])", text))


def worded(rows: Sequence[Sequence[str | Mark]]) -> list[int]:
    """Columns of words, which are set from the left as numbers are from the right."""
    texts = [[one.text if isinstance(one, Mark) else one for one in row] for row in rows]
    columns = enumerate(zip(*texts, strict=True))
    return [place for place, column in columns if not any(NUMBER.match(text) for text in column)]


def _picture(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()
