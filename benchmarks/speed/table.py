"""The table of one or more runs: what against what, the ratio, its spread, met or not."""

from __future__ import annotations

from typing import Any

from .rounds import SPREAD, verdict

HEAD = ("bar", "what", "against", "ratio to reach")


def digits(ratio: float) -> str:
    """A ratio with three significant digits."""
    return f"{ratio:.4f}" if ratio < 0.1 else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"


def cell(bar: dict[str, Any]) -> str:
    spread = f"[{digits(bar['low'])}-{digits(bar['high'])}], {100 * bar['spread']:.0f} %"
    wide = " (wide)" if bar["spread"] > SPREAD else ""
    return f"{digits(bar['ratio'])} {spread}: {verdict(bar)}{wide}"


def rows(runs: list[dict[str, Any]]) -> list[list[str]]:
    """A line for each bar of the first run, a column for each run."""
    found = [[bar for case in run["cases"].values() for bar in case["bars"]] for run in runs]
    lines = [[*HEAD, *(f"run {k + 1}" for k in range(len(runs)))]]
    for bars in zip(*found, strict=True):
        bar = bars[0]
        sign = ">=" if bar["at_least"] else "<="
        limit = f"{sign} {bar['limit']:g}"
        lines.append([bar["name"], bar["top"], bar["bottom"], limit, *map(cell, bars)])
    return lines


def plain(runs: list[dict[str, Any]]) -> str:
    """For a terminal."""
    lines = rows(runs)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    pad = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*pad, "", *checks(runs[-1])])


def checks(run: dict[str, Any]) -> list[str]:
    """What is equal, in words."""
    return [
        f"{name}: {one['what']}: {one['value']:.3g}, at most {one['most']:g}"
        + ("" if one["holds"] else "  NOT HELD")
        for name, case in run["cases"].items()
        for one in case["checks"]
    ]


def markdown(runs: list[dict[str, Any]]) -> str:
    """For results/: the machine, the table, the checks of the last run."""
    lines = rows(runs)
    lines.insert(1, ["---"] * len(lines[0]))
    table = ["| " + " | ".join(line) + " |" for line in lines]
    held = [f"- {line}" for line in checks(runs[-1])]
    machines = list(dict.fromkeys(machine(run["machine"]) for run in runs))
    loads = "; ".join(f"{run['load']['before']} to {run['load']['after']}" for run in runs)
    return "\n".join(
        [
            *machines,
            f"Load before and after each run: {loads}.",
            "",
            "A ratio is the seconds of the first column over those of the second: median of the "
            "rounds, lowest and highest, their distance over the median; met or not.",
            "",
            *table,
            "",
            *held,
            "",
        ]
    )


def machine(about: dict[str, Any]) -> str:
    cores, memory = about["cores"], about["memory"]["total"] / (1 << 30)
    return (
        f"{about['processor']} ({', '.join(about['features'])}), {cores['usable']} cores, "
        f"{memory:.0f} GB; {about['threads']} thread; Python {about['python']}, torch "
        f"{about['torch']}, NumPy {about['numpy']}, Pillow {about['pillow']}, untrain "
        f"{about['untrain']} at {about['commit'][:10] or 'an unknown commit'}."
    )
