"""Outputs and features with chosen classes, predictions and distances."""

from __future__ import annotations

import numpy as np

from untrain.metrics.embeddings import Classes, Features
from untrain.metrics.evidence import Outputs


def answers(labels: np.ndarray, predictions: np.ndarray, classes: int, name: str = "k") -> Outputs:
    """Outputs that predict these classes, with probability about 0.98."""
    logits = np.zeros((len(labels), classes), np.float32)
    logits[np.arange(len(labels)), predictions] = 6
    return Outputs(logits, labels, np.array([f"{name}{i}" for i in range(len(labels))]))


def random_outputs(n: int, classes: int, seed: int, name: str = "k") -> Outputs:
    chance = np.random.default_rng(seed)
    logits = (3 * chance.normal(size=(n, classes))).astype(np.float32)
    keys = np.array([f"{name}{i}" for i in range(n)])
    return Outputs(logits, np.arange(n) % classes, keys)


def features(x: np.ndarray, labels: np.ndarray | None = None, name: str = "k") -> Features:
    labels = np.zeros(len(x), np.int64) if labels is None else labels
    keys = np.array([f"{name}{i}" for i in range(len(x))])
    return Features(x.astype(np.float16), labels, keys)


def classes_of(x: np.ndarray, labels: np.ndarray, count: int) -> Classes:
    """Centroids, counts and radii by the plain definition."""
    centres = np.full((count, x.shape[1]), np.nan)
    radius = np.full(count, np.nan)
    for k in np.unique(labels):
        centres[k] = x[labels == k].mean(0)
        radius[k] = np.sqrt(np.mean([np.sum((row - centres[k]) ** 2) for row in x[labels == k]]))
    return Classes(centres, np.bincount(labels, minlength=count), radius)


EVEN = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])
"""Rows of a destination table."""


def drawn(n: int, seed: int, rows: np.ndarray, name: str = "k") -> Outputs:
    """n images of each class, predicted with these probabilities."""
    chance = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(rows)), n)
    predictions = np.concatenate([chance.choice(rows.shape[1], n, p=row) for row in rows])
    return answers(labels, predictions, rows.shape[1], name)
