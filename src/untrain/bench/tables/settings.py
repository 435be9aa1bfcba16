"""The hyper-parameters of each row that differ from their defaults or the study's preset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from untrain.bench.job import Job
from untrain.bench.numbers.statistics import Table
from untrain.bench.numbers.ties import UNRANKED
from untrain.config import changed


def settings(job: Job, preset: str = "") -> dict[str, Any]:
    """Field -> value of a run's method and terms (`contrastive.lam`), less defaults and preset."""
    usual = type(job.method).presets.get(preset, {})
    found = {n: v for n, v in changed(job.method).items() if n not in usual or usual[n] != v}
    defaults = {n: v for n, v in usual.items() if n not in changed(job.method)}
    own = {n: getattr(job.method, n) for n in defaults if getattr(job.method, n) != usual[n]}
    for term in job.terms:
        found |= {f"{term.name}.{name}": value for name, value in changed(term).items()}
    return found | own


def told(table: Table, preset: str = "") -> list[str]:
    """A sentence for each row, and before them one for what all methods share."""
    rows = {row.label: settings(row.runs[0].cell.job, preset) for row in table.rows}
    methods = [values for label, values in rows.items() if label not in UNRANKED]
    same = {
        name: value
        for name, value in (methods[0] if len(methods) > 1 else {}).items()
        if all(name in values and values[name] == value for values in methods)
    }
    lines: dict[str, list[str]] = {}
    for label, values in rows.items():
        left = values if label in UNRANKED else {n: v for n, v in values.items() if n not in same}
        if left:
            lines.setdefault(_listed(left), []).append(label)
    found = [f"All methods: {_listed(same)}."] if same else []
    found += [f"{', '.join(labels)}: {listed}." for listed, labels in lines.items()]
    over = f"preset {preset}" if preset else "the defaults"
    return [f"Settings over {over}. {found[0]}", *found[1:]] if found else []


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in values.items())


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
