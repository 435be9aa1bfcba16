"""The loss of Contrastive Unlearning: forgotten images leave their class for the other classes.

Each forgotten image i is an anchor against a batch of retained images j, with unit features z:

    s_ij = z_i . z_j / tau,   P_i = {j: y_j != y_i} attracts,   N_i = {j: y_j = y_i} repels
    L_i  = -(1/|P_i|) sum_{P_i} s_ij + log D_i,   D_i = sum_{N_i} exp(s_ij)
    L    = mean of L_i over the anchors whose P_i is not empty

Paper: Lee, Zhang, Yang, Lou, Xiong 2024, arXiv 2401.10458 (IJCAI 2025).
Differences: log D_i is 0 where N_i is empty, as in class unlearning. No anchor kept gives 0.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

from untrain.losses.contrastive import full_precision

Denominator = Literal["paper", "official"]


def cu_loss(
    z_forget: Tensor,
    y_forget: Tensor,
    z_retain: Tensor,
    y_retain: Tensor,
    tau: float = 0.2,
    denominator: Denominator = "paper",
) -> Tensor:
    """Forgotten features pulled to retained ones of other classes, pushed off their own class.

    z_forget: features (B, D). y_forget: their labels, int64 (B,), >= 0.
    z_retain: features (R, D). y_retain: their labels, int64 (R,); a row whose label is below 0 is
    no image at all (an empty slot of a queue) and is in neither P_i nor N_i.
    tau: temperature, > 0. Features of any length: they are normalised here, and both get gradient.
    denominator: "paper", the formula above; or "official", what the authors' code computes,
        L_i = -(1/|P_i|) sum_{P_i} (s_ij - m_i) + (n/|P_i|) log sum_{N_i} exp(s_ij - m_i)
    with m_i = max_j s_ij without gradient, n = |P_i| + |N_i|, and again a logarithm of 0 where
    N_i is empty. So its gradient differs in the repelling part only, by the factor n/|P_i|; its
    value is off by -m_i |N_i|/|P_i| besides, or by m_i where N_i is empty.

    Returns a scalar in float32 (float64 if features are), between +-(2/tau + log R) for "paper".
    Raises ValueError for shapes that do not fit, tau <= 0 or an unknown denominator.
    Source: Lee et al. 2024, arXiv 2401.10458; github.com/Hongkyu-Lee/Contrastive-Unlearning.
    Differences from that code: it also overwrites unit features by their ReLU (left to the model
    here), and gives -inf or nan where N_i is empty in sample unlearning, and where P_i is.
    """
    _check(z_forget, y_forget, z_retain, y_retain)
    if not tau > 0:
        raise ValueError(f"tau must be positive, got {tau}")
    if denominator not in get_args(Denominator):
        raise ValueError(f"denominator is one of {get_args(Denominator)}, got {denominator!r}")

    with full_precision(z_forget.device.type):
        s = _cosines(z_forget, z_retain) / tau  # (B, R)
        filled = (y_retain >= 0)[None]  # (1, R)
        same = y_forget[:, None] == y_retain[None]  # (B, R)
        attracts, repels = filled & ~same, filled & same
        others = attracts.sum(1)  # (B,)
        share = others.clamp(min=1)
        factor: Tensor | float = 1.0
        if denominator == "official":
            s = s - _peak(s.detach(), filled, -1 / tau)
            factor = filled.sum().to(s.dtype) / share
        attract = torch.where(attracts, s, 0.0).sum(1) / share  # (B,)
        loss = factor * _log_sum_exp(s, repels) - attract  # (B,)
        kept = others > 0
        return torch.where(kept, loss, 0.0).sum() / kept.sum().clamp(min=1)


def _cosines(a: Tensor, b: Tensor) -> Tensor:
    """Cosine of each row of a with each row of b, in float32 at least: (B, R)."""
    dtype = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    return normalize(a.to(dtype)) @ normalize(b.to(dtype)).T


def _log_sum_exp(s: Tensor, mask: Tensor) -> Tensor:
    """log sum exp of the masked part of each row, 0 for a row without one: (B, R) -> (B,)."""
    some = mask.any(1)
    # No row is -inf alone: its softmax, and so its gradient, is not defined.
    inside = torch.where(mask | ~some[:, None], s, -math.inf)
    return torch.where(some, inside.logsumexp(1), 0.0)


def _peak(s: Tensor, mask: Tensor, least: float) -> Tensor:
    """The largest masked entry of each row, `least` where there is none: (B, R) -> (B, 1)."""
    return pad(torch.where(mask, s, least), (0, 1), value=least).amax(1, keepdim=True)


def _check(z_forget: Tensor, y_forget: Tensor, z_retain: Tensor, y_retain: Tensor) -> None:
    if z_forget.ndim != 2 or z_retain.ndim != 2 or z_forget.shape[1] != z_retain.shape[1]:
        shapes = f"{tuple(z_forget.shape)}, {tuple(z_retain.shape)}"
        raise ValueError(f"features (B, D) and (R, D) expected, got {shapes}")
    if y_forget.shape != z_forget.shape[:1] or y_retain.shape != z_retain.shape[:1]:
        shapes = f"{tuple(y_forget.shape)}, {tuple(y_retain.shape)}"
        raise ValueError(f"a label for each row of features expected, got {shapes}")
