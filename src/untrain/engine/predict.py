"""Logits and features of a model on a set: test-time transform, eval mode, no gradient."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from untrain.data.images import Images
from untrain.data.streams.augment import at_once, draw, seen
from untrain.engine.device import layout
from untrain.errors import GATE, UserError
from untrain.models.given import copied
from untrain.models.ready import ready
from untrain.progress import track


def predict(
    model: nn.Module, images: Images, positions: np.ndarray, what: str = ""
) -> tuple[Tensor, Tensor]:
    """Logits (N, C) and features (N, D) of any classifier, as `outputs` gives them.

    Raises UserError if the model does not suit the images.
    """
    return outputs(ready(model, images), images, positions, what)


@torch.inference_mode()
def outputs(
    model: nn.Module, images: Images, positions: np.ndarray, what: str = "", batch: int = 0
) -> tuple[Tensor, Tensor]:
    """Logits (N, C) and features (N, D), float32 on the CPU, on the device of the model.

    model: one that is `ready`; it stays as it is: a copy does the work. batch: images of one
    forward; 0: as many as suit their size. Raises UserError unless all logits are finite.
    """
    device, batch = next(model.parameters()).device, batch or at_once(images.size)
    copy = layout(copied(model)).eval()
    logits, features = [], []
    chunks = [
        torch.from_numpy(at) for at in np.split(positions, range(batch, len(positions), batch))
    ]
    for rows in track(chunks, what, len(chunks)) if what else chunks:
        plain = draw("none", len(rows), 0, torch.Generator()).to(device)
        shown = seen(images.x[rows].to(device), images, "none")
        out = copy(shown.gather(torch.arange(len(rows), device=device), plain))
        logits.append(out.logits.float().cpu())
        features.append(out.features.float().cpu())
    if not all(bool(torch.isfinite(part).all()) for part in logits):
        raise UserError(
            "The model gives outputs that are not finite.",
            where=what,
            fix="Train it again with a lower --lr, or check the weights.",
            code=GATE,
        )
    return torch.cat(logits), torch.cat(features)
