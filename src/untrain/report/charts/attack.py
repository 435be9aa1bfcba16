"""ROC curves of an attacker: how many forgotten images it recognises, at how many false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from untrain.report.charts.legend import key
from untrain.report.charts.palette import GREY, Scales
from untrain.report.charts.spec import rounded, spec

POINTS = 60
"""Points of a drawn curve."""
LEAST = 1e-3
"""The lowest rate on logarithmic axes."""
CHOSEN = "who == '' || indexof([who, 'Original', 'Retrain'], datum.who) >= 0"
FAINT = 0.22
"""Opacity of lines that are not chosen."""


@dataclass(frozen=True)
class Curve:
    """The mean of several ROC curves. fpr, tpr, low, high: (POINTS,), rates in [0, 1]; low and
    high are the lowest and highest of all seeds."""

    label: str
    fpr: np.ndarray
    tpr: np.ndarray
    low: np.ndarray
    high: np.ndarray


def grid(points: int = POINTS) -> np.ndarray:
    """Rates at which curves are read: dense where false alarms are few, and to 1."""
    few = np.geomspace(LEAST, 0.1, points // 2, endpoint=False)
    return np.concatenate([[0.0], few, np.linspace(0.1, 1, points - points // 2 - 1)])


def at(fpr: np.ndarray, tpr: np.ndarray, where: np.ndarray) -> np.ndarray:
    """TPR at rates of false alarms, straight between measured points.

    Such a line is what an attacker has who chooses between its two ends by lot.
    """
    known = np.unique(np.append(fpr, 0.0))
    best = np.array([np.max(tpr[fpr == one], initial=0.0) for one in known])
    return np.asarray(np.interp(where, known, np.maximum.accumulate(best)))


def mean(label: str, curves: Sequence[tuple[np.ndarray, np.ndarray]]) -> Curve:
    """The mean over seeds, at one grid of rates."""
    where = grid()
    read = np.stack([at(fpr, tpr, where) for fpr, tpr in curves])
    return Curve(label, where, read.mean(0), read.min(0), read.max(0))


def roc(curves: Sequence[Curve], looks: Scales, first: str = "") -> dict[str, Any]:
    """Curves with the band of their seeds, and the diagonal of guessing.

    Parameters: `axes`, linear or log; `who`, a label that stands out beside Original and Retrain,
    "" for all. first: the one at the beginning.
    """
    import altair as alt

    labels = [curve.label for curve in curves]
    own = looks.only(labels)
    axes, who = alt.param(name="axes", value="linear"), alt.param(name="who", value=first)
    legend = alt.Legend(**key(own.labels, lines=True, orient="bottom"))
    palette = alt.Scale(domain=own.labels, range=own.colors)
    dashes = alt.Scale(domain=own.labels, range=own.dashes)
    color = alt.Color("who:N", scale=palette, title=None, legend=legend)
    dash = alt.StrokeDash("who:N", scale=dashes, title=None, legend=legend)
    read = {
        name: f"axes == 'log' ? log(max(datum.{raw}, {LEAST})) / LN10 : datum.{raw}"
        for name, raw in (("x", "f"), ("y", "t"), ("y0", "a"), ("y1", "b"))
    }

    def axis(title: str) -> alt.Axis:
        return alt.Axis(
            title=title,
            values=alt.ExprRef("axes == 'log' ? [-3, -2, -1, 0] : [0, 0.25, 0.5, 0.75, 1]"),
            labelExpr="format(axes == 'log' ? pow(10, datum.value) : datum.value, '~p')",
        )

    def scale() -> alt.Scale:
        low, high = alt.ExprRef("axes == 'log' ? -3 : 0"), alt.ExprRef("axes == 'log' ? 0 : 1")
        return alt.Scale(domain=[low, high], nice=False, zero=False)

    x = alt.X("x:Q", scale=scale(), axis=axis("false alarms among unseen images"))
    y = alt.Y("y:Q", scale=scale(), axis=axis("forgotten images recognised"))
    chosen = {"test": CHOSEN, "value": 1}
    base = (
        alt.Chart(alt.InlineData(values=_rows(curves)))
        .transform_filter(f"axes != 'log' || datum.f >= {LEAST}")
        .transform_calculate(**read)
    )
    tooltip = [
        alt.Tooltip("who:N", title="model"),
        alt.Tooltip("f:Q", title="false alarms", format=".2~%"),
        alt.Tooltip("t:Q", title="recognised", format=".3~%"),
    ]
    band = base.mark_area().encode(
        x=x,
        y=alt.Y("y0:Q", scale=scale()),
        y2="y1:Q",
        color=color,
        opacity=alt.OpacityValue(0.02, condition={**chosen, "value": 0.13}),
    )
    lines = base.mark_line(strokeWidth=2, clip=True).encode(
        x=x,
        y=y,
        color=color,
        strokeDash=dash,
        opacity=alt.OpacityValue(FAINT, condition=chosen),
        tooltip=tooltip,
    )
    guess = [{"f": float(f), "t": float(f)} for f in (*np.geomspace(LEAST, 1, 2), 0.0)]
    chance = (
        alt.Chart(alt.InlineData(values=guess))
        .transform_calculate(x=read["x"], y=read["y"])
        .mark_line(color=GREY, strokeWidth=1, strokeDash=[1, 4])
        .encode(x=x, y=y, tooltip=alt.value("guessing"))
    )
    drawn = (chance + band + lines) if _spread(curves) else (chance + lines)
    return spec(drawn.add_params(axes, who).properties(width="container", height=380))


def _spread(curves: Sequence[Curve]) -> bool:
    return any(bool((curve.high > curve.low).any()) for curve in curves)


def _rows(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """f: false alarms, t: recognised, a and b: lowest and highest of the seeds. Retrain is drawn
    above all others."""
    names, curves = ("f", "t", "a", "b"), sorted(curves, key=lambda one: one.label == "Retrain")
    return [
        {"who": one.label, **{n: rounded(float(v)) for n, v in zip(names, point, strict=True)}}
        for one in curves
        for point in zip(one.fpr, one.tpr, one.low, one.high, strict=True)
    ]
