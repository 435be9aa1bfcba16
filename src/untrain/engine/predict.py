"""Logits and features of a model on a set: test-time transform, eval mode, no gradient."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from untrain.data.augment import Windows, draw
from untrain.data.images import Images
from untrain.engine.device import layout
from untrain.models.output import wrap
from untrain.progress import track


@torch.inference_mode()
def predict(
    model: nn.Module, images: Images, positions: np.ndarray, what: str = "", batch: int = 500
) -> tuple[Tensor, Tensor]:
    """Logits (N, C) and features (N, D), float32 on the CPU, on the device of the model.

    The mode of the model is put back afterwards.
    """
    device = next(model.parameters()).device
    wrapped, was_training = layout(wrap(model)), model.training
    wrapped.eval()
    logits, features = [], []
    chunks = [
        torch.from_numpy(at) for at in np.split(positions, range(batch, len(positions), batch))
    ]
    for rows in track(chunks, what, len(chunks)) if what else chunks:
        windows = Windows(images.x[rows].to(device), images.mean, images.std)
        plain = draw("none", len(rows), 0, torch.Generator())
        out = wrapped(windows.gather(torch.arange(len(rows)), plain))
        logits.append(out.logits.float().cpu())
        features.append(out.features.float().cpu())
    wrapped.train(was_training)
    return torch.cat(logits), torch.cat(features)
