"""The tests of one model: how far each lies from its goal, in units of what it was allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.charts import palette
from untrain.report.charts.legend import key
from untrain.report.charts.spec import SIGNED, spec

WORDS = {"pass": "passed", "open": "not shown", "fail": "failed"}
SHAPES = ("circle", "diamond", "cross")
COLORS = (palette.ACCENT, palette.GREY, "#d55e00")
FURTHEST = 12.0
"""Limits beyond which an interval is cut off."""


def tests(rows: Sequence[Mapping[str, Any]], first: str) -> dict[str, Any]:
    """Dots with 95 % intervals, a test per line; the shaded part is inside of the limit.

    rows: who, test, state (a key of WORDS), x, low, high in units of the limit, and told, the
    value as text. first: whose tests are shown at first; parameter `who` chooses.
    """
    import altair as alt

    legend = alt.Legend(**key(list(WORDS.values())))
    order = list(dict.fromkeys(row["test"] for row in rows))
    who = alt.param(name="who", value=first)
    values = [{**row, "state": WORDS[row["state"]]} for row in rows]
    base = alt.Chart(alt.InlineData(values=values)).transform_filter("datum.who == who")
    y = alt.Y("test:N", sort=order, title=None, axis=alt.Axis(labelLimit=150, grid=False))
    x = alt.X(
        "x:Q",
        title="distance from its goal, in limits",
        scale=alt.Scale(type="symlog", constant=1, domain=[-FURTHEST, FURTHEST], clamp=True),
        axis=alt.Axis(values=[-10, -3, -1, 0, 1, 3, 10], labelExpr=SIGNED, tickCount=9),
    )
    tooltip = [
        alt.Tooltip("test:N", title="test"),
        alt.Tooltip("told:N", title="value"),
        alt.Tooltip("state:N", title="result"),
    ]
    names = list(WORDS.values())
    color = alt.Color(
        "state:N", scale=alt.Scale(domain=names, range=list(COLORS)), title=None, legend=legend
    )
    shape = alt.Shape(
        "state:N", scale=alt.Scale(domain=names, range=list(SHAPES)), title=None, legend=legend
    )
    limit = (
        alt.Chart(alt.InlineData(values=[{"from": -1, "to": 1}]))
        .mark_rect(**palette.INSIDE)
        .encode(x=alt.X("from:Q"), x2="to:Q", tooltip=alt.value("inside of the limit"))
    )
    goal = (
        alt.Chart(alt.InlineData(values=[{"at": 0}]))
        .mark_rule(strokeDash=[6, 4], color=palette.ACCENT)
        .encode(x="at:Q")
    )
    spans = base.mark_rule(strokeWidth=1.5).encode(
        x=alt.X("low:Q"), x2="high:Q", y=y, color=color, tooltip=tooltip
    )
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=x, y=y, color=color, shape=shape, tooltip=tooltip
    )
    drawn = (limit + goal + spans + dots).add_params(who)
    return spec(drawn.properties(width="container", height=28 * len(order)))
