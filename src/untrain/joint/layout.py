"""One picture of several models: their features turned onto each other, then one seeded t-SNE.

    f' = (f - mean) / rms    mean and root mean square length over retained images
    z  = f' P                the model's own principal axes, at most AXES of them
    z' = z U V'              z_r' z_0 = U S V' over retained images r: the orthogonal turn onto the
                             first model (Schoenemann 1966)
    t-SNE of the z' of all models and images at once (van der Maaten and Hinton 2008)

Networks from other starts have other axes, so that without the turn no two models share a place. A
turn changes no distance within a model. It is fitted on retained images alone, and so says nothing
of the forgotten ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from untrain.rng import derive, numpy_rng

AXES = 50
POINTS = 7500
"""Points of all models together: about a minute on one core."""
MOST, FEW = 2500, 400
"""Images, as so many points of each model: the most, and what small data sets have as well."""
SHARES = {"forget": 0.4, "unseen": 0.2, "retain": 0.4}
"""Of the images drawn, in the order in which they are taken."""
PERPLEXITY = 30.0
ROUNDS = 1000
"""Steps of the layout."""
NEAREST = 10
"""Neighbours of an image that its purity looks at."""


def drawn(
    sets: Mapping[str, np.ndarray], models: int, trained: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """Rows of each set that are shown, sorted: as many as models times images allow.

    sets: the rows that there are (N,), by set of SHARES. trained: training images, of which a third
    is enough. A set that has fewer than its share leaves the rest to the others, forgotten images
    first.
    """
    most = min(MOST, max(FEW, trained // 3), POINTS // max(1, models))
    total = min(most, sum(map(len, sets.values())))
    counts = {name: min(len(sets[name]), int(total * part)) for name, part in SHARES.items()}
    for name in SHARES:
        free = total - sum(counts.values())
        counts[name] += min(free, len(sets[name]) - counts[name])
    return {
        name: np.sort(numpy_rng(seed, "joint", "images", name).permutation(sets[name])[:count])
        for name, count in counts.items()
    }


def turned(features: Mapping[str, np.ndarray], retained: np.ndarray) -> dict[str, np.ndarray]:
    """Features (N, D) of the same images by model, on the axes of the first one: (N, K) float64.

    retained: (N,) bool, those that the turn is fitted on. Widths D may differ; K is that of the
    widest, at most AXES, and narrower ones are filled with 0.
    """
    own = {row: _axes(_scaled(x, retained)) for row, x in features.items()}
    width = max(x.shape[1] for x in own.values())
    wide = {row: np.pad(x, ((0, 0), (0, width - x.shape[1]))) for row, x in own.items()}
    target = next(iter(wide.values()))
    return {row: x @ procrustes(x[retained], target[retained]) for row, x in wide.items()}


def procrustes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The orthogonal R (K, K) with the smallest ||x R - y||."""
    u, _, v = np.linalg.svd(x.T @ y)
    return np.asarray(u @ v)


def fitted(turned: Mapping[str, np.ndarray], seed: int = 0) -> tuple[dict[str, np.ndarray], float]:
    """Places (N, 2) of each image by model, in [-100, 100], and the divergence that is left."""
    from sklearn.manifold import TSNE

    points = np.concatenate(list(turned.values())).astype(np.float32)
    if len(points) < 4:
        return {row: np.zeros((len(x), 2)) for row, x in turned.items()}, 0.0
    machine = TSNE(
        max_iter=ROUNDS,
        perplexity=min(PERPLEXITY, (len(points) - 1) / 3),
        init="pca" if points.shape[1] > 1 and points.std() > 0 else "random",
        random_state=derive(seed, "joint", "t-SNE") % 2**32,
    )
    places = machine.fit_transform(points).astype(np.float64)
    places -= (places.max(0) + places.min(0)) / 2
    places *= 100 / max(float(abs(places).max()), 1e-12)
    ends = np.cumsum([len(x) for x in turned.values()])[:-1]
    parts = np.split(places, ends)
    return dict(zip(turned, parts, strict=True)), float(machine.kl_divergence_)


def purity(features: np.ndarray, labels: np.ndarray, k: int = NEAREST) -> np.ndarray:
    """Share of the k nearest other images that have the image's own label, (N,), Euclidean.

    features (N, D) as the model makes them. NaN for fewer than two images.
    """
    x = features.astype(np.float64)
    k = min(k, len(x) - 1)
    if k < 1:
        return np.full(len(x), np.nan)
    squares = np.square(x).sum(1)
    far = squares[:, None] + squares - 2 * x @ x.T
    np.fill_diagonal(far, np.inf)
    near = np.argpartition(far, k - 1, axis=1)[:, :k]
    return np.asarray((labels[near] == labels[:, None]).mean(1))


def apart(one: np.ndarray, other: np.ndarray, rows: np.ndarray) -> float:
    """Mean distance of an image's two places (N, K), in the lengths that `turned` has; NaN for no
    rows."""
    far = np.linalg.norm(one[rows] - other[rows], axis=1)
    return float(far.mean()) if len(far) else float("nan")


def _scaled(x: np.ndarray, retained: np.ndarray) -> np.ndarray:
    """Centred and of length 1, in the root mean square over retained images."""
    x = x.astype(np.float64)
    x = x - x[retained].mean(0)
    size = np.sqrt(np.square(x[retained]).sum(1).mean())
    return np.asarray(x / size) if size > 0 else x


def _axes(x: np.ndarray) -> np.ndarray:
    """On its principal axes, at most AXES of them."""
    values, vectors = np.linalg.eigh(x.T @ x)
    order = np.argsort(-values)[:AXES]
    return np.asarray(x @ vectors[:, order])
