"""Healing: does fine-tuning on retained images alone bring the forgotten ones back?

A copy of the model is trained on retain, and nothing else, at a constant rate. In a model that
holds no trace, forgotten images gain no more from it than unseen ones. Siddiqui et al. 2025,
arXiv 2505.22310; judged by the level after healing, not by the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from untrain.engine.device import Device
from untrain.engine.loop import Loop
from untrain.engine.predict import outputs
from untrain.methods.ft import FT
from untrain.metrics.evidence import Outputs
from untrain.progress import Progress
from untrain.task import Task

RATES = (0.1, 1.0)
"""Learning rates, as shares of the one that the Original was trained with."""
EPOCHS = (1, 3, 5)
"""When it is measured."""


@dataclass(frozen=True)
class Healed:
    """What a model answers after `epoch` passes over retain at the rate `lr`."""

    lr: float
    epoch: int
    sets: dict[str, Outputs]


def heal(
    model: nn.Module,
    task: Task,
    watched: Mapping[str, np.ndarray],
    *,
    lr: float,
    epochs: Sequence[int] = EPOCHS,
    batch: int = 64,
    seed: int = 0,
    device: Device | None = None,
    what: str = "",
) -> list[Healed]:
    """Fine-tune a copy of the model on `task`'s retain images and measure it on the way.

    watched: positions in the task's images, by the name of the set. epochs: after which passes.
    what: shows progress under this name. The model stays as it is.
    """
    recipe = FT(epochs=max(epochs), batch=batch, lr=lr, lr_min=min(lr, 1e-4), schedule="constant")
    loop = Loop(recipe, task, model, seed=seed, device=device)
    found: list[Healed] = []

    def look(done: float, row: dict[str, Any] | None) -> None:
        if row is not None and row["epoch"] in epochs:
            sets = {name: answers(loop.model, task, at) for name, at in watched.items()}
            found.append(Healed(lr, row["epoch"], sets))

    if not what:
        loop.run(observe=look)
        return found
    with Progress(what, recipe.epochs) as shown:

        def tell(done: float, row: dict[str, Any] | None) -> None:
            look(done, row)
            shown.observe(done, row)

        loop.run(observe=tell)
    return found


def answers(model: nn.Module, task: Task, positions: np.ndarray) -> Outputs:
    """What a model that is `ready` says of these images."""
    logits, _ = outputs(model, task.images, positions)
    return Outputs(logits.numpy(), task.images.y.numpy()[positions], task.images.keys[positions])
