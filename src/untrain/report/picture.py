"""The demo's picture: where the forgotten class went, and who is how close to Retrain."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from untrain.files import atomic

ORDER = ["original", "ft", "coun", "retrain"]
NAMES = {"original": "Original", "ft": "FT", "coun": "CoUn", "retrain": "Retrain"}
ACCENT = "#0b6e4f"
INK = "#22252a"
MUTED = "#9aa0a6"


def available() -> bool:
    """Whether the drawing libraries (the extra `report`) are installed."""
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def save(path: Path, summary: dict[str, Any]) -> None:
    """Draw the demo's picture as PNG from what its `summary.json` holds."""
    import altair as alt

    request, labels = summary["class"], summary["labels"]
    left = destinations(request["destinations"], "1  Where the forgotten 8s went, % of them")
    right = alt.vconcat(
        dots(labels["recognised"], "2  Digits labelled wrongly: % of new ones recognised"),
        dots(costs(request["audit"]), "3  Arithmetic, share of Retrain's"),
        spacing=32,
    )
    chart = (
        alt.hconcat(left, right, spacing=56)
        .configure(font="Helvetica, Arial, sans-serif", padding=24, background="white")
        .configure_view(stroke=None)
        .configure_axis(
            domain=False,
            ticks=False,
            grid=False,
            labelColor=INK,
            titleColor=MUTED,
            labelFontSize=12,
        )
        .configure_title(anchor="start", fontSize=14, color=INK, offset=14)
    )
    with atomic(path) as draft:
        chart.save(str(draft), format="png", scale_factor=2)


def costs(audit: dict[str, Any]) -> dict[str, float]:
    """FLOPs of each unlearned model relative to Retrain's."""
    shares = {row["label"]: row["values"]["relative_flops"][0] for row in audit["rows"]}
    return {name: share for name, share in shares.items() if name != "original"}


def destinations(shares: dict[str, list[float]], title: str) -> Any:
    """A heatmap: one line per model, one column per predicted class, numbers in the cells."""
    import altair as alt

    rows = [
        {"model": NAMES[name], "class": str(label), "share": round(100 * share)}
        for name in ORDER
        for label, share in enumerate(shares[name])
    ]
    data = alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]
    base = data.encode(
        x=alt.X("class:N", title="predicted as", axis=alt.Axis(labelAngle=0)), y=_models()
    )
    cells = base.mark_rect(stroke="white", strokeWidth=2, cornerRadius=3).encode(
        color=alt.Color("share:Q", legend=None, scale=alt.Scale(range=["#f3f4f4", ACCENT]))
    )
    numbers = base.mark_text(fontSize=13).encode(
        text=alt.condition(alt.datum.share > 0, "share:Q", alt.value("")),
        color=alt.condition(alt.datum.share > 50, alt.value("white"), alt.value(INK)),
    )
    return (cells + numbers).properties(width=440, height=232, title=title)


def dots(values: dict[str, float], title: str) -> Any:
    """One dot per model on a line; Retrain's is a diamond on the dashed line to meet."""
    import altair as alt

    shown = [name for name in ORDER if name in values]
    rows = [{"model": NAMES[name], "value": round(values[name], 2)} for name in shown]
    data = alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]
    x = alt.X("value:Q", title=None, axis=None, scale=alt.Scale(zero=True, padding=24))
    target = alt.datum.model == "Retrain"
    line = data.transform_filter(target).mark_rule(color=ACCENT, strokeDash=[4, 3]).encode(x=x)
    points = data.mark_point(filled=True, size=130, opacity=1).encode(
        x=x,
        y=_models(),
        color=alt.condition(target, alt.value(ACCENT), alt.value(INK)),
        shape=alt.condition(target, alt.value("diamond"), alt.value("circle")),
    )
    labels = data.mark_text(align="right", dx=-12, fontSize=12, color=INK).encode(
        x=x, y=_models(), text="value:Q"
    )
    return (line + points + labels).properties(width=300, height=92, title=title)


def _models() -> Any:
    """The models from the top down, in the order of the story."""
    import altair as alt

    axis = alt.Axis(labelPadding=8)
    return alt.Y("model:N", sort=[NAMES[name] for name in ORDER], title=None, axis=axis)
