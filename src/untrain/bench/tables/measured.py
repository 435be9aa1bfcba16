"""`untrain bench table --what ...`: the tables beside the main one, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Table, tables
from untrain.bench.tables import agreement as agreeing
from untrain.bench.tables import destinations as going
from untrain.bench.tables import distances as lying
from untrain.bench.tables import theory as proving
from untrain.bench.tables.ablations import ablations
from untrain.bench.tables.costs import costs
from untrain.bench.tables.frontier import frontier
from untrain.bench.tables.grid import Grid
from untrain.bench.tables.sequences import sequences
from untrain.errors import MISSING, UserError, unknown

AUDITS = {
    "destination": going.AUDIT,
    "centroids": lying.AUDIT,
    "lemma": proving.AUDIT,
    "agreement": agreeing.AUDIT,
}
"""Tables that are made of an audit, which the study has to ask for."""
BLOCKS: dict[str, Callable[[Table], list[Grid]]] = {
    "lemma": proving.theory,
    "agreement": agreeing.agreement,
    "cost": costs,
    "ablation": ablations,
    "frontier": frontier,
}
LACKS = {
    "sequence": ("No request of this study follows another one.", 'forget = [["random:0.1", ...]]'),
    "ablation": ("No method of this study has several settings.", "a list of values for a field"),
    "frontier": ("No method of this study has a Retrain beside it.", "--only retrain"),
    "cost": ("There are no finished runs.", "untrain bench run STUDY"),
}
WHAT = (
    "destination",
    "centroids",
    "lemma",
    "agreement",
    "cost",
    "sequence",
    "ablation",
    "frontier",
)


def grids(
    what: str,
    results: Iterable[Result],
    order: Sequence[str] = (),
    classes: Sequence[str] = (),
    paper: str = "",
) -> list[Grid]:
    """The grids of one of WHAT, block by block.

    order: names of rows as the study has them. classes: names of forgotten classes that have a
    grid of their own in `destination` and `centroids`; () are those that are gone after any
    request of the study, or all of a request if they are few. paper: whose printed rows stand
    below ours in these two.
    Raises UserError if there is no such table, or nothing to make it of.
    """
    if what not in WHAT:
        raise unknown("table", what, WHAT)
    found = tables(results, order)
    if what in AUDITS:
        found = _audited(found, what)
        _check_classes(found, AUDITS[what], classes)
        classes = classes or _gone(found, AUDITS[what])
    if what == "sequence":
        made = sequences(found)
    elif what == "destination":
        made = [grid for table in found for grid in going.destinations(table, classes, paper)]
    elif what == "centroids":
        made = [grid for table in found for grid in lying.distances(table, classes, paper)]
    else:
        made = [grid for table in found for grid in BLOCKS[what](table)]
    if not made:
        why, fix = LACKS[what]
        raise UserError(why, f"--what {what}", f"It takes {fix}.", MISSING)
    return made


def _audited(found: list[Table], what: str) -> list[Table]:
    """The blocks of which any run has the audit. Raises UserError (3) if there is none."""
    name = AUDITS[what]
    kept = [
        table
        for table in found
        if any(run.audits.get(name) for row in table.rows for run in row.runs)
    ]
    if not kept:
        raise UserError(
            f"No finished run has the audit '{name}'.",
            where=f"--what {what}",
            fix=f"Add it to `audits` of the study, and run it again: only '{name}' is measured.",
            code=MISSING,
        )
    return kept


def _gone(found: list[Table], name: str) -> list[str]:
    """Names of the classes of which every image is forgotten, in any block."""
    audits = [
        run.audits.get(name) or {} for table in found for row in table.rows for run in row.runs
    ]
    names = [audit["classes"][k] for audit in audits for k in audit.get("gone", ())]
    return list(dict.fromkeys(names))


def _check_classes(found: list[Table], name: str, classes: Sequence[str]) -> None:
    """Raise UserError for a class that was not forgotten in any block."""
    if not classes or name not in ("destination", "centroids"):
        return
    audits = [
        run.audits.get(name) or {} for table in found for row in table.rows for run in row.runs
    ]
    names = [audit["classes"][int(k)] for audit in audits for k in audit.get("forget", ())]
    forgotten = list(dict.fromkeys(names))
    for one in classes:
        if one not in forgotten:
            raise unknown("forgotten class", one, forgotten)
