"""Differences of rows between two sets of results, as a forest of intervals around 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.charts.legend import key
from untrain.report.charts.palette import GREY
from untrain.report.charts.spec import SIGNED, spec

STATES = {"beyond the noise": "#d55e00", "within the noise": "#0072b2", "too few seeds": GREY}
SHAPES = ("cross", "circle", "diamond")


def forest(rows: Sequence[Mapping[str, Any]], measures: Mapping[str, str]) -> dict[str, Any]:
    """rows: who, measure, state (a key of STATES), mean, low, high, told.

    measures: those that parameter `measure` chooses from, the first at first.
    """
    import altair as alt

    legend = alt.Legend(**key(list(STATES)))
    order = list(dict.fromkeys(row["who"] for row in rows))
    measure = alt.param(name="measure", value=next(iter(measures)))
    base = alt.Chart(alt.InlineData(values=list(rows)))
    base = base.transform_filter("datum.measure == measure")
    y = alt.Y("who:N", sort=order, title=None)
    names = list(STATES)
    colors = alt.Scale(domain=names, range=list(STATES.values()))
    color = alt.Color("state:N", scale=colors, title=None, legend=legend)
    shape = alt.Shape(
        "state:N", scale=alt.Scale(domain=names, range=list(SHAPES)), title=None, legend=legend
    )
    tooltip = [
        alt.Tooltip("who:N", title="row"),
        alt.Tooltip("told:N", title="difference"),
        alt.Tooltip("state:N", title="result"),
    ]
    x = alt.X("mean:Q", title="second less first", axis=alt.Axis(labelExpr=SIGNED))
    none = alt.Chart(alt.InlineData(values=[{"at": 0}]))
    zero = none.mark_rule(strokeDash=[6, 4], opacity=0.6).encode(x="at:Q")
    spans = base.mark_rule(strokeWidth=1.5).encode(x="low:Q", x2="high:Q", y=y, color=color)
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=x, y=y, color=color, shape=shape, tooltip=tooltip
    )
    drawn = (zero + spans + dots).add_params(measure)
    return spec(drawn.properties(width="container", height=28 * len(order)))
