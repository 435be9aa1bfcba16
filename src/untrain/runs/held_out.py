"""Held-out images of a model that was trained elsewhere: are they there, and do they look new?"""

from __future__ import annotations

import numpy as np
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import Split
from untrain.engine.predict import outputs
from untrain.metrics.evidence import Outputs
from untrain.metrics.trained_on import suspicion, too_few
from untrain.progress import say
from untrain.rng import numpy_rng

SAMPLE = 2000
"""Images of each set that are looked at."""


def doubts(model: nn.Module, images: Images, split: Split) -> list[str]:
    """What makes val and unseen images doubtful, said as well: that the model knows them as well as
    its training images. That there are no unseen images is only said.

    model: one that is `ready`; it stays as it is.
    """
    told = []
    if not len(split.unseen):
        say(
            "There are no unseen images, so that an audit will answer NOT-TESTABLE: give some with "
            "--unseen DATA, or --unseen test:0.5"
        )
    seen = {
        name: _answers(model, images, getattr(split, name), name)
        for name in ("train", "test", "val", "unseen")
        if len(getattr(split, name)) and (len(split.val) or len(split.unseen))
    }
    for name in ("val", "unseen"):
        if name in seen and "test" in seen:
            found = suspicion(name, seen["train"], seen[name], seen["test"])
            told += [f"{found.sentence}."] if found else []
            if not found and too_few(seen["train"], seen[name]):
                count = len(seen[name])
                say(f"{name}: {count} images are too few to see whether they were trained on")
    for sentence in told:
        say(f"warning: {sentence}")
    return told


def _answers(model: nn.Module, images: Images, at: np.ndarray, name: str) -> Outputs:
    some = np.sort(numpy_rng(0, "import", "held out", name).permutation(at)[:SAMPLE])
    logits, _ = outputs(model, images, some, f"{name} images")
    return Outputs(logits.numpy(), images.y.numpy()[some], images.keys[some])
