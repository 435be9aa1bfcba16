"""C4: InfoNCE by one matrix product beside cosines broadcast to (N, N, D)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from untrain.losses import info_nce

from .peers import broadcast_info_nce
from .rounds import Bar, Case, Check, Size

Loss = Callable[[Tensor, Tensor], Tensor]


def contrastive(size: Size) -> Case:
    """C4: forward and backward of two views' features."""
    chance = torch.Generator().manual_seed(0)
    features = torch.randn(2, size.batch, size.features, generator=chance)

    def gradients(loss: Loss) -> tuple[Tensor, Tensor]:
        leaves = features.clone().requires_grad_()
        value = loss(leaves[0], leaves[1])
        value.backward()
        assert leaves.grad is not None
        return value.detach(), leaves.grad

    def checks() -> list[Check]:
        (ours, grad), (theirs, known) = gradients(info_nce), gradients(broadcast_info_nce)
        return [
            Check("relative difference of the loss", ((ours - theirs) / theirs).abs().item(), 1e-6),
            Check("largest difference of the gradient", (grad - known).abs().max().item(), 1e-6),
            Check("MB saved for backward", saved(info_nce, features) / 1e6, 5),
        ]

    ours, theirs = "InfoNCE by matrix product", "broadcast InfoNCE (N x N x D)"
    return Case(
        {ours: lambda: gradients(info_nce), theirs: lambda: gradients(broadcast_info_nce)},
        (Bar("C4", theirs, ours, 100),),
        {ours: 100, theirs: 4},
        checks,
    )


def saved(loss: Loss, features: Tensor) -> int:
    """Bytes that the graph of a loss holds for its backward, each storage once."""
    held: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        held[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    leaves = features.clone().requires_grad_()
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        loss(leaves[0], leaves[1])
    return sum(tensor.untyped_storage().nbytes() for tensor in held.values())
