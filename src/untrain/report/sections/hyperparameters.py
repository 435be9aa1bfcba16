"""What the settings of each row are, and which of them are not the method's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from untrain.bench.numbers.statistics import Row, Table
from untrain.report.content import Facts, Mark, Sheet
from untrain.report.data import listed, methods, shown

UNKNOWN = object()


@dataclass(frozen=True)
class Setting:
    """A field of a method, or `TERM.FIELD` of a term. usual: its default, UNKNOWN where the run
    does not record it. text: what it means. differs: it is not the default or, where that is not
    known, not the same in all rows that have it."""

    name: str
    value: Any
    usual: Any
    text: str
    differs: bool

    @property
    def told(self) -> str:
        return f"{self.name} {plain(self.value)}"


def settings(row: Row, table: Table) -> list[Setting]:
    """Those that differ first, each part in the order of the method's fields."""
    about = row.runs[0].about
    fields = about.get("fields") or {}
    others = [values_of(other.runs[0].about) for other in methods(table)]
    found = []
    for name, value in values_of(about).items():
        field: Mapping[str, Any] = fields.get(name) or {}
        usual = field.get("default", UNKNOWN)
        if usual is UNKNOWN:
            differs = any(name in other and other[name] != value for other in others)
        else:
            differs = usual != value
        found.append(Setting(name, value, usual, str(field.get("text", "")), differs))
    return sorted(found, key=lambda one: not one.differs)


def values_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """Field -> value of a run's method and terms, as its run.json has them."""
    config = about.get("config") or {}
    found = {name: v for name, v in (config.get("method") or {}).items() if name != "name"}
    for term in config.get("terms") or ():
        name = term.get("name", "")
        found |= {f"{name}.{field}": value for field, value in term.items() if field != "name"}
    return found


def recorded(row: Row) -> bool:
    """Whether its runs say what their defaults were."""
    return bool(row.runs[0].about.get("fields"))


def overview(table: Table) -> Sheet:
    """A line for each row: what differs, and whether that is from defaults or between rows."""
    lines = []
    for row in table.rows:
        differing = [one.told for one in settings(row, table) if one.differs]
        text = ", ".join(differing) or "nothing"
        method = (row.runs[0].about.get("config") or {}).get("method", {}).get("name", "-")
        paper = str(row.runs[0].about.get("paper", "")) or "-"
        cells = [shown(row.label), str(method), text, paper]
        count = len(row.runs)
        lines.append([*(Mark(cell, sort=cell) for cell in cells), Mark(str(count), sort=count)])
    old = [shown(row.label) for row in table.rows if not recorded(row)]
    notes = []
    if len(old) == len(table.rows):
        notes = ["The defaults are not recorded: shown are settings that differ between rows."]
    elif old:
        notes = [
            f"Of {listed(old)} the defaults are not recorded: shown is what differs between rows."
        ]
    return Sheet(
        key="setup-settings",
        title="Settings that differ",
        head=["model", "method", "differs", "from", "runs"],
        hints=[
            "",
            "The name by which untrain calls it.",
            "From the method's defaults, where runs record them, else between rows.",
            "Where the method was published.",
            "Finished ones.",
        ],
        rows=lines,
        notes=notes,
    )


def everything(table: Table) -> list[Facts]:
    """All settings of each row, those that differ first and marked; and what they mean."""
    pairs, meaning = [], dict[str, str]()
    for row in table.rows:
        found = settings(row, table)
        pairs.append((shown(row.label), ", ".join(map(_told, found)) or "none"))
        meaning |= {one.name: _meaning(one) for one in found if one.text}
    mark = "not the default" if all(map(recorded, table.rows)) else "differs"
    title = f"All settings of each model (●: {mark})"
    return [
        Facts(key="setup-settings-all", title=title, pairs=pairs, folded=True),
        Facts(
            key="setup-meaning",
            title="What the settings mean",
            pairs=sorted(meaning.items()),
            folded=True,
        ),
    ]


def _told(one: Setting) -> str:
    return f"{one.name} {plain(one.value)}{' ●' * one.differs}"


def _meaning(one: Setting) -> str:
    usual = "" if one.usual is UNKNOWN else f" Default {plain(one.usual)}."
    return f"{one.text}{usual}"


def plain(value: Any) -> str:
    """A value as it is written on the command line; quotes where there would be nothing."""
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if str(value) else '""'
