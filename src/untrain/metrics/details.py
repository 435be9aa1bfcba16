"""What the audit's table cannot show: models beside Retrain, image by image and in feature space.

A row per measure of `distance.glossary`, a column per model with value and error. What compares
with Retrain stands in Retrain's own column as Retrain against Retrain: the floor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from untrain.errors import UserError
from untrain.metrics.audit import Subject
from untrain.metrics.distance import measures
from untrain.metrics.distance.cka import cka
from untrain.metrics.distance.glossary import MEASURES, Measure, layer
from untrain.metrics.distance.measures import Side
from untrain.metrics.embeddings import Embeddings
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import view
from untrain.metrics.membership.efficacy import mia_efficacy

MISSING = Estimate(float("nan"), float("nan"))


class Model(NamedTuple):
    """One model: its outputs, and its embeddings of the images of the request."""

    subject: Subject
    embeddings: Embeddings


@dataclass(frozen=True)
class Line:
    """One measure: an Estimate per column, NaN where it does not apply."""

    measure: Measure
    cells: dict[str, Estimate]


@dataclass
class Details:
    """Print it; `rows` holds every value.

    columns: labels, the Original and Retrain first. seeds: how many models each stands for.
    readings: in plain words. tables: destinations, centroid distances, curves of R[eps] and
    Theorem 1 of each column's first model, as plain values.
    """

    title: str
    columns: list[str]
    seeds: dict[str, int]
    rows: list[Line]
    readings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text()

    def row(self, name: str) -> Line:
        return next(row for row in self.rows if row.measure.name == name)

    def text(self, width: int | None = None, glossary: bool = True) -> str:
        """Aligned plain text; more columns than a screen holds are stacked."""
        from untrain.metrics.details_table import text

        return text(self, width, glossary)

    def markdown(self) -> str:
        from untrain.metrics.details_table import markdown

        return markdown(self)

    def values(self) -> dict[str, Any]:
        """Everything as plain values for JSON; what is not a number is null."""
        from untrain.metrics.details_table import values

        return values(self)


def details(
    models: Sequence[Model],
    retrains: Sequence[Model],
    forget_keys: np.ndarray,
    classes: Sequence[str],
    *,
    title: str = "",
) -> Details:
    """Models beside Retrains of one split and request.

    models: the Original first, then methods; equal labels are seeds of one column. retrains: may
    be empty; models labelled "retrain" are among them. classes: their names.
    Raises UserError if nothing of the request is in the evidence.
    """
    retrains = [*retrains, *(one for one in models if one.subject.label == "retrain")]
    models = [one for one in models if one.subject.label != "retrain"]
    theirs = [_side(one, forget_keys, "retrain") for one in retrains]
    sides = [_side(one, forget_keys, one.subject.label) for one in models]
    if not all(len(side.view.forget) for side in (*theirs, *sides)):
        raise UserError("None of the forgotten keys is in the evidence.", fix="Check the split.")
    by_label: dict[str, list[Side]] = {}
    for side in (*[s for s in sides if s.label == "original"], *theirs, *sides):
        if not any(side is known for known in by_label.setdefault(side.label, [])):
            by_label[side.label].append(side)
    original = by_label.get("original", [None])[0]
    columns = {label: _column(group, theirs, original) for label, group in by_label.items()}
    made = Details(title, list(columns), {k: len(v) for k, v in by_label.items()}, [])
    for measure in _rows(columns):
        cells = {label: found.get(measure.name, MISSING) for label, found in columns.items()}
        if any(np.isfinite(cell.value) for cell in cells.values()):
            made.rows.append(Line(measure, cells))
    from untrain.metrics.readings import read

    read(made, {label: group[0] for label, group in by_label.items()}, list(classes))
    return made


def pooled(found: Iterable[Estimate], middle: bool = False) -> Estimate:
    """One value for several models or Retrains: the mean, or the median of p-values.

    The error joins that of the images, which all share, and the spread between them.
    """
    known = [one for one in found if np.isfinite(one.value)]
    if not known:
        return MISSING
    values = np.array([one.value for one in known])
    if middle:
        return Estimate(float(np.median(values)), float("nan"))
    spread = float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0
    errors = [one.error**2 for one in known if np.isfinite(one.error)]
    alone = len(values) == 1 and not errors
    error = float("nan") if alone else float(np.sqrt(np.mean([*errors] or [0.0]) + spread))
    return Estimate(float(values.mean()), error)


def _side(model: Model, forget_keys: np.ndarray, label: str) -> Side:
    seen = view(model.subject.evidence, forget_keys)
    known = [seen.retain, seen.test_kept, seen.forget]
    efficacy = float("nan")
    if all(len(one) for one in known):
        efficacy = float(mia_efficacy(*(one.confidence for one in known)))
    return Side(label, seen, model.embeddings, efficacy)


def _column(
    group: Sequence[Side], retrains: Sequence[Side], original: Side | None
) -> dict[str, Estimate]:
    """All measures of the seeds of one label."""
    found: list[dict[str, Estimate]] = [measures.alone(side) for side in group]
    for place, side in enumerate(group):
        mine = side.label == "retrain"  # each pair of Retrains once
        others = retrains[place + 1 :] if mine else retrains
        found += [measures.against(side, other) for other in others]
        if original is not None and side.label != "original":
            pair = (one.embeddings.samples["forget"].features for one in (side, original))
            found.append({"cka_original": cka(*pair)})
    names = dict.fromkeys(name for one in found for name in one)
    return {
        name: pooled((one[name] for one in found if name in one), name.endswith("_p"))
        for name in names
    }


def _rows(columns: dict[str, dict[str, Estimate]]) -> list[Measure]:
    """The glossary in its order, inner layers below the features."""
    inner = dict.fromkeys(name for found in columns.values() for name in found if "/" in name)
    rows: list[Measure] = []
    for measure in MEASURES:
        rows.append(measure)
        if measure.name == "cka_unseen":
            rows += [layer(name.partition("/")[2]) for name in inner]
    return rows
