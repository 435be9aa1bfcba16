"""How findings are judged: answers made up so that the right word is known; nothing is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import nn

from untrain.data.images import Images
from untrain.data.splits import NONE, Split
from untrain.metrics.evidence import Evidence, Outputs
from untrain.task import Task
from untrain.verdict.case import Case, Party, Shelf
from untrain.verdict.conditions import comparable
from untrain.verdict.control import Excess, control, excess, judged
from untrain.verdict.examine import examine
from untrain.verdict.goals import Goal, Terms, measured_goal
from untrain.verdict.healing import RATES
from untrain.verdict.level import WIDEST, healed, healing
from untrain.verdict.population import destination, level_test, shape
from untrain.verdict.records import records
from untrain.verdict.source import goals

CLASSES = 3
TERMS = Terms(deals=500)
HALF, NOUGHT = Goal(0.5), Goal(0.0)
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Given(Shelf):
    """A shelf on which everything lies already."""

    arrays: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)

    def get(
        self,
        name: str,
        about: Mapping[str, Any],
        make: Callable[[], dict[str, np.ndarray]],
        parts: tuple[str, ...] = (),
    ) -> dict[str, np.ndarray]:
        return self.arrays[name]


def labels(count: int) -> np.ndarray:
    return np.arange(count) % CLASSES


def answers(count: int, known: np.ndarray | float = 1.5, seed: int = 0) -> np.ndarray:
    """Noise, with the true class raised by `known`: one number, or one for each image."""
    noise = np.random.default_rng(seed).normal(0, 1, (count, CLASSES))
    noise[np.arange(count), labels(count)] += known
    return noise.astype(np.float32)


def pair(forgotten: int, more: float = 0.0, known: float = 1.5) -> Pair:
    """Answers to forgotten images, `more` better known, and to twice as many unseen ones; but for
    that their very answers, each of them twice (so that `forgotten` must be a multiple of 3)."""
    assert forgotten % CLASSES == 0
    like = answers(forgotten, known)
    own = like.copy()
    own[np.arange(forgotten), labels(forgotten)] += more
    return own, np.concatenate([like, like])


def drawn(forgotten: int, more: float = 0.0, seed: int = 0) -> Pair:
    """The same of different images."""
    return answers(forgotten, 1.5 + more, seed), answers(2 * forgotten, 1.5, seed + 1)


def case(
    plain: Pair,
    after: tuple[Pair, Pair] | None = None,
    brighter: float = 0.0,
    others: tuple[Pair, ...] = (),
    gone: bool = False,
    **changes: Any,
) -> Case:
    """after: answers healed at the two rates, by default as they are. gone: class 0 is the one
    forgotten, so that none of it is retained."""
    n, m = map(len, plain)
    counts = [CLASSES, n, m, CLASSES]
    y = np.concatenate([labels(count) for count in counts])
    retain, forget, unseen, test = np.split(np.arange(len(y)), np.cumsum(counts)[:-1])
    x = np.random.default_rng(9).integers(50, 200, (len(y), 4, 4, 1)).astype(np.float64)
    x[forget] += brighter
    keys = np.array([f"k{number:05}" for number in range(len(y))])
    images = Images(
        x=torch.from_numpy(x.astype(np.uint8)),
        y=torch.from_numpy(y),
        classes=["a", "b", "c"],
        keys=keys,
        augment="none",
    )
    split = Split(retain=retain[gone:], forget=forget, val=NONE, unseen=unseen, test=test)

    def party(label: str, said: Pair) -> Party:
        rest = answers(CLASSES)
        train = Outputs(
            np.concatenate([rest[gone:], said[0]]), y[gone : CLASSES + n], keys[gone : CLASSES + n]
        )
        sets = {
            "train": train,
            "unseen": Outputs(said[1], y[unseen], keys[unseen]),
            "val": train.take(NONE),
            "test": Outputs(rest, y[test], keys[test]),
        }
        return Party(label, Evidence(sets, np.zeros((0, 0)), np.zeros(0)), Reader)

    rates = after or (plain, plain)
    times = 4 + 0.2 * np.random.default_rng(8).normal(size=10)
    arrays = {
        "healing": {
            "forget": np.stack([one[0] for one in rates]),
            "unseen": np.stack([one[1] for one in rates]),
            "lr": np.array([0.005, 0.05]),
            "epoch": np.array([5, 5]),
        },
        "norms": {"forget": np.ones(n), "unseen": np.ones(m)},
        "relearning": {"forget": times, "unseen": times[::-1]},
    }
    made: dict[str, Any] = {
        "original": party("original", (plain[0] + 3 * np.eye(CLASSES)[labels(n)], plain[1])),
        "references": tuple(party(f"reference {at}", one) for at, one in enumerate(others)),
        "shelf": Given(arrays=arrays),
    }
    task = Task.of(images, split)
    return Case("model", "made up", task, party("model", plain), **(made | changes))


class Reader(nn.Module):
    """A network whose features are the pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(x.flatten(1))
        return logits


def test_equal_answers_pass_from_end_to_end() -> None:
    found = examine(case(drawn(4000, seed=4)), TERMS)
    assert found.word == "PASS", found.judgement.reasons
    assert found.gate


def test_less_known_is_forgotten_too_well() -> None:
    found = examine(case(drawn(400, -2), candidates=3), TERMS)
    assert found.word == "FAIL-OVERFORGET"
    assert found.terms.level == pytest.approx(0.05 / 3)
    assert found.terms.alpha == pytest.approx(0.01 / 3)


@pytest.mark.parametrize(("more", "side"), [(2, "residual"), (-2, "over")])
def test_the_side_is_that_of_the_answers(more: float, side: str) -> None:
    made = case(drawn(200, more))
    found = [
        level_test(made, TERMS, HALF),
        shape(made, TERMS),
        destination(made, TERMS),
        healing(made, TERMS, NOUGHT, HALF),
    ]
    assert {(one.state, one.side) for one in found} == {("fail", side)}
    assert (found[0].value > 0.5) == (side == "residual")


@pytest.mark.parametrize("worse", [0, 1])
@pytest.mark.parametrize("goal", [HALF, Goal(0.5, 0.001, chance=False)])
def test_the_worse_of_two_rates_decides_healing(worse: int, goal: Goal) -> None:
    """Always right, so that the level is 0: the AUC alone tells that something is left."""
    same = pair(600, known=20)
    for more, state, side in ((0.0, "pass", ""), (0.2, "open", ""), (1.0, "fail", "residual")):
        rates = [same, same]
        rates[worse] = pair(600, more, known=20)
        level_goal = Goal(0.0, goal.error, goal.chance)
        found = healing(case(same, (rates[0], rates[1])), TERMS, level_goal, goal)
        assert (found.state, found.side) == (state, side)
        assert found.more["levels"] == [0, 0]


def test_it_is_healed_at_a_tenth_of_the_rate_and_at_the_rate() -> None:
    assert RATES == (0.1, 1.0)
    points = healed(case(pair(12), shelf=Shelf(), lr=0.02), 1)
    assert [point[0] for point in points] == pytest.approx([0.002, 0.02])


def test_a_wide_margin_clears_nothing() -> None:
    """Equal to the last digit, but of too few images."""
    found = healing(case(pair(90, known=0.5)), Terms(margin=0.4, deals=99), NOUGHT, HALF)
    assert found.value == 0
    assert found.margin > WIDEST
    assert found.state == "open"


def test_many_candidates_must_be_surer() -> None:
    """Equal answers: near enough for one candidate, not for the best of forty."""
    few, right, more = case(pair(300)), case(pair(300, known=20)), case(pair(801))
    for level, state in ((0.05, "pass"), (0.05 / 40, "open")):
        terms, wide = (Terms(deals=99, margin=margin, level=level) for margin in (0.05, 0.4))
        assert level_test(few, terms, HALF).state == state
        assert healing(right, terms, NOUGHT, HALF).state == state  # by its AUC
        assert healing(more, wide, NOUGHT, HALF).state == state  # by its level


def test_single_images_stand_against_a_pass() -> None:
    assert records(case(pair(2001)), TERMS).state == "pass"
    few = records(case(pair(39)), TERMS)
    assert (few.state, few.more["listed"]) == ("open", [])  # sure of too little
    known = np.where(np.arange(4000) < 32, 40, 1.5)
    found = records(case((answers(4000, known), answers(8000, seed=1))), TERMS)
    assert found.high < 0.03
    assert len(found.more["listed"]) >= 32
    assert found.state == "open"


def sent(forgotten: int, share: float, other: float) -> Pair:
    """These shares of forgotten and of twice as many unseen images go to the next class."""
    return moved(forgotten, share), moved(2 * forgotten, other)


def moved(count: int, share: float) -> np.ndarray:
    place = np.arange(count) // CLASSES
    goes = labels(count) + (place < round(share * (count // CLASSES)))
    return np.eye(CLASSES, dtype=np.float32)[goes % CLASSES]


def test_destinations_pass_where_they_are_near_and_may_be_the_same() -> None:
    sure = Terms(alpha=1e-9)
    assert destination(case(sent(3000, 0.30, 0.30)), sure).state == "pass"
    unlike = destination(case(sent(3000, 0.33, 0.29)), sure)
    assert unlike.value < unlike.margin + unlike.target
    assert unlike.p < 0.05
    assert unlike.state == "open"
    far = destination(case(sent(30, 0.5, 0.3)), sure)
    assert far.value > far.margin + far.target
    assert far.p > 0.05
    assert far.state == "open"


@pytest.mark.parametrize("count", [2, 4])
def test_a_measured_goal_accuses_as_rarely_as_it_says(count: int) -> None:
    chance = np.random.default_rng(0)
    hits = []
    for _ in range(600):
        models: list[Any] = list(chance.normal(0.5, 0.02, count))
        goal = measured_goal(models, float, 0.1, True)
        hits.append(abs(chance.normal(0.5, 0.02) - goal.value) > norm.ppf(0.95) * goal.error)
    assert np.mean(hits) == pytest.approx(0.1, abs=0.035)


@pytest.mark.parametrize(
    ("count", "named", "state"),
    [(2, "retrains", "open"), (8, "retrains", "fail"), (8, "references", "open")],
)
def test_other_sources_are_judged_by_models(count: int, named: str, state: str) -> None:
    """Two models know too little of what is usual; those of another recipe fail nothing."""
    views = tuple(drawn(300, 0.3 * (at % 2), seed=20 + at) for at in range(count))
    made = case(drawn(300, 2), brighter=40, others=views)
    if named == "retrains":
        made = replace(made, retrains=made.references, references=())
    told, goal, near = goals(made, 0.01)
    assert told.met
    assert not goal.chance
    assert 0.5 < goal.value < 0.65
    found = level_test(made, TERMS, goal), healing(made, TERMS, near, goal)
    assert [one.state for one in found] == [state, state]
    alone = goals(case(drawn(300, 2), brighter=40, others=views[:1]), 0.01)
    assert (alone[0].met, alone[1:]) == (False, (HALF, NOUGHT))


def test_the_blind_baseline_sees_a_modest_difference_of_sources() -> None:
    slight = comparable(case(pair(900), brighter=2))
    assert 0.53 < slight.more["auc"] < 0.6
    assert slight.met is False
    assert comparable(case(pair(900))).met is True
    assert comparable(case(pair(9))).met is None


@pytest.mark.parametrize(("mine", "state"), [(0.5, "pass"), (0.7, "open"), (1.0, "fail")])
@pytest.mark.parametrize("others", [{}, {"healed": Excess(0.5, 0.5, 0.02, np.inf)}])
def test_a_class_may_not_come_back_better(
    mine: float, state: str, others: dict[str, Excess]
) -> None:
    found = judged({"unseen": excess(mine, [0.48, 0.5, 0.52], 2000), **others}, Terms())
    assert found.state == state
    assert found.side == ("residual" if state == "fail" else "")
    assert found.value == pytest.approx(mine - 0.5)


@pytest.mark.parametrize(("known", "state"), [(0.0, "pass"), (0.4, "open"), (3.0, "fail")])
def test_a_class_that_heals_better_than_its_controls(known: float, state: str) -> None:
    """The features are the same: healing alone tells."""
    never = pair(900, known=0)
    after = pair(900, known=known)
    made = case(never, (never, after), others=(never,) * 3, gone=True)
    found = control(made, Terms())
    assert found.state == state
