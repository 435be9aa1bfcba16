"""A figure as the page holds it: charts as JSON, its table as CSV, and a drawing without script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from untrain.bench.tables.delimited import comma
from untrain.report.charts.theme import themed
from untrain.report.content import Control, Figure, Spec
from untrain.report.page.bundle import VEGALITE

WIDTH = 640
"""Of a drawing in the page, in pixels."""


@dataclass(frozen=True)
class Chart:
    """caption: above it, "" for none. label: what a screen reader says, in it `{signal}` where the
    choice of a control stands. json: the spec."""

    name: str
    caption: Markup
    label: str
    json: Markup


def charts(figure: Figure, name: str) -> list[Chart]:
    """The charts of a figure, in the looks of the page. name: unique on the page."""
    captions = list(figure.captions) + [""] * (len(figure.specs) - len(figure.captions))
    labels = [f"{one}: {figure.description}" if one else figure.description for one in captions]
    return [
        Chart(
            f"{name}-chart-{place}",
            living(captions[place - 1], figure.controls),
            labels[place - 1],
            embedded({**themed(spec), "description": filled(labels[place - 1], figure.controls)}),
        )
        for place, spec in enumerate(figure.specs, 1)
    ]


def filled(text: str, controls: Sequence[Control]) -> str:
    """The text with the first choice of a control in place of `{signal}`."""
    return _replaced(text, controls, lambda control, choice: choice)


def living(text: str, controls: Sequence[Control]) -> Markup:
    """The same as markup, in which the page's script keeps the name of what is chosen."""
    span = Markup('<span data-chosen="{}">{}</span>')
    return Markup(
        _replaced(str(Markup.escape(text)), controls, lambda c, t: span.format(c.signal, t))
    )


def _replaced(text: str, controls: Sequence[Control], told: Callable[[Control, str], str]) -> str:
    known = {
        f"{{{one.signal}}}": told(one, next(iter(one.options.values()), "")) for one in controls
    }
    if not known:
        return text
    return re.sub("|".join(map(re.escape, known)), lambda match: known[match[0]], text)


def embedded(value: Any) -> Markup:
    """JSON that can stand in a script element: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def csv(figure: Figure) -> str:
    """A link with the figure's table in it."""
    return "data:text/csv;charset=utf-8," + quote(comma([figure.table]) + "\n", safe=",:;()+/")


def drawing(figure: Figure, name: str) -> Markup:
    """The figure as SVG, for readers without JavaScript; its text has the colour of the page."""
    drawn = [
        _svg(json.dumps(_with_data(themed(spec), figure.datasets)), f"{name}-{place}")
        for place, spec in enumerate(figure.specs, 1)
    ]
    return Markup("\n").join(Markup(one) for one in drawn)


def _with_data(spec: Spec, datasets: Mapping[str, Any]) -> Spec:
    sized = {**spec, "width": WIDTH} if spec.get("width") == "container" else spec
    return {**sized, "datasets": {**dict(datasets), **spec.get("datasets", {})}}


@cache
def _svg(spec: str, name: str) -> str:
    import vl_convert

    text = str(vl_convert.vegalite_to_svg(spec, vl_version=VEGALITE))
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    return re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", text)
