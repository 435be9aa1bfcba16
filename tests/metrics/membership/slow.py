"""Published formulas once more, slowly and by themselves: python tests/metrics/membership/slow.py

Plain loops over pairs, nothing of the package and nothing of scikit-learn. Writes frozen.json, with
which both these loops and the package must agree.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from random import Random

FROZEN = Path(__file__).with_name("frozen.json")
Vector = Sequence[float]


def delong(positive: Vector, negative: Vector) -> tuple[float, float]:
    """AUC and standard error, DeLong et al. 1988, equations 3 to 5: structural components."""

    def psi(x: float, y: float) -> float:
        return 1.0 if x > y else 0.5 if x == y else 0.0

    n, m = len(positive), len(negative)
    v10 = [sum(psi(x, y) for y in negative) / m for x in positive]
    v01 = [sum(psi(x, y) for x in positive) / n for y in negative]
    theta = sum(v10) / n
    s10 = sum((v - theta) ** 2 for v in v10) / (n - 1)
    s01 = sum((v - theta) ** 2 for v in v01) / (m - 1)
    return theta, math.sqrt(s10 / n + s01 / m)


def rmia(
    own: Vector,
    references: Sequence[Vector],
    own_z: Vector,
    references_z: Sequence[Vector],
    gamma: float,
    a: float,
) -> list[float]:
    """Zarifzadeh et al. 2024, offline: the share of z with LR(x, z) >= gamma. Probabilities in."""

    def usual(column: int, models: Sequence[Vector]) -> float:
        out = sum(model[column] for model in models) / len(models)
        return 0.5 * ((1 + a) * out + (1 - a))

    scores = []
    for i, p in enumerate(own):
        dominated = 0
        for j, q in enumerate(own_z):
            ratio = (p / usual(i, references)) / (q / usual(j, references_z))
            dominated += ratio >= gamma
        scores.append(dominated / len(own_z))
    return scores


def svm(points: Vector, sides: Sequence[int], cost: float = 3.0, gamma: float = 1.0):
    """The decision function of a C-SVM with an RBF kernel: SMO on the most violating pair.

    Dual: min a'Qa/2 - sum a, 0 <= a <= cost, sum of a * side = 0 (Fan, Chen and Lin 2005).
    """
    n = len(points)
    kernel = [[math.exp(-gamma * (x - y) ** 2) for y in points] for x in points]
    alpha, gradient = [0.0] * n, [-1.0] * n
    for _ in range(100_000):
        up = [t for t in range(n) if (alpha[t] < cost if sides[t] > 0 else alpha[t] > 0)]
        low = [t for t in range(n) if (alpha[t] < cost if sides[t] < 0 else alpha[t] > 0)]
        i = max(up, key=lambda t: -sides[t] * gradient[t])
        j = min(low, key=lambda t: -sides[t] * gradient[t])
        violation = -sides[i] * gradient[i] + sides[j] * gradient[j]
        if violation < 1e-7:
            break
        curvature = max(kernel[i][i] + kernel[j][j] - 2 * kernel[i][j], 1e-12)
        room_i = cost - alpha[i] if sides[i] > 0 else alpha[i]
        room_j = alpha[j] if sides[j] > 0 else cost - alpha[j]
        step = min(violation / curvature, room_i, room_j)
        alpha[i] += sides[i] * step
        alpha[j] -= sides[j] * step
        for t in range(n):
            gradient[t] += sides[t] * step * (kernel[t][i] - kernel[t][j])
    bias = (-sides[i] * gradient[i] - sides[j] * gradient[j]) / 2

    def decide(x: float) -> float:
        weighed = zip(alpha, sides, points, strict=True)
        return bias + sum(a * s * math.exp(-gamma * (x - p) ** 2) for a, s, p in weighed)

    return decide


def mia_efficacy(members: Vector, nonmembers: Vector, judged: Vector) -> float:
    """Percent of `judged` that the SVM of SalUn (C = 3, gamma = 1) calls non-members."""
    sides = [1] * len(members) + [-1] * len(nonmembers)
    decide = svm([*members, *nonmembers], sides)
    return 100 * sum(decide(x) < 0 for x in judged) / len(judged)


def energy(x: Sequence[Vector], y: Sequence[Vector], unbiased: bool = False) -> float:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'|, Euclidean (Szekely and Rizzo 2013).

    unbiased: X and X' are different points (U-statistic); else all pairs count (V-statistic).
    """

    def within(a: Sequence[Vector]) -> float:
        total = sum(math.dist(p, q) for p in a for q in a)
        return total / (len(a) * (len(a) - unbiased))

    between = sum(math.dist(p, q) for p in x for q in y) / (len(x) * len(y))
    return 2 * between - within(x) - within(y)


def cases() -> dict[str, dict[str, object]]:
    """Inputs by name, the same on every machine: Python keeps the stream of its generator."""
    chance = Random(6)

    def normal(n: int, mean: float = 0.0) -> list[float]:
        return [round(chance.gauss(mean, 1), 2) for _ in range(n)]

    def share(n: int, a: float, b: float) -> list[float]:
        return [round(chance.betavariate(a, b), 6) for _ in range(n)]

    return {
        "delong": {"positive": normal(23, 0.6), "negative": normal(31)},
        "delong ties": {
            "positive": [float(chance.randrange(5)) for _ in range(19)],
            "negative": [float(chance.randrange(4)) for _ in range(40)],
        },
        "rmia": {
            "own": share(12, 6, 2),
            "references": [share(12, 4, 2) for _ in range(3)],
            "own_z": share(17, 4, 2),
            "references_z": [share(17, 4, 2) for _ in range(3)],
            "gamma": 1.0,
            "a": 0.33,
        },
        "rmia gamma 2, a 1": {
            "own": share(9, 6, 2),
            "references": [share(9, 2, 2)],
            "own_z": share(11, 4, 2),
            "references_z": [share(11, 2, 2)],
            "gamma": 2.0,
            "a": 1.0,
        },
        "mia_efficacy": {
            "members": share(60, 8, 1),
            "nonmembers": share(60, 3, 1.5),
            "judged": share(40, 4, 1.5),
        },
        "energy": {
            "x": [normal(3, 0.4) for _ in range(14)],
            "y": [normal(3) for _ in range(19)],
        },
        "energy unbiased": {
            "x": [normal(3, 0.4) for _ in range(14)],
            "y": [normal(3) for _ in range(19)],
            "unbiased": True,
        },
    }


FORMULAS = {"delong": delong, "rmia": rmia, "mia_efficacy": mia_efficacy, "energy": energy}


def computed(name: str) -> object:
    """The value of a case by the loops here."""
    return FORMULAS[name.split()[0]](**cases()[name])


def frozen(name: str) -> tuple[dict[str, object], object]:
    """Inputs and value of a case as the file has them."""
    one = json.loads(FROZEN.read_text())[name]
    return one["inputs"], one["value"]


if __name__ == "__main__":
    made = {name: {"inputs": one, "value": computed(name)} for name, one in cases().items()}
    lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in made.items()]
    FROZEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")
