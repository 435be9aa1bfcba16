"""`untrain bench status STUDY`: what is made, under way, missing or failed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from untrain.cli.bench.asked import parsed
from untrain.errors import Problems

if TYPE_CHECKING:
    from untrain.bench.job import Cell
    from untrain.bench.kept.plans import Place
    from untrain.bench.kept.results import Standing

COLUMNS = ("done", "running", "unfinished", "missing", "failed", "damaged")


@dataclass(frozen=True, kw_only=True)
class StatusOptions:
    """What the word itself takes."""

    json: bool = False
    """Print everything as JSON."""


def run(args: list[str]) -> int:
    problems = Problems()
    about = "What is made of a study, under way, missing or failed, and why. Nothing is changed."
    given = parsed(args, "status", about, problems, "--json", options=StatusOptions)
    problems.raise_all()
    order = given.asked.order()
    study, cells, place, found = order.standing()
    rows = counted(cells, place, found)
    failures = [
        {"run": address, "row": cell.row, "seed": cell.job.seed, "why": found.reasons[address]}
        for cell, address, _ in found.others
        if address in found.reasons
    ]
    if given.options.json:
        content = {"study": study.name, "title": study.title, "rows": rows, "failures": failures}
        print(json.dumps(content, indent=2, ensure_ascii=False))
        return 0
    show(study.title, rows, failures)
    return 0


def counted(cells: Sequence[Cell], place: Place, found: Standing) -> list[dict[str, Any]]:
    """How many runs of each row of each block are how far."""
    from untrain.bench.making.beat import beats

    running = {beat.run for beat in beats(place.store.root)}
    states = {address: str(state) for _, address, state in found.others}
    counts: dict[tuple[str, str], Counter[str]] = {}
    for cell in cells:
        address = place.addresses.of(cell.job)
        state = states.get(address, "done")
        state = "running" if state != "done" and address in running else state
        counts.setdefault((str(cell.block), cell.row), Counter())[state] += 1
    return [
        {"block": block, "row": row} | {name: count[name] for name in COLUMNS}
        for (block, row), count in counts.items()
    ]


def show(title: str, rows: list[dict[str, Any]], failures: list[dict[str, Any]]) -> None:
    shown = [name for name in COLUMNS if name == "done" or any(row[name] for row in rows)]
    width = max(len(row["row"]) for row in rows)
    print(title)
    block = ""
    for row in rows:
        if row["block"] != block:
            block = row["block"]
            print(f"\n{block}\n  {'':<{width}}  " + "  ".join(f"{name:>10}" for name in shown))
        cells = "  ".join(f"{row[name] or '-':>10}" for name in shown)
        print(f"  {row['row']:<{width}}  {cells}")
    for failure in failures:
        print(f"\nfailed: {failure['row']}, seed {failure['seed']} ({failure['run']})")
        print(f"  {failure['why']}")
