"""What all charts have in common: type, quiet axes, and text in the colour of the page."""

from __future__ import annotations

from typing import Any

from untrain.report.charts import palette

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
TEXT = "currentColor"
"""Light, dark and print need no redrawing: SVG and canvas take the colour of the page."""

FITTED = {"type": "fit-x", "contains": "padding"}
"""A chart as wide as its column is so with its axes and padding."""


def config() -> dict[str, Any]:
    """The config of a Vega-Lite chart on the page."""
    return {
        "background": "transparent",
        "font": FONT,
        "padding": {"left": 4, "right": 12, "top": 8, "bottom": 4},
        "view": {"stroke": "transparent", "continuousHeight": 260, "discreteHeight": {"step": 26}},
        "axis": _axis(),
        "axisX": {"grid": False, "domain": True, "labelFlush": False, "titleAnchor": "end"},
        "axisQuantitative": {"tickCount": 6},
        "axisBand": {"domain": False, "ticks": False, "grid": False, "labelFlush": False},
        "legend": _legend(),
        "header": {"labelColor": TEXT, "titleColor": TEXT, "labelFontSize": 12, "title": None},
        "title": {"color": TEXT, "anchor": "start", "fontSize": 13, "fontWeight": 600},
        "text": {"color": TEXT, "fontSize": 12},
        "rule": {"color": TEXT},
        "line": {"strokeWidth": 2},
        "point": {"size": 70, "filled": True, "opacity": 1},
        "bar": {"color": palette.ACCENT},
        "range": {
            "category": list(palette.COLORS),
            "heatmap": list(palette.SHADES),
            "ramp": list(palette.SHADES),
            "diverging": list(palette.DIVERGING),
            "symbol": list(palette.SHAPES),
        },
    }


def themed(spec: dict[str, Any]) -> dict[str, Any]:
    """The chart in the looks of the page; what it sets itself stays."""
    fitted = {"autosize": FITTED} if spec.get("width") == "container" else {}
    told = {name: value for name, value in spec.items() if name != "$schema"}
    return {**fitted, **told, "config": _merged(config(), spec.get("config", {}))}


def _axis() -> dict[str, Any]:
    return {
        "labelColor": TEXT,
        "titleColor": TEXT,
        "domainColor": TEXT,
        "tickColor": TEXT,
        "gridColor": TEXT,
        "labelOpacity": 0.8,
        "titleOpacity": 0.8,
        "domainOpacity": 0.35,
        "tickOpacity": 0.35,
        "gridOpacity": 0.1,
        "domain": False,
        "tickSize": 4,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "titlePadding": 8,
        "labelOverlap": True,
        "labelLimit": 160,
    }


def _legend() -> dict[str, Any]:
    return {
        "labelColor": TEXT,
        "titleColor": TEXT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "orient": "top",
        "direction": "horizontal",
        "columns": 4,
        "symbolSize": 80,
        "titlePadding": 8,
        "labelLimit": 180,
    }


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """The keys of both, those of `over` where both have one, as deep as both are dicts."""
    both = {**under, **over}
    for name in under.keys() & over.keys():
        if isinstance(under[name], dict) and isinstance(over[name], dict):
            both[name] = _merged(under[name], over[name])
    return both
