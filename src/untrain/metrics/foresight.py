"""What an audit of a request could see, before any model is looked at: from the labels alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

import numpy as np

from untrain.data.images import Images
from untrain.data.sets.splits import Split
from untrain.metrics.evidence import audited_unseen
from untrain.metrics.membership.auc import null_error
from untrain.metrics.membership.power import (
    cleared,
    fails_at,
    noticed,
    records_needed,
    smallest_margin,
)

CLEARS = 0.95
"""Power of one side of an equivalence test that clears a clean model nine times in ten."""


@dataclass(frozen=True)
class Foresight:
    """What an audit of so many images can show, each 9 times in 10.

    fails: the smallest AUC of forgotten against unseen images that fails a model; NaN where no
    class is among both. clears: the smallest margin in which it places a clean model.
    needed: forgotten images that clear one within `margin`; None where there are too few unseen
    ones for any number. unseen_needed: below so many unseen images no number does.
    """

    forgotten: int
    unseen: int
    margin: float
    fails: float
    clears: float
    needed: int | None
    unseen_needed: int

    def plain(self) -> dict[str, Any]:
        """For JSON: what is not a number is null."""
        return {
            name: None if isinstance(one, float) and not isfinite(one) else one
            for name, one in vars(self).items()
        }

    def sentences(self) -> list[str]:
        """The same in words."""
        sets = f"{self.forgotten:,} forgotten against {self.unseen:,} unseen images"
        if not self.unseen:
            return ["Nothing: there are no unseen images, so that it would answer NOT-TESTABLE."]
        if not isfinite(self.fails):
            return [f"Nothing: of {sets} no class is among both."]
        if self.fails > 1:
            return [f"Nothing: {sets} are too few to fail a model, even at an AUC of 1."]
        told = [f"An audit of {sets} fails an AUC of {self.fails:.2f} or more, 9 times in 10."]
        within = f"a clean model within the margin {self.margin:g}"
        if self.clears <= self.margin:
            told.append(f"It clears {within}, as often.")
        elif self.needed is not None:
            told.append(f"To clear {within} it would need about {self.needed:,} forgotten images.")
        else:
            told.append(
                f"To clear {within} it would need more than {self.unseen_needed:,} unseen images, "
                "however many are forgotten."
            )
        return told


def foresee(images: Images, split: Split, margin: float = 0.05, alpha: float = 0.01) -> Foresight:
    """What an audit of this split's forgotten images could see.

    margin: of the AUC, in (0, 0.5). alpha: of the test that can fail a model by it.
    """
    labels = images.y.numpy()
    mine, other = labels[split.forget], labels[audited_unseen(split)]
    n, m = len(mine), len(other)
    error = null_error(mine, other) if n and m else float("nan")
    apart = noticed(error)
    # the margin as if all images were of one class, where the formula for their number holds
    wanted = margin * smallest_margin(n, m) / apart if np.isfinite(apart) else float("nan")
    needed = records_needed(wanted, m, power=CLEARS) if np.isfinite(wanted) else None
    least = wanted if np.isfinite(wanted) else margin
    return Foresight(
        forgotten=n,
        unseen=m,
        margin=margin,
        fails=0.5 + fails_at(error, margin, alpha),
        clears=cleared(error),
        needed=needed,
        unseen_needed=ceil((noticed(1.0, CLEARS) / least) ** 2 / 12),
    )
