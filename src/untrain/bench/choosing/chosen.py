"""What a tuning study has chosen: a table of its trials, and a recipe with its evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from untrain.bench.choosing.fairness import is_reference, is_trial, seeds, split_seeds
from untrain.bench.choosing.tune import Choice, Trial, on_val
from untrain.bench.job import Result
from untrain.bench.numbers.statistics import GAP, Row
from untrain.bench.tables.grid import Grid, number
from untrain.config import changed

if TYPE_CHECKING:
    from untrain.bench.asking.study import Study

OBJECTIVE = "average gap to Retrain over RA, UA, TA and MIA, test images replaced by val, in points"
NOTES = [
    "gap: to Retrain, averaged over RA, UA, TA and MIA, in points; TA and MIA's non-members are of "
    "val: neither test nor unseen images were looked at.",
    "Gaps that are equal to two digits are a tie: the smaller learning rate is chosen, then the "
    "combination that stands first.",
]


def grid(choices: Sequence[Choice], results: Iterable[Result], title: str) -> Grid:
    """All trials of all methods below Retrain, the chosen ones marked. results: of the study."""
    head = ["trial", "gap", "RA", "UA", "TA val", "MIA", ""]
    retrain = Row("retrain", tuple(on_val(run) for run in results if is_reference(run.cell)))
    rows = [["retrain", "-", *(number(retrain.mean(name)) for name in GAP), ""]]
    rows += [row(choice, trial) for choice in choices for trial in choice.trials]
    ends = [choice for choice in choices if choice.at_end]
    notes = [
        f"{choice.label}: the chosen {' and '.join(choice.at_end)} lies at the end of its range; "
        "better values may lie beyond."
        for choice in ends
    ]
    notes += [
        f"{choice.label}: {choice.failed} of {len(choice.trials)} trials failed; they count."
        for choice in choices
        if choice.failed
    ]
    floor = choices[0].best.floor
    notes.append(
        f"floor: {number(floor)}; gaps that differ by less cannot be told apart."
        if math.isfinite(floor)
        else "With one Retrain it is not known how much of a gap is noise."
    )
    return Grid(title, head, rows, [*notes, *NOTES])


def row(choice: Choice, trial: Trial) -> list[str]:
    means = [number(trial.means.get(name, math.nan)) for name in GAP]
    best = trial is choice.best
    ends = f", {' and '.join(choice.at_end)} at the end" if choice.at_end else ""
    told = f"failed: {trial.failed}" if trial.failed else f"chosen{ends}" if best else ""
    return [f"{choice.label} {trial}", number(trial.gap), *means, told]


def recipe(
    choices: Sequence[Choice], results: Sequence[Result], study: Study, **about: str
) -> dict[str, dict[str, Any]]:
    """The tables of a recipe: its evidence, and of each method all that differs from its defaults.

    results: of the study. about: more to be told of it, as the command and the date.
    """
    trials = [run for run in results if is_trial(run.cell)]
    retrains = [run for run in results if is_reference(run.cell)]
    cells = [run.cell for run in trials]
    told: dict[str, Any] = {
        "title": study.title,
        "study": study.name,
        "size": study.size,
        **{name: text for name, text in about.items() if text},
        "commit": joined(run.about.get("environment", {}).get("commit", "") for run in trials),
        "data": joined(cell.block.data for cell in cells),
        "model": joined(cell.block.model for cell in cells),
        "forget": joined(cell.block.forget for cell in cells),
        "split_seeds": sorted(split_seeds(cells)),
        "tuning_seeds": sorted(seeds(cells)),
        "retrain_seeds": sorted({run.cell.train_seed for run in retrains}),
        "objective": OBJECTIVE,
    }
    told |= {choice.best.job.method.name: evidence(choice) for choice in choices}
    return {"about": told} | {one.best.job.method.name: values(one.best) for one in choices}


def joined(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(word for word in words if word))


def evidence(choice: Choice) -> dict[str, Any]:
    """How a method's values were found, with all that was tried."""
    return {
        "searched": list(choice.best.values),
        "trials": len(choice.trials),
        "failed": choice.failed,
        **figures(choice.best),
        **({"floor": round(choice.best.floor, 4)} if math.isfinite(choice.best.floor) else {}),
        "at_end": choice.at_end,
        "tried": [
            {**trial.values, **({"failed": trial.failed} if trial.failed else figures(trial))}
            for trial in choice.trials
        ],
    }


def figures(trial: Trial) -> dict[str, float]:
    """What came of a trial: its gap, and TA on val."""
    return {"gap": round(trial.gap, 4), "val_accuracy": round(trial.means["test_accuracy"], 4)}


def values(best: Trial) -> dict[str, Any]:
    """What a recipe says of a method: the searched fields first, then others, then its terms."""
    others = {n: v for n, v in changed(best.job.method).items() if n not in best.values}
    return {**best.values, **others, **{term.name: changed(term) for term in best.job.terms}}
