"""The divergence of a student's predictions from a teacher's, as BadT, SCRUB and DELETE use it.

    K_T(q || p) = (T^2/B) sum_b sum_c q_bc log(q_bc / p_bc),   q, p = softmax(logits / T)

Papers: Chundawat et al. 2023, arXiv 2205.08096 (BadT); Kurmanji et al. 2023, arXiv 2302.09880
(SCRUB); Zhou et al. 2025 (DELETE, CVPR). T^2: Hinton, Vinyals, Dean 2015, arXiv 1503.02531.
Differences: none; BadT's code divides by B C and has no T^2, which is an option each.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from untrain.losses.contrastive import full_precision

Reduction = Literal["batchmean", "elementmean"]


def kl(
    teacher_logits: Tensor,
    student_logits: Tensor,
    temperature: float = 1.0,
    reduction: Reduction = "batchmean",
    scale: bool = True,
) -> Tensor:
    """K_T(q || p) of a teacher q, which gets no gradient, and a student p.

    teacher_logits, student_logits: (B, C); the teacher's may be -inf, for a class ruled out.
    temperature: T > 0. scale: multiply by T^2, so that the gradient's size hardly depends on T.
    reduction: "batchmean" divides the sum by B, "elementmean" by B C.

    Returns a scalar >= 0 up to rounding, in float32 (float64 if logits are); 0 for B = 0.
    Raises ValueError if the shapes differ, T <= 0 or the reduction is unknown.
    Source: Hinton et al. 2015, arXiv 1503.02531; Kurmanji et al. 2023, arXiv 2302.09880.
    """
    if teacher_logits.shape != student_logits.shape or student_logits.ndim != 2:
        shapes = f"{tuple(teacher_logits.shape)}, {tuple(student_logits.shape)}"
        raise ValueError(f"two (B, C) logits expected, got {shapes}")
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    if reduction not in get_args(Reduction):
        raise ValueError(f"reduction is one of {get_args(Reduction)}, got {reduction!r}")

    batch, classes = student_logits.shape
    dtype = torch.promote_types(teacher_logits.dtype, student_logits.dtype)
    dtype = torch.promote_types(dtype, torch.float32)
    with full_precision(student_logits.device.type):
        log_q = (teacher_logits.detach().to(dtype) / temperature).log_softmax(1)  # (B, C)
        log_p = (student_logits.to(dtype) / temperature).log_softmax(1)  # (B, C)
        q = log_q.exp()
        ratio = torch.where(q > 0, log_q - log_p, 0.0)  # 0 log 0 = 0
        count = batch if reduction == "batchmean" else batch * classes
        return (q * ratio).sum() * (temperature**2 if scale else 1.0) / max(count, 1)
