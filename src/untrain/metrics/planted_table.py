"""What was planted, model by model: the rows, what each should be, and what they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm

from untrain.metrics.details import MISSING, Details, Line, pooled
from untrain.metrics.distance.glossary import Measure
from untrain.metrics.estimate import Estimate
from untrain.metrics.planted import Answers, Planting, measure

ALPHA = 1e-3
"""The chance of calling a backdoor open that is closed, or a label known that is not."""
OUTLIERS = (
    "A planted image is no sample like an unseen one, as its label is wrong: it stands out in any "
    "model. Neither an AUC nor a verdict on such a request says anything; these rows do."
)
ROWS = {
    "patch": (
        ("attack_success", "attack success", "low", "other test images with the patch called {a}"),
        ("plain_rate", "  without patch", "", "the same images as they are, called {a}: chance"),
        ("corrective_accuracy", "Acc_corr", "high", "the same images with the patch: accuracy"),
        ("kept_accuracy", "Acc_retain", "high", "accuracy on all test images as they are"),
    ),
    "confusion": (
        ("fgt_err_test", "Fgt-Err test", "low", "test images of {a} called {b}, and of {b} {a}"),
        ("ic_err_test", "IC-Err test", "low", "test images of {a} and {b} called something else"),
        ("corrective_accuracy", "Acc_corr", "high", "accuracy on test images of {a} and {b}"),
        ("kept_accuracy", "Acc_retain", "high", "accuracy on test images of other classes"),
    ),
    "flips": (
        ("called_test", "test {a} called {b}", "low", "test images of {a} called {b}"),
        ("corrective_accuracy", "Acc_corr", "high", "accuracy on test images of {a}"),
        ("kept_accuracy", "Acc_retain", "high", "accuracy on test images of other classes"),
    ),
    "": (("corrective_accuracy", "Acc_corr", "high", "accuracy on test images"),),
}
"""Name, abbreviation, direction and meaning; {a} and {b} are the classes. "": flips of any."""
SEEN = (
    ("repeated", "wrong label", "low", "{of}: called by the wrong label that they were given"),
    ("recovered", "true label", "high", "{of}: called by the true one"),
)
"""The rows of the planted training images themselves."""
OF = {
    "S": ("", "planted training images"),
    "found": (", found", "planted training images that were forgotten"),
    "missed": (", missed", "planted training images that were not, as nobody named them"),
}


def glossary(about: Planting) -> list[Measure]:
    """The rows of this kind of planting, each with the value that is good."""
    plant = about.plant
    kind = plant.kind if plant.classes else ""
    a, b = (*(about.classes[one] for one in plant.classes), "", "")[:2]
    goals = {"": "", "low": "low, as chance", "high": "high"}
    if about.whole:
        goals |= {"low": "Retrain's", "high": "Retrain's"}
    seen = list(SEEN)
    if plant.kind == "confusion":  # the names of the paper, of which this is one
        seen[0] = ("repeated", "Fgt-Err S", *SEEN[0][2:])
        seen.append(("ic_err", "IC-Err S", "low", "{of}: called anything but the true label"))
    rows = [*ROWS[kind]]
    for name in about.groups:
        short, of = OF[name]
        rows += [(f"{n}_{name}", s + short, g, t.replace("{of}", of)) for n, s, g, t in seen]
    group = f"What was planted, {about.spec}"
    return [
        Measure(name, short.format(a=a, b=b), goals[goal], f"{told.format(a=a, b=b)}, %", 2, group)
        for name, short, goal, told in rows
    ]


def compare(
    models: Sequence[Answers], retrains: Sequence[Answers], about: Planting, title: str = ""
) -> Details:
    """Models beside Retrains; equal labels are seeds of one column.

    retrains: may be empty; models labelled "retrain" are among them.
    """
    groups: dict[str, list[Answers]] = {"original": [], "retrain": list(retrains)}
    for one in models:
        groups.setdefault(one.label, []).append(one)
    found = {label: [measure(one, about) for one in many] for label, many in groups.items() if many}
    columns = {
        label: {name: pooled(one[name] for one in many) for name in many[0]}
        for label, many in found.items()
    }
    made = Details(title, list(columns), {label: len(many) for label, many in found.items()}, [])
    for row in glossary(about):
        cells = {label: cells.get(row.name, MISSING) for label, cells in columns.items()}
        if any(np.isfinite(cell.value) for cell in cells.values()):
            made.rows.append(Line(row, cells))
    made.notes += [_told(about), *([_no_goal(about)] if not about.whole else []), OUTLIERS]
    made.readings += [
        reading(label, cells, columns.get("retrain") if about.whole else None, about)
        for label, cells in columns.items()
        if label != "retrain" or not about.whole
    ]
    return made


def _told(about: Planting) -> str:
    count, found = len(about.keys), int(about.found.sum())
    part = "all of them were" if about.whole else f"{found} of them ({found / count:.0%}) were"
    others = f", and {about.beside} others with them" if about.beside else ""
    return f"{about.spec} has changed {count} training images; {part} forgotten{others}."


def _no_goal(about: Planting) -> str:
    left = int((~about.found).sum())
    return (
        f"Retrain was trained with the other {left} as well: coming close to it is no success "
        "here. What should be reached is chance, as a Retrain of --forget planted reaches it."
    )


def reading(
    label: str, cells: dict[str, Estimate], goal: dict[str, Estimate] | None, about: Planting
) -> str:
    """One sentence on a model; goal: what a model gives that never saw anything of it."""
    if "attack_success" in cells:
        return f"{label}: {_door(cells, goal, about.classes[about.plant.classes[0]])}"
    name = f"repeated_{next(iter(about.groups))}"
    repeated, known = cells[name], cells[name.replace("repeated", "recovered")]
    which = "planted images" if name.endswith("_S") else "planted images that were forgotten"
    told = f"it calls {repeated.value:.1f} % of the {which} by their wrong label"
    told += f", {known.value:.1f} % by the true one"
    if goal is None:
        return f"{label}: {told}."
    theirs = goal[name]
    apart = _above(repeated, theirs)
    verdict = "the wrong labels are still known" if apart else "no sign of the wrong labels is left"
    return f"{label}: {verdict}: {told}; Retrain {theirs.value:.1f} %."


def _door(cells: dict[str, Estimate], goal: dict[str, Estimate] | None, target: str) -> str:
    """Whether the backdoor is open: clearly more hits than chance gives."""
    success, plain = cells["attack_success"], cells["plain_rate"]
    chance, whose = (plain, "without it") if goal is None else (goal["attack_success"], "Retrain")
    verdict = (
        "the backdoor is open" if _above(success, chance) else "no sign of the backdoor is left"
    )
    told = f"{success.value:.1f} % with the patch are called {target}; {whose} {chance.value:.1f} %"
    return f"{verdict}: {told}."


def _above(one: Estimate, chance: Estimate) -> bool:
    error = float(np.hypot(one.error, chance.error))
    return one.value - chance.value > float(norm.isf(ALPHA)) * error
