"""Histograms of what a model says of its forgotten, unseen and retained images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from untrain.report.charts.palette import SETS
from untrain.report.charts.spec import spec

SIGNALS = {
    "confidence": "probability of the true class",
    "loss": "loss",
    "entropy": "entropy of the answer",
    "margin": "margin of the true class over the next",
}
NAMES = {"forget": "forgotten", "unseen": "unseen", "retain": "retained", "test": "test"}
DRAWN = ("forget", "unseen", "retain")
SIGNS = "forgotten (full line), unseen (dashed) and retained (dotted)"
"""The key, once for all charts beside each other."""
DASHES = {"forget": [1, 0], "unseen": [6, 3], "retain": [2, 2], "test": [9, 2, 2, 2]}


@dataclass(frozen=True)
class Histogram:
    """Shares of a set's images by bin, over seeds. share: (bins,), in percent, sums to 100.
    low, high: ends of all bins; the outermost hold what lies beyond. mean: of the images
    themselves."""

    low: float
    high: float
    share: np.ndarray
    mean: float


Histograms = Mapping[tuple[str, str], Histogram]
"""By signal and set."""


def overlap(one: Histogram, other: Histogram) -> float:
    """Percent of two sets' images that lie in common: 100 where they are distributed alike."""
    return float(np.minimum(one.share, other.share).sum())


def histograms(
    found: Mapping[str, Histograms], who: str, signals: Sequence[str], top: float, *, left: bool
) -> dict[str, Any]:
    """The sets of one model as outlines; parameter `measure`, and `who` where it can be chosen.

    found: models by label. who: the one that is shown at first; "" for a single one. top: the
    highest share that any of the charts beside each other shows, in percent. left: whether it is
    the leftmost one, whose axis has the title.
    """
    import altair as alt

    rows = [
        {
            "who": label,
            "measure": signal,
            "set": NAMES[name],
            "low": one.low,
            "step": (one.high - one.low) / len(one.share),
            "share": [round(float(value), 2) for value in (*one.share, one.share[-1])],
        }
        for label, sets in found.items()
        for (signal, name), one in sets.items()
        if name in DRAWN and signal in signals
    ]
    names = [NAMES[name] for name in DRAWN]
    params = [alt.param(name="measure", value=signals[0])]
    params += [alt.param(name="who", value=who)] * bool(who)
    base = (
        alt.Chart(alt.InlineData(values=rows))
        .transform_filter("datum.measure == measure" + " && datum.who == who" * bool(who))
        .transform_calculate(bin="sequence(length(datum.share))")
        .transform_flatten(["share", "bin"])
        .transform_calculate(
            x="datum.low + datum.bin * datum.step", end="datum.low + (datum.bin + 1) * datum.step"
        )
    )
    palette = alt.Scale(domain=names, range=[SETS[name] for name in DRAWN])
    color = alt.Color("set:N", scale=palette, legend=None)
    dashes = alt.Scale(domain=names, range=[DASHES[name] for name in DRAWN])
    dash = alt.StrokeDash("set:N", scale=dashes, legend=None)
    below = alt.TitleParams(
        text=alt.ExprRef(f"({_told(signals)})[measure]"),
        orient="bottom",
        anchor="middle",
        fontSize=12,
        fontWeight="normal",
    )  # the title of an axis cannot change
    axis = alt.Axis(title=None, tickCount=4)
    x = alt.X("x:Q", scale=alt.Scale(nice=False, zero=False), axis=axis)
    y = alt.Y(
        "share:Q",
        stack=None,
        scale=alt.Scale(type="sqrt", domain=[0, round(1.05 * top, 1)], nice=False),
        axis=alt.Axis(
            title="% of the set's images" if left else None, values=[1, 5, 20, 50, 100], format="d"
        ),
    )
    tooltip = [
        alt.Tooltip("set:N", title="set"),
        alt.Tooltip("x:Q", title="from", format=".3~g"),
        alt.Tooltip("end:Q", title="to", format=".3~g"),
        alt.Tooltip("share:Q", title="% of its images", format=".3~g"),
    ]
    fill = base.mark_area(interpolate="step-after", opacity=0.12, line=False).encode(
        x=x, y=y, color=color
    )
    lines = base.mark_line(interpolate="step-after", strokeWidth=1.8).encode(
        x=x, y=y, color=color, strokeDash=dash, tooltip=tooltip
    )
    drawn = (fill + lines).add_params(*params)
    return spec(drawn.properties(width="container", height=200, title=below))


def _told(signals: Sequence[str]) -> str:
    return "{" + ", ".join(f"'{name}': '{SIGNALS[name]}'" for name in signals) + "}"
