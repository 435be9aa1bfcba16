"""The probe: one epoch on retain alone must not bring the forgotten images back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scipy.stats import norm
from torch import nn

from untrain.engine.device import Device
from untrain.metrics.evidence import Outputs
from untrain.task import Task
from untrain.tune.halves import Halves
from untrain.tune.objective import level, right, share, spread
from untrain.verdict.healing import RATES, heal

ALPHA = 0.05
"""One-sided, of each rate: what is significantly above."""


@dataclass(frozen=True)
class Probe:
    """Heals copies of a model and says whether the forgotten images come back.

    lr, batch: of the Original's training; the rates are shares of it, as in the audit.
    """

    task: Task
    halves: Halves
    lr: float
    batch: int
    device: Device

    def __call__(self, model: nn.Module) -> dict[str, Any]:
        """The worst rate: `level` after healing, its `error`, and whether it is `accepted`.

        level: accuracy on the tune half less that on val of the same classes. Significantly above
        0 at any rate, it refuses the model. Of whole classes the accuracy itself must not lie
        significantly above chance either.
        """
        watched = {"forget": self.halves.forget, "val": self.halves.val}
        found = []
        for rate in RATES:
            (healed,) = heal(
                model,
                self.task,
                watched,
                lr=rate * self.lr,
                epochs=(1,),
                batch=self.batch,
                device=self.device,
            )
            found.append(self.judge(healed.sets["forget"], healed.sets["val"]) | {"lr": healed.lr})
        worst = max(found, key=lambda one: one["level"] / one["error"])
        return worst | {"accepted": all(one["accepted"] for one in found)}

    def judge(self, forget: Outputs, val: Outputs) -> dict[str, Any]:
        """Whether a healed model knows forgotten images better than unseen ones."""
        accuracy, _, difference = level(forget, val)
        z = float(norm.ppf(1 - ALPHA))
        accepted = difference.value <= z * difference.error
        if self.halves.whole_classes:
            hits = right(forget)
            above = share(hits) - self.halves.chance
            accepted = accepted and above <= z * spread(hits) ** 0.5
        return {
            "level": difference.value,
            "error": difference.error,
            "forget_accuracy": accuracy,
            "accepted": bool(accepted),
        }
