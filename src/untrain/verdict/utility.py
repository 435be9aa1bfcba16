"""What forgetting cost: stands beside the verdict, never inside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from untrain.metrics.accuracy import accuracy
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs, view
from untrain.verdict.case import Case, Party


@dataclass(frozen=True)
class Change:
    """Accuracy (%) before and after, the change with its 95 % interval, and Retrain's, which is
    the change that fewer images alone explain (NaN without a Retrain)."""

    name: str
    before: float
    after: float
    low: float
    high: float
    retrain: float


def changes(case: Case) -> list[Change]:
    """Test and retain accuracy beside the Original's; empty without one."""
    if case.original is None:
        return []
    keys = case.task.images.keys[case.task.split.forget]

    def sets(party: Party) -> dict[str, Outputs]:
        seen = view(party.evidence, keys)
        return {"test": seen.test_kept, "retain": seen.retain}

    before, after = sets(case.original), sets(case.party)
    others = [sets(party) for party in case.retrains]
    made = []
    for name in before:
        moved = paired(before[name], after[name])
        low, high = moved.interval()
        theirs = float(np.mean([accuracy(one[name]) for one in others])) if others else np.nan
        values = accuracy(before[name]), accuracy(after[name])
        made.append(Change(name, *values, 100 * low, 100 * high, theirs - values[0]))
    return made


def paired(before: Outputs, after: Outputs) -> Estimate:
    """Change of accuracy on the same images, as a fraction.

    McNemar's variance with one gain and one loss more than were seen (Agresti and Min 2005), so
    that a few images without a change are not taken for certainty.
    """
    right = [one.predictions == one.labels for one in (before, after)]
    count = len(before)
    if not count:
        return Estimate(float("nan"), float("nan"))
    gains, losses = int((right[1] & ~right[0]).sum()), int((right[0] & ~right[1]).sum())
    apart = gains + losses + 1 - (gains - losses) ** 2 / (count + 2)
    return Estimate((gains - losses) / count, apart**0.5 / (count + 2))
