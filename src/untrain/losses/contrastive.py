"""The contrastive loss of CoUn: two views of an image agree, views of different images do not."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def info_nce(z1: Tensor, z2: Tensor, tau: float = 0.1) -> Tensor:
    """Two-view InfoNCE:  CE(S, 1..N) + CE(S^T, 1..N),  S_ij = cos(z1_i, z2_j) / tau.

    Each cross-entropy is a mean over the batch; they are summed, without a factor of a half.
    Negatives are the other images' second views. At chance the value is 2 log N.

    z1, z2: features of two views of the same images, (N, D). tau: temperature, > 0.
    Returns a scalar in float32, 0 for N = 1. Raises ValueError if the shapes differ.
    Source: Khalil et al. 2025, arXiv 2509.16391, listing B.2.
    """
    if z1.shape != z2.shape or z1.ndim != 2:
        raise ValueError(f"two (N, D) views expected, got {tuple(z1.shape)}, {tuple(z2.shape)}")
    if tau <= 0:
        raise ValueError(f"tau must be positive, got {tau}")
    with full_precision(z1.device.type):
        similarity = normalize(z1.float()) @ normalize(z2.float()).T / tau  # (N, N)
        own = torch.arange(len(z1), device=z1.device)
        return cross_entropy(similarity, own) + cross_entropy(similarity.T, own)


def full_precision(device: str) -> AbstractContextManager[object]:
    """No autocast on this type of device (meta tensors know none)."""
    known = torch.amp.is_autocast_available(device)
    return torch.autocast(device, enabled=False) if known else nullcontext()
