"""How speed is measured: variants take turns, and the ratio is taken within each round.

Seconds are the process's own CPU seconds on one thread, so a neighbour on the machine counts
little; the ratio of two variants in the same round counts it less. A bar is met if every round
meets it, or if the median does and the rounds spread by no more than a quarter of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

SPREAD = 0.25
"""Largest (highest - lowest) / median of a valid bar."""


@dataclass(frozen=True)
class Size:
    """How much is computed; quick sizes check equality and show that it runs, no speed."""

    batch: int = 256
    width: int = 16
    features: int = 512
    wide: int = 64
    steps: int = 3
    rounds: int = 7
    brief: bool = False
    """Whether each variant is called once a round, whatever a case says."""


QUICK = Size(batch=8, features=16, wide=16, steps=1, rounds=2, brief=True)


@dataclass(frozen=True)
class Bar:
    """A ratio to reach: the seconds of `top` over those of `bottom`."""

    name: str
    top: str
    bottom: str
    limit: float
    at_least: bool = True


@dataclass(frozen=True)
class Check:
    """A number that must be at most `most`, whatever the clock says."""

    what: str
    value: float
    most: float

    @property
    def holds(self) -> bool:
        return self.value <= self.most


@dataclass(frozen=True)
class Case:
    """Variants of the same work, the bars over them, and what must be equal between them.

    variants: by name, one unit of work each. repeats: units in a round, 1 unless named, so that
        each variant has its tenths of a second.
    """

    variants: Mapping[str, Callable[[], object]]
    bars: tuple[Bar, ...]
    repeats: Mapping[str, int]
    checks: Callable[[], list[Check]]


def measure(case: Case, size: Size) -> dict[str, list[float]]:
    """CPU seconds of one unit of each variant, by round; one round before them warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in case.variants}
    for number in range(-1, size.rounds):
        names = list(case.variants) if number % 2 else list(reversed(case.variants))
        for name in names:
            repeats = 1 if size.brief else case.repeats.get(name, 1)
            started = time.process_time()
            for _ in range(repeats):
                case.variants[name]()
            if number >= 0:
                seconds[name].append((time.process_time() - started) / repeats)
    return seconds


def judge(bar: Bar, seconds: Mapping[str, list[float]]) -> dict[str, Any]:
    """The ratio of each round, their median and spread, and whether the bar is met."""
    ratios = [a / b for a, b in zip(seconds[bar.top], seconds[bar.bottom], strict=True)]
    middle = median(ratios)
    spread = (max(ratios) - min(ratios)) / middle
    about = {"ratio": middle, "low": min(ratios), "high": max(ratios), "spread": spread}
    return asdict(bar) | about | {"ratios": ratios}


def verdict(judged: Mapping[str, Any]) -> str:
    """Whether a bar is met: by every round, or by the median of rounds that hardly differ."""
    limit, at_least = judged["limit"], judged["at_least"]

    def met(ratio: float) -> bool:
        return bool(ratio >= limit if at_least else ratio <= limit)

    if all(map(met, judged["ratios"])):
        return "yes, in every round"
    if judged["spread"] > SPREAD:
        return "invalid"
    return "yes" if met(judged["ratio"]) else "no"


def run(case: Case, size: Size) -> dict[str, Any]:
    """Everything about a case, as JSON takes it."""
    checks = [asdict(check) | {"holds": check.holds} for check in case.checks()]
    seconds = measure(case, size)
    return {
        "bars": [judge(bar, seconds) for bar in case.bars],
        "checks": checks,
        "seconds": seconds,
    }
