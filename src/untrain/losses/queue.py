"""A ring of the last retained features with their labels, and the slow model that makes them.

Contrastive unlearning compares forgotten images with a batch of retained ones; the queue offers
more of them than a batch holds, from a model that follows the trained one by a moving average:

    target <- m target + (1 - m) source

Paper: He, Fan, Wu, Xie, Girshick 2020, arXiv 1911.05722 (MoCo); the authors of contrastive
unlearning (Lee et al. 2024, arXiv 2401.10458) published code for such a variant.
Differences: every feature keeps its own label and an empty slot has none. That code attracts the
forgotten class itself until its queue is full, and never moves the slow model.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FeatureQueue(nn.Module):
    """The last `size` features and labels that were pushed; all of it is in the state_dict.

    features: float32 (size, D), without gradient, zeros where empty.
    labels: int64 (size,), -1 where empty, which `cu_loss` passes over.
    cursor: int64 scalar, the slot that is written next.
    Raises ValueError if size or dim is below 1.
    """

    features: Tensor
    labels: Tensor
    cursor: Tensor

    def __init__(self, size: int, dim: int) -> None:
        if size < 1 or dim < 1:
            raise ValueError(f"size and dim must be positive, got {size} and {dim}")
        super().__init__()
        self.register_buffer("features", torch.zeros(size, dim))
        self.register_buffer("labels", torch.full((size,), -1))
        self.register_buffer("cursor", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def push(self, features: Tensor, labels: Tensor) -> None:
        """Put features (N, D) with labels, int64 (N,), in place of the oldest ones.

        Of more than `size` the last ones stay. Raises ValueError for shapes that do not fit.
        """
        size, dim = self.features.shape
        if features.ndim != 2 or features.shape[1] != dim or labels.shape != features.shape[:1]:
            shapes = f"{tuple(features.shape)}, {tuple(labels.shape)}"
            raise ValueError(f"features (N, {dim}) and labels (N,) expected, got {shapes}")
        features, labels = features[-size:], labels[-size:]
        slots = torch.arange(len(labels), device=self.cursor.device)
        slots = (self.cursor + slots) % size
        self.features.index_copy_(0, slots, features.to(self.features))
        self.labels.index_copy_(0, slots, labels.to(self.labels))
        self.cursor.add_(len(labels)).remainder_(size)


@torch.no_grad()
def momentum_update(target: nn.Module, source: nn.Module, momentum: float) -> None:
    """Parameters target <- m target + (1 - m) source, in place and without gradient.

    Buffers (batch norm's statistics) are copied: they are moving averages already.
    momentum: m in [0, 1]. Raises ValueError outside it, or if names or shapes differ.
    Source: He et al. 2020, arXiv 1911.05722, equation 2.
    """
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum must be in [0, 1], got {momentum}")
    if _shapes(target) != _shapes(source):
        raise ValueError("two models with the same parameters and buffers expected")
    for slow, fast in zip(target.parameters(), source.parameters(), strict=True):
        slow.lerp_(fast, 1 - momentum)
    for old, new in zip(target.buffers(), source.buffers(), strict=True):
        old.copy_(new)


def _shapes(model: nn.Module) -> dict[str, torch.Size]:
    tensors = (*model.named_parameters(), *model.named_buffers())
    return {name: tensor.shape for name, tensor in tensors}
