"""What else differs between two sets: data, settings, versions and machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from untrain.bench.job import Block, Result
from untrain.bench.numbers.mixing import SHARED
from untrain.bench.numbers.statistics import Table, pair_of
from untrain.report.comparing.both import Both
from untrain.report.content import Answer, Mark, Part, Section, Sheet
from untrain.report.data import Report, listed, shown
from untrain.report.found.judged import MANY

PLACES = {"data_root", "seed", "split_seed", "device", "threads"}
"""Settings that differ between seeds and machines without a meaning of their own."""
READING = (
    "Runs that were made by other settings, of other data or by another version differ for that "
    "reason as well. Seconds compare on one machine alone."
)


def section(both: Mapping[Block, Both]) -> Section:
    def answer(report: Report, table: Table) -> Answer | None:
        return _answer(both[table.block]) if table.block in both else None

    return Section(key="apart", question="What else differs?", reading=READING, answer=answer)


def _answer(both: Both) -> Answer:
    settings, machines, data = list(_settings(both)), list(_machines(both)), other_data(both)
    rows = _first(settings)
    many = f"{len(rows)} rows" if len(rows) > MANY else listed(rows)
    what = [*([f"settings of {many}"] if rows else []), *_first(machines)]
    told = [*([data] if data else []), *([f"They differ in {listed(what)}."] if what else [])]
    sentence = " ".join(told) or "Nothing that is recorded: settings, data, code."
    parts: list[Part] = []
    names = list(both.names)
    if settings:
        lines = [[Mark(cell, sort=cell) for cell in line] for line in settings]
        head = ["row", "setting", *names]
        parts.append(Sheet(key="settings-apart", title="Settings", head=head, rows=lines))
    if machines:
        lines = [[Mark(cell, sort=cell) for cell in line] for line in machines]
        head = ["what", *names, "so"]
        parts.append(Sheet(key="made-apart", title="How they were made", head=head, rows=lines))
    return Answer(sentence=sentence, parts=parts)


def _first(lines: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(line[0] for line in lines))


def other_data(both: Both) -> str:
    """A sentence where runs of one name and seed were made of other images, or forgot others."""
    images: list[str] = []
    forgotten: list[str] = []
    for pair in both.pairs:
        theirs = {pair_of(run): run for run in pair.second.runs}
        for mine in pair.first.runs:
            other = theirs.get(pair_of(mine))
            if other is None:
                continue
            if _told(mine, "images", "hash") != _told(other, "images", "hash"):
                images.append(pair.label)
            elif _told(mine, "split", "forget", "keys") != _told(other, "split", "forget", "keys"):
                forgotten.append(pair.label)
    if images:
        return f"The two are of different images ({listed(_once(images))})."
    if forgotten:
        return f"The two forget different images ({listed(_once(forgotten))})."
    return ""


def _once(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _told(run: Result, *path: str) -> Any:
    found: Any = run.about
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _settings(both: Both) -> Iterator[list[str]]:
    """row, setting, first, second: where the first runs of a row differ."""
    for pair in both.pairs:
        mine, theirs = (
            dict(_flat(row.runs[0].about.get("config", {}))) for row in (pair.first, pair.second)
        )
        for name in dict.fromkeys([*mine, *theirs]):
            one, other = (_text(found.get(name)) for found in (mine, theirs))
            if one != other and name.rpartition(".")[2] not in PLACES:
                yield [shown(pair.first.label), name, one, other]


def _flat(values: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """`method.lr` and its value, for every setting."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield from _flat(value, f"{before}.{name}" if before else str(name))
    elif isinstance(values, list) and any(isinstance(one, Mapping) for one in values):
        for one in values:
            name = one.get("name", "term") if isinstance(one, Mapping) else "term"
            yield from _flat(one, f"{before}.{name}")
    else:
        yield before, values


def _text(value: Any) -> str:
    return "not recorded" if value is None else f"{value:g}" if type(value) is float else str(value)


def _machines(both: Both) -> Iterator[list[str]]:
    """what, first, second, what follows."""
    for name, of, follows in SHARED:
        one, other = (
            sorted({_text(of(run.about) or None)[:40] for row in table.rows for run in row.runs})
            for table in (both.first, both.second)
        )
        if one != other:
            yield [name, ", ".join(one), ", ".join(other), follows]
