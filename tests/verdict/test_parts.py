"""The parts of the audit that train or measure, each against numbers known in advance."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from world import FORGET, TRAIN, images, original, retrained, split, task

from untrain.data.images import Images
from untrain.data.sets.halves import tune_half
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.verdict.blind import blind_features
from untrain.verdict.case import Shelf
from untrain.verdict.goals import Goal, Terms
from untrain.verdict.healing import heal
from untrain.verdict.level import level
from untrain.verdict.pace import judged
from untrain.verdict.prototype import recovered
from untrain.verdict.relearn import LEAST, Times, _samples, crossing


def outputs(right: list[int], labels: list[int]) -> Outputs:
    """Predictions that are right where a 1 stands; three classes."""
    predicted = [y if ok else (y + 1) % 3 for ok, y in zip(right, labels, strict=True)]
    keys = np.array([f"k{number}" for number in range(len(labels))])
    return Outputs(np.eye(3, dtype=np.float32)[predicted], np.array(labels), keys)


def test_the_level_compares_within_classes() -> None:
    forget = outputs([1, 1, 0, 1], [0, 0, 0, 1])
    unseen = outputs([1, 0, 1, 1, 0, 0], [0, 0, 1, 1, 1, 2])
    # class 0: 2/3 - 1/2, three of four; class 1: 1 - 2/3, one of four
    assert level(forget, unseen).value == pytest.approx(0.75 * (2 / 3 - 1 / 2) + 0.25 * (1 / 3))
    assert np.isnan(level(outputs([1], [2]), outputs([1], [0])).value)
    assert level(outputs([1] * 9, [0] * 9), outputs([1] * 9, [0] * 9)).error > 0


def test_the_levels_error_is_that_of_repeated_draws() -> None:
    chance = np.random.default_rng(0)
    found = []
    for _ in range(400):
        sets = []
        for size in (120, 400):
            labels = np.arange(size) % 3
            sets.append(outputs(list(chance.random(size) < 0.3 + 0.2 * labels), list(labels)))
        found.append(level(*sets))
    values = np.array([one.value for one in found])
    assert abs(values.mean()) < 3 * values.std() / 20
    assert np.mean([one.error for one in found]) == pytest.approx(values.std(), rel=0.12)


@pytest.mark.parametrize(
    ("curve", "target", "at"),
    [([0.5, 1.0], 0.75, 0.5), ([0.2, 0.4, 0.8], 0.8, 2.0), ([0.1, 0.2, 0.1], 0.9, 2.0)],
)
def test_a_curve_crosses_between_two_points(curve: list[float], target: float, at: float) -> None:
    assert crossing(curve, target) == pytest.approx(at)


def test_samples_have_the_same_labels_and_do_not_overlap() -> None:
    labels = images().y.numpy()
    forget, unseen = split().forget, split().unseen
    drawn = list(_samples(labels, forget, unseen, 10, 0))
    assert len(drawn) == 10
    for mine, other in drawn:
        assert np.array_equal(np.sort(labels[mine]), np.sort(labels[other]))
        assert np.isin(mine, forget).all()
        assert np.isin(other, unseen).all()
    for side in (0, 1):
        assert len(np.unique(np.concatenate([pair[side] for pair in drawn]))) == FORGET
    assert not list(_samples(labels, forget[: 10 * LEAST - 1], unseen, 10, 0))
    scarce = list(_samples(labels, forget, unseen[labels[unseen] != 0][:90], 2, 0))
    assert all(np.array_equal(np.sort(labels[a]), np.sort(labels[b])) for a, b in scarce)


def test_relearning_is_judged_by_its_interval() -> None:
    wave = np.array([-0.1, 0.1] * 5)
    unseen = 4 - wave
    for ratio, state in ((1.0, "pass"), (0.4, "fail"), (0.8, "open")):
        assert judged(Times(ratio * 4 + wave, unseen, 0.97), Terms()).state == state
    assert np.isnan(Times(unseen, 0 * unseen, 0.97).ratio.value)


def test_healing_brings_back_what_was_hidden_only() -> None:
    """A head that was shuffled for the forgotten images is mended; an exact model gains nothing."""
    on = task()
    watched = {"forget": on.split.forget, "unseen": on.split.unseen}
    for model, gains in ((original(), True), (retrained(), False)):
        points = heal(model, on, watched, lr=0.05, epochs=(1, 2), batch=50)
        assert [one.epoch for one in points] == [1, 2]
        after = points[-1].sets
        far = level(after["forget"], after["unseen"])
        assert (far.value > 0.15) == gains
        assert after["forget"].keys.tolist() == on.images.keys[on.split.forget].tolist()


def test_the_given_model_is_not_healed_itself() -> None:
    model = retrained()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    heal(model, task(), {"forget": split().forget[:5]}, lr=0.1, epochs=(1,), batch=50)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_a_masked_class_is_recovered_from_its_features() -> None:
    on = task(np.flatnonzero(images().y.numpy()[:TRAIN] == 0))
    masked = original()
    found = recovered(masked, on, on.split.unseen)
    assert found is not None
    assert found.images == int((images().y.numpy()[on.split.unseen] == 0).sum())
    blank = recovered(Blank(), on, on.split.unseen)
    assert blank is not None
    assert found.unseen > blank.unseen + 0.15
    assert recovered(masked, task(), on.split.unseen) is None


class Blank(nn.Module):
    """Features that hold nothing: random directions of noise."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        noise = torch.sin(1e4 * x.flatten(1)[:, :4])
        logits: torch.Tensor = self.head(noise)
        return logits


def test_blind_features_know_nothing_of_training_and_see_brightness() -> None:
    on = images()
    some = np.arange(60)
    features = blind_features(on, some)
    assert np.array_equal(features, blind_features(on, some, batch=7))
    darker = Images(x=on.x // 2, y=on.y, classes=on.classes, keys=on.keys, augment="none")
    assert not np.allclose(features, blind_features(darker, some))
    floats = (on.x.float() / 255 - 0.5) / 0.5
    as_float = Images(x=floats, y=on.y, classes=on.classes, keys=on.keys, augment="none")
    assert np.allclose(features, blind_features(as_float, some), atol=1e-5)


def test_the_goal_of_other_models_adds_their_spread() -> None:
    goal = Goal(0.6, 0.04, chance=False)
    apart = goal.apart(Estimate(0.65, 0.03))
    assert apart.value == pytest.approx(0.05)
    assert apart.error == pytest.approx(0.05)


def test_halves_depend_on_keys_alone() -> None:
    keys = np.array([f"k{number}" for number in range(101)])
    labels = np.arange(101) % 4
    half = tune_half(keys, labels)
    order = np.random.default_rng(0).permutation(101)
    assert np.array_equal(tune_half(keys[order], labels[order]), half[order])
    for label in range(4):
        assert abs(2 * half[labels == label].sum() - (labels == label).sum()) <= 1


def test_a_shelf_keeps_makes_anew_and_goes_on_without_space(
    tmp_path: Path,
    small_files: Callable[[int], AbstractContextManager[None]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    made: list[int] = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {"forget": np.arange(50), "unseen": np.arange(3)}

    shelf = Shelf(tmp_path)
    with small_files(10):
        assert len(shelf.get("a", {}, make)["forget"]) == 50
    assert "It will be made again next time" in capsys.readouterr().err
    for _ in range(2):
        assert len(shelf.get("a", {}, make)["forget"]) == 50
    assert len(made) == 2
    shelf.get("a", {}, make, parts=("more",))  # one that lacks a part is made anew
    shelf.get("a", {"lr": 1}, make)
    assert len(made) == 4
