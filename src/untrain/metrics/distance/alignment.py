"""CoUn's theory, measured: how far two views of an image lie apart, and what that would bound.

    R[eps]  = share of images whose two views lie further than eps apart, unit-length features
    sigma(delta): in every class, a share sigma of images whose views come within delta of each
              other, pair by pair (pixels);  L: how much f stretches distances
    rho_max = 2 (1 - sigma) + R[eps] / min_k P[k] + sigma (L delta + 2 eps)
    if mu_l . mu_k < 1 - rho_max - sqrt(2 rho_max) - Delta_mu / 2 for all l != k, where
    Delta_mu = 1 - min_k ||mu_k||^2,  then  Err <= (1 - sigma) + R[eps]

Theorem 1 and Lemma 1 (R_retain <= R_forget after CoUn) of Khalil et al. 2025, arXiv 2509.16391,
after theorem 1 of Huang et al. 2023, arXiv 2111.00743, for features of length r = 1.
Differences: R takes two views where the theorem takes the worst of all, and L is the largest
stretch seen, no upper limit: both make the bound look better than it is. sigma is that of a sample
of each class, and of the largest group that a greedy search finds: a longer one may find more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from untrain.metrics.embeddings import Classes, Spread, Views
from untrain.metrics.estimate import Estimate, wilson

EPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Grid of eps; two views of unit length lie at most 2 apart."""
DELTAS = 9
"""Points of the grid of delta: quantiles of the distances seen."""


class Curve(NamedTuple):
    """R[eps] of n images on the grid eps (E,): share, low and high (Wilson, 95 %), each (E,)."""

    eps: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: int

    def at(self, eps: float) -> Estimate:
        """R at a point of the grid, with the binomial standard error."""
        place = int(np.argmin(np.abs(self.eps - eps)))
        share = float(self.share[place])
        if not self.n:
            return Estimate(share, float("nan"))
        likely = (share * self.n + 1) / (self.n + 2)  # an error of 0 would be too sure
        return Estimate(share, float(np.sqrt(likely * (1 - likely) / self.n)))


class Theorem(NamedTuple):
    """Theorem 1 at the delta and eps of the smallest rho_max.

    rho_max: below about 0.27 it can hold at all. pairs: share of class pairs that meet the
    condition. bound: on the error, if all pairs do; error: what the head really gets wrong.
    """

    delta: float
    eps: float
    sigma: float
    lipschitz: float
    misaligned: float
    rho_max: float
    delta_mu: float
    pairs: float
    bound: float
    error: float

    @property
    def vacuous(self) -> bool:
        """The bound is 1 or more, or some pair of classes does not meet its condition."""
        return self.bound >= 1 or self.pairs < 1


def curve(views: Views, grid: tuple[float, ...] = EPS) -> Curve:
    """R[eps]. Raises ValueError if a distance is not finite; NaN for no images."""
    if not np.isfinite(views.moved).all():
        raise ValueError("distances between views are not finite")
    eps, n = np.array(grid), len(views.moved)
    hits = (views.moved[None] > eps[:, None]).sum(1)
    share = hits / n if n else np.full(len(eps), np.nan)
    bounds = np.array([wilson(int(hit), n) for hit in hits])
    return Curve(eps, share, bounds[:, 0], bounds[:, 1], n)


def lemma(retain: Views, forget: Views, eps: float) -> Estimate:
    """R_forget[eps] - R_retain[eps]; lemma 1 says it is not below 0."""
    one, other = (curve(views, (eps,)).at(eps) for views in (forget, retain))
    return Estimate(one.value - other.value, float(np.hypot(one.error, other.error)))


def theorem(spread: Spread, views: Views, classes: Classes, error: float) -> Theorem | None:
    """The best case of Theorem 1 over the grid; None with fewer than two retained classes.

    views: of retained images. error: of the head, a share.
    """
    if len(spread.labels) < 2 or not len(views.moved):
        return None
    stretch, found = lipschitz(views), curve(views)
    counts = classes.counts[classes.counts > 0]
    rarest = float(counts.min() / counts.sum())
    products = spread.means.astype(np.float64) @ spread.means.T.astype(np.float64)
    delta_mu = float(1 - np.diag(products).min())
    pairs = products[np.triu_indices(len(products), 1)]
    best: Theorem | None = None
    for delta, sigma in zip(*concentration(spread), strict=True):
        for eps, misaligned in zip(found.eps, found.share, strict=True):
            rho = 2 * (1 - sigma) + misaligned / rarest + sigma * (stretch * delta + 2 * eps)
            limit = 1 - rho - np.sqrt(2 * rho) - delta_mu / 2
            met, bound = float((pairs < limit).mean()), float(1 - sigma + misaligned)
            numbers = (delta, eps, sigma, stretch, misaligned, rho, delta_mu, met, bound, error)
            if best is None or rho < best.rho_max:
                best = Theorem(*map(float, numbers))
    return best


def lipschitz(views: Views) -> float:
    """The largest ratio of feature to pixel distance between two views: L is no less."""
    real = views.pixels > 0
    return float((views.moved[real] / views.pixels[real]).max()) if real.any() else 0.0


def concentration(spread: Spread) -> tuple[np.ndarray, np.ndarray]:
    """delta (DELTAS,) and sigma(delta) (DELTAS,): the smallest over classes of their main share."""
    own = ~np.eye(spread.apart.shape[1], dtype=bool)
    seen = spread.apart[:, own]
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        return np.zeros(1), np.ones(1)
    deltas = np.quantile(seen, np.linspace(0, 1, DELTAS))
    sigmas = [min(_main_part(apart, delta) for apart in spread.apart) for delta in deltas]
    return deltas, np.array(sigmas)


def _main_part(apart: np.ndarray, delta: float) -> float:
    """Share of a class in a group whose members are all within delta of each other: a greedy one.

    It starts at the image with most neighbours and adds those with most neighbours in turn.
    """
    size = int(np.isfinite(np.diag(apart)).sum())
    near = apart[:size, :size] <= delta
    left = np.ones(size, dtype=bool)
    group = 0
    while left.any():
        among = np.where(left, near[:, left].sum(1), -1)
        chosen = int(among.argmax())
        group += 1
        left &= near[chosen]
        left[chosen] = False
    return group / size
