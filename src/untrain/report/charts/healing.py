"""What comes back: levels over passes of healing, and the time that relearning takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.charts.attack import CHOSEN, FAINT
from untrain.report.charts.legend import key
from untrain.report.charts.lines import row_dash
from untrain.report.charts.palette import INSIDE, Scales
from untrain.report.charts.spec import SIGNED, spec

MOST = 100.0
"""Points that two accuracies differ by at most."""
Rows = Sequence[Mapping[str, Any]]


def curves(
    rows: Rows, looks: Scales, limit: float, rates: Sequence[str], first: str = ""
) -> dict[str, Any]:
    """Forgotten minus unseen, in points, over passes on retained images.

    Parameters: `rate`; `who`, a label that stands out beside Retrain, "" for all; first: the one at
    the beginning.
    rows: who, rate, epoch, level, forget, unseen in percent. limit: points around 0 that pass; 0
    where none is known; not drawn where all that there can be would pass.
    """
    import altair as alt

    own = looks.only(list(dict.fromkeys(row["who"] for row in rows)))
    legend = alt.Legend(**key(own.labels, orient="bottom"))
    rate = alt.param(name="rate", value=rates[0])
    who = alt.param(name="who", value=first)
    seen = {"test": CHOSEN, "value": 1}
    opacity = alt.OpacityValue(FAINT, condition=seen)
    base = alt.Chart(alt.InlineData(values=list(rows))).transform_filter("datum.rate == rate")
    last = max(row["epoch"] for row in rows)
    x = alt.X(
        "epoch:Q",
        title="passes over retained images alone",
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(tickMinStep=1, format="d"),
    )
    y = alt.Y("level:Q", title="forgotten minus unseen, points", axis=alt.Axis(labelExpr=SIGNED))
    color = alt.Color(
        "who:N", scale=alt.Scale(domain=own.labels, range=own.colors), title=None, legend=legend
    )
    dash = alt.StrokeDash(**row_dash(own, own.labels, "who"))
    shape = alt.Shape(
        "who:N", scale=alt.Scale(domain=own.labels, range=own.shapes), title=None, legend=legend
    )
    tooltip = [
        alt.Tooltip("who:N", title="model"),
        alt.Tooltip("epoch:Q", title="passes"),
        alt.Tooltip("level:Q", title="points", format="+.1f"),
        alt.Tooltip("forget:Q", title="accuracy, forgotten %", format=".1f"),
        alt.Tooltip("unseen:Q", title="accuracy, unseen %", format=".1f"),
    ]
    inside = (
        alt.Chart(alt.InlineData(values=[{"low": -limit, "high": limit}]))
        .mark_rect(**INSIDE)
        .encode(y="low:Q", y2="high:Q", tooltip=alt.value(f"inside of the limit, ±{limit:.1f}"))
    )
    goal = (
        alt.Chart(alt.InlineData(values=[{"at": 0}]))
        .mark_rule(opacity=0.6)
        .encode(y="at:Q", tooltip=alt.value("a model that never saw them"))
    )
    lines = base.mark_line(strokeWidth=2).encode(
        x=x, y=y, color=color, strokeDash=dash, opacity=opacity
    )
    dots = base.mark_point(filled=True, size=60).encode(
        x=x, y=y, color=color, shape=shape, opacity=opacity, tooltip=tooltip
    )
    shown = goal + lines + dots
    drawn = (inside + shown if 0 < limit < MOST else shown).add_params(rate, who)
    return spec(drawn.properties(width="container", height=280))


def times(rows: Rows, looks: Scales, fast: float, slow: float) -> dict[str, Any]:
    """Time to relearn forgotten images over that of new ones, with 95 % intervals.

    rows: who, ratio, low, high, told. fast, slow: between them passes.
    """
    import altair as alt

    own = looks.only([str(row["who"]) for row in rows])
    base = alt.Chart(alt.InlineData(values=list(rows)))
    y = alt.Y("who:N", sort=own.labels, title=None)
    low = min([fast, *(row["low"] for row in rows if row["low"] is not None)])
    high = max([slow, *(row["high"] for row in rows if row["high"] is not None)])
    scale = alt.Scale(domain=[low - 0.05, high + 0.05], nice=False, zero=False)
    x = alt.X("ratio:Q", title="time, forgotten / new images", scale=scale)
    color = alt.Color("who:N", scale=alt.Scale(domain=own.labels, range=own.colors), legend=None)
    shape = alt.Shape("who:N", scale=alt.Scale(domain=own.labels, range=own.shapes), legend=None)
    tooltip = [alt.Tooltip("who:N", title="model"), alt.Tooltip("told:N", title="relearning")]
    inside = (
        alt.Chart(alt.InlineData(values=[{"from": fast, "to": slow}]))
        .mark_rect(**INSIDE)
        .encode(x="from:Q", x2="to:Q", tooltip=alt.value(f"inside, {fast} to {slow}"))
    )
    goal = (
        alt.Chart(alt.InlineData(values=[{"at": 1}]))
        .mark_rule(opacity=0.6)
        .encode(x="at:Q", tooltip=alt.value("as fast as new ones"))
    )
    spans = base.mark_rule(strokeWidth=1.5).encode(x="low:Q", x2="high:Q", y=y, color=color)
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=x, y=y, color=color, shape=shape, tooltip=tooltip
    )
    drawn = inside + goal + spans + dots
    return spec(drawn.properties(width="container", height=28 * len(rows)))
