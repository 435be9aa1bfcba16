"""How findings are judged: answers made up so that the right word is known; nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import NONE, Split
from untrain.metrics.evidence import Evidence, Outputs
from untrain.task import Task
from untrain.verdict.case import Case, Party, Shelf
from untrain.verdict.conditions import comparable
from untrain.verdict.control import control, excess, judged
from untrain.verdict.examine import examine
from untrain.verdict.goals import Goal, Terms, measured_goal
from untrain.verdict.healing import RATES
from untrain.verdict.level import WIDEST, healed, healing
from untrain.verdict.population import destination, level_test, shape
from untrain.verdict.records import records
from untrain.verdict.source import goals

TERMS, HALF, NOUGHT = Terms(deals=500), Goal(0.5), Goal(0.0)
Pair = tuple[np.ndarray, np.ndarray]
Pairs = tuple[Pair, ...]


@dataclass(frozen=True)
class Given(Shelf):
    """A shelf on which everything lies already."""

    arrays: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)

    def get(self, name: str, *_: Any) -> dict[str, np.ndarray]:
        return self.arrays[name]


def labels(count: int) -> np.ndarray:
    return np.arange(count) % 3


def answers(count: int, known: np.ndarray | float = 1.5, seed: int = 0) -> np.ndarray:
    """Noise, with the true class raised by `known`: one number, or one for each image."""
    noise = np.random.default_rng(seed).normal(0, 1, (count, 3))
    noise[np.arange(count), labels(count)] += known
    return noise.astype(np.float32)


def pair(count: int, more: float = 0.0, known: float = 1.5) -> Pair:
    """Answers to forgotten images (a multiple of 3), `more` better known, and to twice as many
    unseen ones; but for that their very answers, each of them twice."""
    return answers(count, known + more), np.concatenate([answers(count, known)] * 2)


def drawn(count: int, more: float = 0.0, seed: int = 0) -> Pair:
    """The same of different images."""
    return answers(count, 1.5 + more, seed), answers(2 * count, 1.5, seed + 1)


def sent(count: int, share: float, other: float) -> Pair:
    """These shares of forgotten and of twice as many unseen images go to the next class."""
    sets = ((count, share), (2 * count, other))
    goes = [labels(size) + (np.arange(size) // 3 < round(part * size / 3)) for size, part in sets]
    return np.eye(3)[goes[0] % 3], np.eye(3)[goes[1] % 3]


def case(
    plain: Pair, after: Pairs = (), others: Pairs = (), light: int = 0, gone: int = 0, **made: Any
) -> Case:
    """after: answers healed at the two rates, by default as they are. light: by which forgotten
    images are brighter. gone: classes of which nothing is retained."""
    n, m = map(len, plain)
    y = np.concatenate([labels(count) for count in (3, n, m, 3)])
    retain, forget, unseen, test = np.split(np.arange(len(y)), np.cumsum([3, n, m]))
    retain, keys = retain[gone:], np.array([f"k{number:05}" for number in range(len(y))])
    x = np.random.default_rng(9).integers(50, 200, (len(y), 4, 4, 1)).astype(np.uint8)
    x[forget] += light
    images = Images(torch.from_numpy(x), torch.from_numpy(y), [*"abc"], keys, augment="none")
    split = Split(retain=retain, forget=forget, val=NONE, unseen=unseen, test=test)

    def party(label: str, said: Pair) -> Party:
        rest, train = answers(3), np.concatenate([retain, forget])
        known = {"train": (np.concatenate([rest[gone:], said[0]]), train)}
        known |= {"unseen": (said[1], unseen), "test": (rest, test), "val": (rest[:0], NONE)}
        sets = {name: Outputs(z, y[at], keys[at]) for name, (z, at) in known.items()}
        evidence = Evidence(sets, np.zeros((0, 0)), np.zeros(0))
        return Party(label, evidence, lambda: nn.Sequential(nn.Flatten(), nn.Linear(16, 3)))

    both = [np.stack(one) for one in zip(*(after or (plain, plain)), strict=True)]
    times = 4 + 0.2 * np.random.default_rng(8).normal(size=10)
    arrays = {
        "healing": dict(zip(("forget", "unseen"), both, strict=True))
        | {"lr": np.array([0.005, 0.05]), "epoch": np.array([5, 5])},
        "norms": {"forget": np.ones(n), "unseen": np.ones(m)},
        "relearning": {"forget": times, "unseen": times[::-1]},
    }
    given: dict[str, Any] = {
        "original": party("original", (plain[0] + 3 * np.eye(3)[labels(n)], plain[1])),
        "references": tuple(party(f"reference {at}", one) for at, one in enumerate(others)),
        "shelf": Given(arrays=arrays),
    }
    return Case("model", "", Task.of(images, split), party("model", plain), **(given | made))


def test_equal_and_less_known_answers_from_end_to_end() -> None:
    found = examine(case(drawn(4000, seed=4)), TERMS)
    assert found.gate, found.judgement.reasons
    found = examine(case(drawn(400, -2), candidates=3), TERMS)
    assert found.word == "FAIL-OVERFORGET"
    assert (found.terms.level, found.terms.alpha) == pytest.approx((0.05 / 3, 0.01 / 3))


@pytest.mark.parametrize(("more", "side"), [(2, "residual"), (-2, "over")])
def test_the_side_is_that_of_the_answers(more: float, side: str) -> None:
    made = case(drawn(200, more))
    found = [level_test(made, TERMS, HALF), shape(made, TERMS), destination(made, TERMS)]
    found.append(healing(made, TERMS, NOUGHT, HALF))
    assert {(one.state, one.side) for one in found} == {("fail", side)}


@pytest.mark.parametrize("worse", [0, 1])
@pytest.mark.parametrize("goal", [HALF, Goal(0.5, 0.001, chance=False)])
def test_the_worse_of_two_rates_decides_healing(worse: int, goal: Goal) -> None:
    """By the AUC, of answers that are all right, and by the level, beside any AUC."""
    for known, margin in ((20, 0.05), (2.5, 0.6)):
        same, terms = pair(600, known=known), Terms(margin=margin, deals=500)
        for more, state in ((0, "pass"), (0.2, "open"), (1, "fail")):
            rates = (same, pair(600, more, known))
            made = case(same, rates if worse else rates[::-1])
            found = healing(made, terms, replace(goal, value=0.0), goal)
            assert (found.state, found.side) == (state, "residual" * (state == "fail"))
            assert (found.value > 0) == (known < 20 and more > 0)


def test_it_is_healed_at_a_tenth_of_the_rate_and_at_the_rate() -> None:
    assert RATES == (0.1, 1.0)
    points = healed(case(pair(12), shelf=Shelf(), lr=0.02), 1)
    assert [point[0] for point in points] == pytest.approx([0.002, 0.02])


def test_few_images_or_many_candidates_clear_nothing() -> None:
    """Equal to the last digit; near enough for one candidate, not for the best of forty."""
    few, right, more = case(pair(300)), case(pair(300, known=20)), case(pair(801))
    for level, state in ((0.05, "pass"), (0.05 / 40, "open")):
        terms, wide = (Terms(deals=99, margin=margin, level=level) for margin in (0.05, 0.4))
        assert level_test(few, terms, HALF).state == state
        assert healing(right, terms, NOUGHT, HALF).state == state  # by its AUC
        assert healing(more, wide, NOUGHT, HALF).state == state  # by its level
    found = healing(case(pair(90, known=0.5)), Terms(deals=99, margin=0.4), NOUGHT, HALF)
    assert (found.value, found.state, found.margin > WIDEST) == (0, "open", True)


def test_single_images_stand_against_a_pass() -> None:
    assert records(case(pair(2001)), TERMS).state == "pass"
    few = records(case(pair(39)), TERMS)
    assert (few.state, few.more["listed"]) == ("open", [])
    known = np.where(np.arange(4000) < 32, 40, 1.5)
    found = records(case((answers(4000, known), answers(8000, seed=1))), TERMS)
    assert (found.state, len(found.more["listed"]) >= 32, found.high < 0.03) == ("open", True, True)


def test_destinations_pass_where_they_are_near_and_alike() -> None:
    for shares, near, alike, state in (
        ((3000, 0.30, 0.30), True, True, "pass"),
        ((3000, 0.33, 0.29), True, False, "open"),
        ((30, 0.50, 0.30), False, True, "open"),
    ):
        found = destination(case(sent(*shares)), Terms(alpha=1e-9))
        assert (found.value < found.margin + found.target, found.p > 0.05) == (near, alike)
        assert found.state == state


@pytest.mark.parametrize("count", [2, 4])
def test_a_measured_goal_accuses_as_rarely_as_it_says(count: int) -> None:
    chance, hits = np.random.default_rng(0), []
    for _ in range(1500):
        models: list[Any] = list(chance.normal(0.5, 0.02, count))
        goal = measured_goal(models, float, 0.1, True)
        hits.append(abs(chance.normal(0.5, 0.02) - goal.value) > norm.ppf(0.95) * goal.error)
    assert np.mean(hits) == pytest.approx(0.1, abs=0.015)


@pytest.mark.parametrize(
    ("count", "named", "state"),
    [(2, "retrains", "open"), (8, "retrains", "fail"), (8, "references", "open")],
)
def test_other_sources_are_judged_by_models(count: int, named: str, state: str) -> None:
    """Two models know too little of what is usual; those of another recipe fail nothing."""
    views = tuple(drawn(300, 0.3 * (at % 2), seed=20 + at) for at in range(count))
    made = case(drawn(300, 2), light=40, others=views)
    made = replace(made, **{"references": (), named: made.references})
    told, goal, near = goals(made, 0.01)
    assert (told.met, goal.chance, 0.5 < goal.value < 0.65) == (True, False, True)
    found = level_test(made, TERMS, goal), healing(made, TERMS, near, goal)
    assert [one.state for one in found] == [state, state]
    assert goals(case(drawn(300, 2), light=40, others=views[:1]), 0.01)[0].met is False


def test_the_blind_baseline_sees_a_modest_difference_of_sources() -> None:
    slight = comparable(case(pair(900), light=2))
    assert (slight.met, 0.53 < slight.more["auc"] < 0.6) == (False, True)
    assert comparable(case(pair(900))).met is True
    assert comparable(case(pair(9))).met is None


def test_a_class_may_not_come_back_better() -> None:
    for mine, state in ((0.5, "pass"), (0.7, "open"), (1.0, "fail")):
        parts = {str(one): excess(one, [0.48, 0.5, 0.52], 2000) for one in (mine, 0.49)}
        assert judged(parts, Terms()).state == state
    never = pair(900, known=0)  # the features are the same: healing alone tells
    for known, state in ((0.0, "pass"), (0.4, "open"), (3.0, "fail")):
        made = case(never, (never, pair(900, known=known)), others=(never,) * 3, gone=1)
        assert control(made, Terms()).state == state
