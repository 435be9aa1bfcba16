"""The audit: every model's measures beside Retrain's, with the gap, its floor, and plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy import nan
from scipy.stats import t

from untrain.errors import UserError
from untrain.metrics.accuracy import accuracy, agreement
from untrain.metrics.evidence import Evidence, View, view
from untrain.metrics.gap import (
    floor_of_gaps,
    floor_of_means,
    gap_interval,
    gap_of_means,
    mean_of_gaps,
)
from untrain.metrics.membership import membership_auc
from untrain.metrics.membership.efficacy import mia_efficacy


@dataclass(frozen=True)
class Metric:
    """A column: its name, its abbreviation, what a good value is, and what it means."""

    name: str
    short: str
    goal: str
    definition: str
    digits: int = 2


METRICS = (
    Metric("retain_accuracy", "RA", "Retrain's", "accuracy on retained training images, %"),
    Metric(
        "unlearn_accuracy",
        "UA",
        "Retrain's",
        "100 minus accuracy on forgotten images, %; higher than Retrain's is over-forgetting",
    ),
    Metric("test_accuracy", "TA", "Retrain's", "accuracy on test images of retained classes, %"),
    Metric(
        "mia_efficacy",
        "MIA",
        "Retrain's",
        "forgotten images that a confidence SVM (retain against test) calls non-members, %",
    ),
    Metric(
        "membership_auc",
        "AUC",
        "Retrain's",
        "forgotten against never seen images of the same class, by margin; 0.5 is chance, and "
        "what a random request should come to",
        digits=3,
    ),
    Metric(
        "agreement",
        "agree",
        "Retrain's",
        "forgotten images on which the prediction is Retrain's, %; Retrain's row: between Retrains",
    ),
)
GAP = tuple(metric.name for metric in METRICS[:4])
"""The measures that the average gap is taken over."""
GONE = Metric(
    "gone_test_accuracy", "TA gone", "0", "accuracy on test images of the forgotten classes, %"
)


@dataclass(frozen=True)
class Subject:
    """One model under audit.

    cost: seconds and flops of making it, where known. notes: what its method had to say.
    """

    label: str
    evidence: Evidence
    seed: int = 0
    cost: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass
class Row:
    """All seeds of one method: values by metric, one per seed."""

    label: str
    seeds: list[int]
    values: dict[str, list[float]]
    gap: dict[str, Any] = field(default_factory=dict)
    """average, interval, floor, paired, paired_floor; in percentage points."""
    remark: str = ""

    def mean(self, name: str) -> float:
        values = self.values.get(name, [])
        return float(np.mean(values)) if values else float("nan")

    def std(self, name: str) -> float:
        """Standard deviation over seeds; NaN for fewer than three."""
        values = self.values.get(name, [])
        return float(np.std(values, ddof=1)) if len(values) >= 3 else float("nan")

    def interval(self, name: str) -> float:
        """Half the 95 % Student interval of the mean over seeds; NaN for fewer than three."""
        count = len(self.values.get(name, []))
        return float(t.ppf(0.975, count - 1) * self.std(name) / count**0.5) if count >= 3 else nan

    def matrix(self) -> np.ndarray:
        """(seeds, 4): what the average gap is taken over."""
        return np.array([self.values[name] for name in GAP]).T


@dataclass
class Audit:
    """A table against Retrain. Print it; `rows` holds every value."""

    title: str
    rows: list[Row]
    metrics: tuple[Metric, ...]
    notes: list[str]

    def __str__(self) -> str:
        from untrain.metrics.table import text

        return text(self)

    def row(self, label: str) -> Row:
        return next(row for row in self.rows if row.label == label)


def audit(
    subjects: Sequence[Subject],
    retrains: Sequence[Subject],
    forget_keys: np.ndarray,
    *,
    requests: Sequence[np.ndarray] = (),
    title: str = "",
    choosing: bool = False,
    exact_mia: bool = False,
) -> Audit:
    """Measure models against Retrain on one split.

    subjects: the Original first, then methods; equal labels are seeds of one row.
    retrains: Retrains of the same split, for gaps and agreement; may be empty. Subjects labelled
        "retrain" are among them.
    forget_keys: keys of the forgotten images, those of all requests together.
    requests: keys of each request, in order; with two or more, each has a column of its own.
    choosing: measure on val instead of test and unseen, as choices must.
    exact_mia: fit the full SVM for MIA efficacy.
    """
    retrains = [*retrains, *(one for one in subjects if one.label == "retrain")]
    subjects = [one for one in subjects if one.label != "retrain"]
    views = [view(s.evidence, forget_keys, choosing=choosing) for s in (*retrains, *subjects)]
    ours = views[: len(retrains)]
    if not len(views[0].forget):
        raise UserError("None of the forgotten keys is in the evidence.", fix="Check the split.")
    several = requests if len(requests) > 1 else ()
    columns = {of_request(number): keys for number, keys in enumerate(several, 1)}
    rows: dict[str, Row] = {}
    for number, (subject, seen) in enumerate(zip((*retrains, *subjects), views, strict=True)):
        others = [one for one in ours if one is not seen]
        values = measure(seen, others, exact_mia) | subject.cost
        values |= {one.name: unlearned(seen, keys) for one, keys in columns.items()}
        label = "retrain" if number < len(retrains) else subject.label
        row = rows.setdefault(label, Row(label, [], {}))
        row.seeds.append(subject.seed)
        for name, value in values.items():
            row.values.setdefault(name, []).append(value)
    retrain = rows.get("retrain")
    first = [rows[label] for label in ("original", "retrain") if label in rows]
    ordered = first + [row for row in rows.values() if row not in first]
    for row in ordered:
        if retrain is not None:
            _compare(row, retrain)
    metrics = METRICS + (GONE,) * bool(len(views[0].gone)) + tuple(columns)
    made = Audit(title, ordered, metrics, [])
    from untrain.metrics.remarks import remark

    remark(made, views[0], [len(keys) for keys in several])
    made.notes += [
        f"{one.label}, seed {one.seed}: {note}" for one in subjects for note in one.notes
    ]
    return made


def of_request(number: int) -> Metric:
    """The column of one of several requests."""
    definition = f"UA on the images of request {number}; UA is on those of all requests"
    return Metric(f"unlearn_accuracy_{number}", f"UA {number}", "Retrain's", definition)


def unlearned(seen: View, keys: np.ndarray) -> float:
    """100 minus accuracy (%) on some of the forgotten images."""
    return 100 - accuracy(seen.forget.take(np.isin(seen.forget.keys, keys)))


def measure(seen: View, retrains: Sequence[View], exact_mia: bool = False) -> dict[str, float]:
    """All measures of one model; agreement is the mean over the Retrains given."""
    agree = [agreement(seen.forget, one.forget) for one in retrains]
    values = {
        "retain_accuracy": accuracy(seen.retain),
        "unlearn_accuracy": 100 - accuracy(seen.forget),
        "test_accuracy": accuracy(seen.test_kept),
        "mia_efficacy": mia_efficacy(
            seen.retain.confidence,
            seen.test_kept.confidence,
            seen.forget.confidence,
            exact=exact_mia,
        ),
        "membership_auc": membership_auc(seen.forget, seen.reference)[0],
        "agreement": float(np.mean(agree)) if agree else float("nan"),
    }
    if len(seen.gone):
        gone = np.isin(seen.test.labels, seen.gone)
        values["gone_test_accuracy"] = accuracy(seen.test.take(gone))
    return values


def _compare(row: Row, retrain: Row) -> None:
    """Fill in gaps, their interval and floor, and the cost relative to Retrain."""
    costs = {
        name: row.mean(name) / retrain.mean(name)
        for name in ("flops", "seconds")
        if name in row.values and name in retrain.values
    }
    row.values |= {f"relative_{name}": [value] for name, value in costs.items()}
    theirs = retrain.matrix()
    if row is retrain:
        row.gap = {"floor": floor_of_means(theirs, 1), "paired_floor": floor_of_gaps(theirs)}
        return
    by_seed = dict(zip(retrain.seeds, theirs, strict=True))
    mine = row.matrix()
    paired, beside = None, theirs
    if all(seed in by_seed for seed in row.seeds) and len(set(row.seeds)) == len(row.seeds):
        beside = np.array([by_seed[seed] for seed in row.seeds])
        paired = mean_of_gaps(mine, beside)
    row.gap = {
        "average": gap_of_means(mine, theirs),
        "interval": gap_interval(mine, beside),
        "floor": floor_of_means(theirs, len(mine)),
        "paired": paired,
        "paired_floor": floor_of_gaps(theirs),
    }
