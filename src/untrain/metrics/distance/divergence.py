"""How far the probabilities of two models lie apart on the same images.

JS    = mean_x  1/2 KL(p || m) + 1/2 KL(q || m),  m = (p + q) / 2      nats, in [0, ln 2]
ad_l2 = mean_x ||p - q||_2    in [0, sqrt 2]      (Chundawat et al. 2023, arXiv 2205.08096)
ad_l1 = mean_x ||p - q||_1    in [0, 2]
ad_rms = sqrt(mean_x mean_k (p_k - q_k)^2)
"""

from __future__ import annotations

import numpy as np

from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs

KINDS = ("l2", "l1", "rms")


def jensen_shannon(one: Outputs, other: Outputs) -> Estimate:
    """Mean over images, with its standard error. Raises ValueError as `pair` does."""
    return mean(per_image(*pair(one, other)))


def activation_distance(one: Outputs, other: Outputs, kind: str = "l2") -> Estimate:
    """l2, l1 or rms, with the standard error over images. Raises ValueError as `pair` does."""
    p, q = (np.exp(z) for z in pair(one, other))
    if kind == "l2":
        return mean(np.linalg.norm(p - q, axis=1))
    if kind == "l1":
        return mean(np.abs(p - q).sum(1))
    if kind == "rms":
        square = mean(np.square(p - q).mean(1))
        root = float(np.sqrt(square.value))
        return Estimate(root, square.error / (2 * root) if root else 0.0)  # delta method
    raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind}")


def per_image(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergences (N,) in nats of log-probabilities (N, C)."""
    log_m = np.logaddexp(log_p, log_q) - np.log(2)

    def kl(log_a: np.ndarray) -> np.ndarray:
        a = np.exp(log_a)
        gap = np.where(a > 0, log_a, 0) - np.where(a > 0, log_m, 0)  # 0 log 0 is 0
        return np.asarray((a * gap).sum(1))

    return np.asarray(np.clip((kl(log_p) + kl(log_q)) / 2, 0, np.log(2)))


def pair(one: Outputs, other: Outputs) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities (N, C) of both.

    Raises ValueError unless both are finite and on the same images in the same order.
    """
    if not np.array_equal(one.keys, other.keys) or one.logits.shape != other.logits.shape:
        raise ValueError("two models are compared on the same images and classes")
    if not (np.isfinite(one.logits).all() and np.isfinite(other.logits).all()):
        raise ValueError("logits are not finite")
    return one.log_probabilities, other.log_probabilities


def mean(values: np.ndarray) -> Estimate:
    """Mean with its standard error; NaN for none, an error of NaN for one."""
    if not len(values):
        return Estimate(float("nan"), float("nan"))
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return Estimate(float(values.mean()), float(error))
