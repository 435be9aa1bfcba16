"""The process log: when each run was made, from which weights, and which images it forgot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Row, Table
from untrain.report.content import Mark, Sheet
from untrain.report.data import shown
from untrain.report.sections.provenance import SHORT, short, value
from untrain.report.sections.wording import named

LOG = ("model", "started", "ended", "seconds", "from", "made", "forgotten", "seen", "commit")
LOG_HINTS = (
    "Each row opens to its single runs.",
    "UTC.",
    "UTC.",
    "Of training alone; of several runs their sum.",
    "Hash of the weights that it started from.",
    "Hash of the weights that it made.",
    "Hash of the keys of the forgotten images.",
    "How often, and on what, a choice has looked at forgotten images.",
    "Of untrain's code.",
)


SEVERAL = Mark("…", sort="…", style="muted", hint="Each run has its own: open the row.")


def log(table: Table) -> Sheet:
    """What was done to which data: a line for each row, which opens to its runs."""
    return Sheet(
        key="setup-log",
        title="Process log",
        head=LOG,
        hints=LOG_HINTS,
        rows=[_whole(row) for row in table.rows],
        opened={place: [_logged(run) for run in row.runs] for place, row in enumerate(table.rows)},
        notes=[
            f"Hashes are SHA-256, their first {SHORT} digits. …: each run has its own, behind its "
            "row."
        ],
    )


def _whole(row: Row) -> list[Mark]:
    if len(row.runs) == 1:
        return [_text(shown(row.label)), *_logged(row.runs[0])[1:]]
    starts = sorted(filter(None, (time(run, "started") for run in row.runs)))
    ends = sorted(filter(None, (time(run, "ended") for run in row.runs)))
    took = sum(float(run.cost.get("seconds", 0)) for run in row.runs)
    cells = [starts[0] if starts else "-", ends[-1] if ends else "-"]
    lines = [_logged(run)[4:] for run in row.runs]
    same = [
        marks[0] if len({mark.text for mark in marks}) == 1 else SEVERAL
        for marks in zip(*lines, strict=True)
    ]
    name = _text(f"{shown(row.label)} ({len(row.runs)} runs)")
    return [name, *map(_text, cells), Mark(f"{took:.1f}", sort=took), *same]


def _logged(run: Result) -> list[Mark]:
    about = run.about
    checkpoints, took = about.get("checkpoints") or {}, run.cost.get("seconds")
    asked = about.get("requests") or (about.get("config") or {}).get("forget")
    forget = ((about.get("split") or {}).get("forget") or {}).get("keys") if asked else None
    commit = value(run, "commit")
    made = [checkpoints.get("parent"), checkpoints.get("child"), forget]
    return [
        _text(named(run), run.address),
        _text(time(run, "started") or "-"),
        _text(time(run, "ended") or "-"),
        Mark("-" if took is None else f"{took:.1f}", sort=took),
        *(_text(short(one), str(one or "")) for one in made),
        _text(_looked(about)),
        _text(short(commit) + ("-dirty" if commit.endswith("-dirty") else "")),
    ]


def _text(text: str, hint: str = "") -> Mark:
    return Mark(text, sort=text, hint=hint)


def _looked(about: Mapping[str, Any]) -> str:
    """Whether a choice has seen forgotten images: what it was made by, and how many candidates."""
    choice = about.get("choice")
    if not isinstance(choice, Mapping):
        return "nothing"
    return f"{choice.get('by', '?')}: {choice.get('candidates', '?')} looks"


def time(run: Result, name: str) -> str:
    """When it started or ended, to the minute; "" where that is not recorded or is no time."""
    text = str((run.about.get("time") or {}).get(name, ""))
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"
    except ValueError:
        return ""
