"""What a membership attack looks at: one number per image, higher for an image that was trained on.

With p the softmax and y the label:  log p_y;  margin = log p_y - log(1 - p_y);
hinge = z_y - max_{k != y} z_k;  -entropy = sum p log p;
-modified entropy = (1 - p_y) log p_y + sum_{k != y} p_k log(1 - p_k)  (Song and Mittal 2021,
arXiv 2003.10595);  1[argmax z = y];  -|gradient of the loss in the last layer|.
All in float64, from the logits: near certainty, probabilities alone cannot tell images apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import logsumexp

from untrain.metrics.evidence import Outputs


def loss(outputs: Outputs) -> np.ndarray:
    """log p_y, which is minus the cross-entropy (nats), (N,)."""
    return np.asarray(-np.logaddexp(0, -margin(outputs)))


def confidence(outputs: Outputs) -> np.ndarray:
    """p_y in [0, 1], (N,)."""
    return np.asarray(np.exp(loss(outputs)))


def margin(outputs: Outputs) -> np.ndarray:
    """log p_y - log(1 - p_y), (N,)."""
    _finite(outputs)
    return outputs.margin


def hinge(outputs: Outputs) -> np.ndarray:
    """The label's logit over the largest of the others, (N,)."""
    _finite(outputs)
    z, rows = outputs.logits.astype(np.float64), np.arange(len(outputs))
    own = z[rows, outputs.labels]
    z[rows, outputs.labels] = -np.inf
    return np.asarray(own - z.max(1))


def entropy(outputs: Outputs) -> np.ndarray:
    """Minus the entropy of the prediction (nats), (N,); it does not know the label."""
    _finite(outputs)
    logs = outputs.log_probabilities
    return np.asarray((np.exp(logs) * logs).sum(1))


def modified_entropy(outputs: Outputs) -> np.ndarray:
    """Minus the modified entropy (nats), (N,): 0 for certainty in the label."""
    _finite(outputs)
    rows, complement = np.arange(len(outputs)), log_complement(outputs)
    others = np.exp(outputs.log_probabilities) * complement  # p_k log(1 - p_k), (N, C)
    others[rows, outputs.labels] = 0
    return np.asarray(np.exp(complement[rows, outputs.labels]) * loss(outputs) + others.sum(1))


def correct(outputs: Outputs) -> np.ndarray:
    """1 where the prediction is the label, else 0, (N,)."""
    _finite(outputs)
    return np.asarray(outputs.predictions == outputs.labels, dtype=np.float64)


def gradient(outputs: Outputs, feature_norms: np.ndarray, bias: bool = True) -> np.ndarray:
    """Minus the norm of the loss's gradient in a linear last layer, (N,): no backward pass.

    |p - e_y| sqrt(|f|^2 + 1), without the 1 where the layer has no bias.
    feature_norms (N,): |f| of what enters that layer.
    """
    if not np.isfinite(feature_norms).all():
        raise ValueError("feature norms are not finite")
    _finite(outputs)
    rows = np.arange(len(outputs))
    residual = np.exp(outputs.log_probabilities)
    residual[rows, outputs.labels] = np.exp(-np.logaddexp(0, outputs.margin))  # 1 - p_y
    length = np.sqrt(np.asarray(feature_norms, np.float64) ** 2 + bias)
    return np.asarray(-np.linalg.norm(residual, axis=1) * length)


SIGNALS: dict[str, Callable[[Outputs], np.ndarray]] = {
    "loss": loss,
    "margin": margin,
    "entropy": entropy,
    "modified entropy": modified_entropy,
    "correctness": correct,
}
"""The attacks that need nothing but logits and labels. `confidence` ranks images as `loss` does."""


def log_complement(outputs: Outputs) -> np.ndarray:
    """log(1 - p_k) of every class, (N, C), exact for the class that is near certain, too."""
    logs, rows = outputs.log_probabilities, np.arange(len(outputs))
    top = logs.argmax(1)
    logs[rows, top] = -np.inf
    complement = np.asarray(np.log1p(-np.exp(logs)))  # of at most one half
    complement[rows, top] = logsumexp(logs, axis=1)
    return complement


def _finite(outputs: Outputs) -> None:
    if not np.isfinite(outputs.logits).all():
        raise ValueError("logits are not finite: the model has diverged")
