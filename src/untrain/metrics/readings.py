"""`Details` in plain words: where forgotten classes go, and what the papers' diagnostics show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from untrain.metrics.details import Details
from untrain.metrics.distance import alignment, centroids, destination
from untrain.metrics.distance.glossary import EPS
from untrain.metrics.distance.measures import Side, theorem
from untrain.metrics.estimate import Estimate

ALPHA = 0.05
MOST = 3
"""Gone classes that are read out."""


def read(made: Details, sides: dict[str, Side], names: list[str]) -> None:
    """Fill in readings, notes and tables; sides: one model per column."""
    width = next(iter(sides.values())).view.forget.logits.shape[1]
    names = [*names, *(str(k) for k in range(len(names), width))]
    names = [f"class {name}" if name.isdigit() else name for name in names]
    retrain = sides.get("retrain")
    for label, side in sides.items():
        made.tables[label] = tables(side, names)
        if side is not retrain:
            made.readings += went(label, side, retrain, names)
    made.readings += [*_energy(made), *_lemma(made)]
    made.readings += _theorem(made)
    if retrain is None:
        made.notes.append("Without a Retrain, only what needs none is shown.")
    elif made.seeds["retrain"] < 2:
        made.notes.append(
            "One Retrain has no floor: name a second one (--retrain) to see by how much two "
            "Retrains differ."
        )
    else:
        made.notes.append(
            "Retrain's column compares each Retrain with the others: the floor of its rows."
        )
    if next(iter(sides.values())).view.test_stands_in:
        made.notes.append("No unseen images were held out: test images stand in for them.")
    made.notes.append("± is one standard error: of the images, and of the models where several.")


def went(label: str, side: Side, retrain: Side | None, names: list[str]) -> list[str]:
    """Where classes go, beside Retrain or unseen images: those gone, or the one most different."""
    seen = side.view
    beside = seen.reference if retrain is None else retrain.view.forget
    whose = "unseen images" if retrain is None else "Retrain"
    mine, theirs = destination.hard(seen.forget), destination.hard(beside)
    tv = np.nan_to_num(destination.total_variation(mine, theirs), nan=-1.0)
    kept = [int(c) for c in theirs.classes]
    gone = [int(c) for c in seen.gone if int(c) in kept][:MOST]
    chosen = gone or [int(mine.classes[int(tv.argmax())])]
    told = []
    for c in chosen:
        if c not in kept:
            continue
        a, b = (destination.top(t.row(c), names) for t in (mine, theirs))
        which = "" if gone else " (the class that differs most)"
        told.append(f"{label}: forgotten {names[c]} images go to {a}; {whose}: {b}{which}.")
    return told


def _energy(made: Details) -> list[str]:
    """Which models' features tell forgotten from unseen images."""
    found = _cells(made, "energy_p")
    values = _cells(made, "energy")
    groups: dict[bool, list[str]] = {False: [], True: []}
    for label, p in found.items():
        if math.isfinite(p.value):
            groups[p.value <= ALPHA].append(f"{label} ({values[label].value:.4f})")
    told = []
    if groups[True]:
        told.append(f"features tell forgotten from unseen images in {', '.join(groups[True])}")
    if groups[False]:
        told.append(f"features do not tell them apart in {', '.join(groups[False])}")
    return [f"Energy distance (p at most {ALPHA}): " + "; ".join(told) + "."] if told else []


def _lemma(made: Details) -> list[str]:
    """Whether R_retain <= R_forget: it holds, it does not, or the interval has 0 inside."""
    groups: dict[str, list[str]] = {}
    for label, one in _cells(made, "lemma").items():
        if not math.isfinite(one.value):
            continue
        low, high = one.interval()
        verdict = "does not hold" if high < 0 else "holds" if low > 0 else "not decided"
        groups.setdefault(verdict, []).append(f"{label} ({one.value:+.1f})")
    told = "; ".join(f"{verdict} for {', '.join(group)}" for verdict, group in groups.items())
    what = f"Lemma 1 at eps {EPS} (R of forgotten less R of retained images, points of %)"
    return [f"{what}: {told}."] if groups else []


def _theorem(made: Details) -> list[str]:
    """One sentence for all models."""
    known = {label: one["theorem"] for label, one in made.tables.items() if one["theorem"]}
    if not known:
        return []
    bad = [label for label, one in known.items() if one["vacuous"]]
    if len(bad) == len(known):
        least = min(one["rho_max"] for one in known.values())
        return [
            f"Theorem 1 is vacuous for all {len(known)} models: the smallest rho_max is "
            f"{least:.1f}, and its condition needs one under 0.27."
        ]
    fine = [label for label in known if label not in bad]
    return [f"Theorem 1 says something for {', '.join(fine)}" + "; it is vacuous for the rest."]


def _cells(made: Details, name: str) -> dict[str, Estimate]:
    rows = [row for row in made.rows if row.measure.name == name]
    return rows[0].cells if rows else {}


def tables(side: Side, names: list[str]) -> dict[str, Any]:
    """Destinations, centroid distances (row_max; excess over unseen images, in radii), R[eps] and
    Theorem 1, as plain values."""
    made, seen = side.embeddings, side.view
    where = {"forget": seen.forget, "unseen": seen.reference}
    forget, unseen = made.samples["forget"], made.samples["unseen"]
    far = centroids.profile(forget, made.classes)
    beyond = centroids.excess(forget, unseen, made.classes)[0]
    theory = theorem(side)
    return {
        "destinations": {
            name: _named(destination.hard(outputs), names) for name, outputs in where.items()
        },
        "centroids": _profile(far, names),
        "centroids_excess": _profile(beyond, names),
        "misaligned": {
            augment: {name: _curve(alignment.curve(one)) for name, one in sets.items()}
            for augment, sets in made.views.items()
        },
        "theorem": theory and {**theory._asdict(), "vacuous": theory.vacuous},
    }


def _profile(far: centroids.Profile, names: list[str]) -> dict[str, dict[str, float]]:
    columns = [names[int(k)] for k in far.retained]
    return {
        names[int(c)]: {k: round(float(d), 4) for k, d in zip(columns, row, strict=True)}
        for c, row in zip(far.classes, far.rows, strict=True)
    }


def _named(table: destination.Table, names: list[str]) -> dict[str, dict[str, float]]:
    return {
        names[int(c)]: {names[k]: round(float(p), 4) for k, p in enumerate(row) if p > 0}
        for c, row in zip(table.classes, table.rows, strict=True)
    }


def _curve(found: alignment.Curve) -> dict[str, Any]:
    parts = {name: getattr(found, name) for name in ("eps", "share", "low", "high")}
    return {"n": found.n} | {
        name: [round(float(v), 4) if math.isfinite(v) else None for v in part]
        for name, part in parts.items()
    }
