"""What a page says, before it is HTML: sections of sentences, figures and tables.

Sections are pure functions of a `Report`; the page, the dashboard and the export render what they
return. Nothing here is markup: every text is shown as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.grid import Grid
from untrain.report.data import Report

Spec = dict[str, Any]
"""A Vega-Lite chart as JSON. It holds its data, no colour of text or background (the page's theme
has them), and no width in pixels unless it draws cells."""


@dataclass(frozen=True)
class Control:
    """A choice above a chart, which sets a parameter of its spec.

    signal: the parameter's name. options: value -> what the reader sees; the first is chosen.
    kind: buttons side by side, or a list to choose from.
    """

    signal: str
    label: str
    options: Mapping[str, str]
    kind: Literal["buttons", "list"] = "buttons"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart, and the table of what it shows.

    key: unique on the page, a file name without suffix. title: what is drawn, in a few words.
    description: what one would say to somebody who cannot see it; becomes the aria-label.
    specs: one chart, or several side by side that share controls and the hovered image (parameter
    `focus`, the key of an image, where a spec has it). captions: of each chart, where there are
    several. table: the data behind it. canvas: drawn as pixels, for thousands of points.
    static: also kept as a drawing in the page, for readers without JavaScript. datasets: rows that
    several specs share, by the name that a spec has as its data.
    """

    key: str
    title: str
    description: str
    specs: Sequence[Spec]
    table: Grid
    captions: Sequence[str] = ()
    controls: Sequence[Control] = ()
    canvas: bool = False
    static: bool = False
    datasets: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """How a cell is shown: text, what it is sorted by, how it is set, a shade in [0, 1] by its
    distance to the goal, and what stands there on hovering or focus."""

    text: str
    sort: float | str | None = None
    style: Literal["", "best", "second", "muted"] = ""
    shade: float | None = None
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table that is content itself: sortable, with single runs behind each row.

    head: names of the columns; hints: what each column is. rows: cells, the first one the row's
    name. first: how many rows stay on top whatever it is sorted by. opened: below a row, by its
    number, the lines of its single runs, as many cells each. notes: sentences below.
    """

    key: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Mark]]
    hints: Sequence[str] = ()
    first: int = 0
    opened: Mapping[int, Sequence[Sequence[Mark]]] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Names and values, as a list of definitions; code: values are set as code, with a button that
    copies them. folded: behind its title until it is opened."""

    key: str
    title: str
    pairs: Sequence[tuple[str, str]]
    code: bool = False
    folded: bool = False


@dataclass(frozen=True)
class Word:
    """A verdict in one word, with its reasons. tone: never shown by colour alone."""

    who: str
    word: str
    tone: Literal["good", "bad", "open"]
    reasons: Sequence[str] = ()


@dataclass(frozen=True)
class Verdicts:
    """Verdicts side by side."""

    key: str
    words: Sequence[Word]


@dataclass(frozen=True)
class Missing:
    """Something that was not run: what, why it matters or is not there, and the command for it."""

    what: str
    why: str
    command: str = ""


Part = Figure | Sheet | Facts | Verdicts | Missing


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a section says of one block. sentence: the answer with its number, generated."""

    sentence: str
    parts: Sequence[Part]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A question of the reader. key: its anchor. answer: of one block, None where the question
    does not arise (a single request has no sequence). reading: how to read it, two lines."""

    key: str
    question: str
    reading: str
    answer: Callable[[Report, Table], Answer | None]
