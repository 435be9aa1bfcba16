"""trials.json: all that a search has tried, and what a stopped search goes on from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from untrain.errors import UserError
from untrain.files import TORN, write_json
from untrain.tune.early import rank

NAME = "trials.json"
SCHEMA = 1
BEST = "best"
"""Folder of the run that is kept."""
DRAFT = "trial-"
"""What the folder of the trial under way begins with; its key follows."""
OURS = re.compile(rf"{DRAFT}[0-9a-f]{{16}}$")


def check_folder(out: Path, key: str) -> list[dict[str, Any]]:
    """The trials that a folder holds. Raises UserError if it is of another search, or of a run."""
    path = out / NAME
    if (out / "run.json").exists() or ((out / BEST).exists() and not path.exists()):
        raise UserError(f"{out} holds something else.", "--out", "Choose another folder.")
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text())
        rows: list[dict[str, Any]] = content["trials"]
        theirs = content["key"]
    except TORN as error:
        fix = "Remove the folder and search again, or choose another one."
        raise UserError(f"{path} is damaged.", "--out", fix) from error
    if theirs != key:
        raise UserError(
            f"{out} holds another search.",
            where="--out",
            fix="Use the same settings and the same data to go on, or another folder.",
        )
    return rows


def drafts(out: Path) -> list[Path]:
    """Folders of trials under way; whatever else has such a name is not ours."""
    return [one for one in sorted(out.glob(f"{DRAFT}*")) if one.is_dir() and OURS.match(one.name)]


def write(out: Path, key: str, rows: Sequence[Mapping[str, Any]], **about: Any) -> None:
    """Write all trials, atomically. about: what stands above them."""
    content = {"schema": SCHEMA, "key": key, **about, "trials": list(rows)}
    write_json(out / NAME, content)


def leader(rows: Sequence[Mapping[str, Any]]) -> int | None:
    """Which trial is the best: accepted before refused, then the smallest objective."""
    sound = [number for number, row in enumerate(rows) if "objective" in row]
    return min(sound, key=lambda number: rank(rows[number]), default=None)


def valued(values: Mapping[str, Any]) -> str:
    """What was set, in words."""
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def line(row: Mapping[str, Any]) -> str:
    """A trial in words: what was set, and what came of it."""
    values = valued(row["values"])
    if "objective" not in row:
        return f"{values}: {row['why']}"
    told = [f"{name} {text}" for name, text in cells(row).items() if text != "-"]
    return f"{values}: {'  '.join(told)}  {verdict(row)}"


def cells(row: Mapping[str, Any]) -> dict[str, str]:
    """The measures of a trial as they are shown."""
    if "auc" in row:
        first = {"J": f"{row['objective']:.3f}", "AUC": f"{row['auc']:.3f}"}
        shares = {"FA": "forget_accuracy", "goal": "goal", "RA": "retain_accuracy"}
        shares["VA"] = "val_accuracy"
        probe = row.get("probe")
        healed = f"{100 * probe['level']:+.1f}±{100 * probe['error']:.1f}" if probe else "-"
        return first | {k: f"{100 * row[v]:.1f}" for k, v in shares.items()} | {"H": healed}
    shares = {"RA": "retain_accuracy", "UA": "unlearn_accuracy", "VA": "val_accuracy"}
    shares["MIA"] = "mia_efficacy"
    return {"gap": f"{row['objective']:.2f}"} | {k: f"{row[v]:.1f}" for k, v in shares.items()}


def verdict(row: Mapping[str, Any]) -> str:
    """Whether a trial could be taken; one that would not have been the best is not probed."""
    if row["why"]:
        return f"refused: {row['why']}"
    return "accepted" if row.get("probe") or "auc" not in row else "not probed"


def table(start: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """The model that all start from and all trials in columns, the best one marked."""
    best, names = leader(rows), list(rows[0]["values"])
    measures = cells(start)
    grid = [
        ["trial", *names, *measures, ""],
        ["start", *["-"] * len(names), *measures.values(), ""],
    ]
    for number, row in enumerate(rows):
        shown = cells(row) if "objective" in row else dict.fromkeys(measures, "-")
        values = [f"{row['values'][name]:g}" for name in names]
        end = verdict(row) if "objective" in row else row["why"]
        mark = "best, " if number == best else ""
        grid.append([str(number + 1), *values, *shown.values(), mark + end])
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == len(widths) - 1 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in grid
    )
