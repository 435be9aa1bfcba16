"""A checkpoint is chosen: two in a row inside, the first of them, if healing accepts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from untrain.data.sets.splits import forget, make_split, with_forget
from untrain.engine.device import Device
from untrain.engine.loop import Loop, Result
from untrain.engine.resume import Resume
from untrain.methods import FT, BoundaryExpand, NegGradPlus, RandomLabel, Scrub
from untrain.methods.contract import Trained
from untrain.models.build import ModelSpec
from untrain.models.ready import ready
from untrain.task import Task
from untrain.testing import toy_images
from untrain.tune.chooser import LOOKS
from untrain.tune.early import Early, stand
from untrain.tune.halves import halves
from untrain.tune.oracle import Oracle
from untrain.tune.probe import Probe

FAST = {"epochs": 4, "batch": 10, "lr": 0.1}
SHORT = FT(epochs=1, batch=10, lr=0.1)
IMAGES = toy_images(150)
WHOLE = make_split(IMAGES, holdout=0.3)
SPEC = ModelSpec("small", classes=3, channels=1, width=4)
Weights = dict[str, Tensor]
TASK = Task.of(
    IMAGES, with_forget(WHOLE, WHOLE.train[:24]), augment="crop+flip", make_model=SPEC.make
)


class Scripted(Early):
    """Sees what a script says, a letter for each look: small ones are inside the margin, and J is
    smaller for later letters of the alphabet. Remembers the weights that it was shown."""

    def __init__(
        self, script: str, accepts: tuple[bool, ...] = (), method: Trained | None = None
    ) -> None:
        length = (method or FT(**FAST)).length
        super().__init__(TASK, halves(TASK), length, self.healed, 0.05, 5.0)  # type: ignore[arg-type]
        self.script, self.accepts = "B" + script, list(accepts)
        self.shown: list[Weights] = []
        self.probed: list[Weights] = []

    def measure(self, model: nn.Module) -> dict[str, Any]:
        self.shown.append(weights(model))
        letter = self.script[len(self.trace) :][:1] or "B"
        values = {"objective": 100.0 - ord(letter.lower()), "interval": [0.4, 0.6]}
        return values | {"val_accuracy": 1.0, "inside": letter.islower(), "why": "", "lost": 0.0}

    def healed(self, model: nn.Module) -> dict[str, Any]:
        self.probed.append(weights(model))
        return {"accepted": self.accepts.pop(0)}


def weights(model: nn.Module) -> Weights:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def equal(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def ran(
    watch: Any, method: Trained | None = None, task: Task = TASK, resume: Resume | None = None
) -> Result:
    return Loop(method or FT(**FAST), task, SPEC.make(0)).run(resume, watch=watch)


@pytest.mark.parametrize(
    ("script", "accepts", "looks", "chosen"),
    [
        ("BaaB", (True,), 3, 2),
        ("aBaBaa", (True,), 6, 5),
        ("aaBaa", (False, True), 5, 4),
        ("aaaa", (False, True), 4, 3),  # after a refusal two new ones are needed
    ],
)
def test_it_ends_at_the_second_in_a_row_and_goes_back_to_the_first(
    script: str, accepts: tuple[bool, ...], looks: int, chosen: int
) -> None:
    watch = Scripted(script, accepts)
    result = ran(watch)
    assert len(watch.trace) == 1 + looks  # and the Original
    assert equal(weights(result.model), watch.shown[chosen])
    assert equal(watch.probed[-1], watch.shown[chosen])
    choice = watch.choice()
    assert choice["converged"]
    assert choice["candidates"] == looks
    assert choice["checkpoint"] == watch.trace[chosen]["at"]
    assert choice["cost"]["probes"] == len(accepts)
    assert choice["cost"]["flops"] == 0  # this one measures nothing


@pytest.mark.parametrize(
    ("script", "accepts", "chosen"),
    [("BBDaC", (), 3), ("zzBC", (False,), 2), ("DyyC", (False,), 3)],
)
def test_else_it_takes_the_smallest_objective_that_was_not_refused(
    script: str, accepts: tuple[bool, ...], chosen: int
) -> None:
    watch = Scripted(script, accepts)
    result = ran(watch)
    assert len(watch.trace) == 1 + LOOKS
    assert equal(weights(result.model), watch.shown[chosen])
    assert not watch.choice()["converged"]
    assert any("Not converged" in note for note in result.notes)


def test_what_has_lost_too_much_comes_last() -> None:
    """And of such ones the one that has lost least, whatever its objective."""

    class Poor(Scripted):
        def measure(self, model: nn.Module) -> dict[str, Any]:
            row = super().measure(model)
            lost = abs(len(self.trace) - 7) / 100 if self.trace else 0.0
            return row | {"lost": lost + 0.01, "why": "val accuracy is below 95.0 %"}

    watch = Poor("ZZZZZZYZZ")
    assert equal(weights(ran(watch).model), watch.shown[7])


def test_looking_changes_no_bit_of_the_training() -> None:
    watched, plain = ran(Scripted("")), Loop(FT(**FAST), TASK, SPEC.make(0)).run()
    assert [row["loss"] for row in watched.curve] == [row["loss"] for row in plain.curve]
    assert (watched.cost.flops, watched.cost.steps) == (plain.cost.flops, plain.cost.steps)
    last = Scripted("B" * (LOOKS - 1) + "Z")
    assert equal(weights(ran(last).model), weights(plain.model))


def test_what_was_not_trained_is_not_on_the_bill() -> None:
    """It ends after look 3, at step 4 of 24."""
    watch = Scripted("Baa", (True,))
    result = ran(watch)
    assert result.cost.steps == round(watch.trace[-1]["at"] * 6) == 4
    assert len(result.curve) == 1


class Killed(Exception):
    """Stands for SIGKILL in the middle of a run."""


@pytest.mark.parametrize(
    ("method", "passes"),
    [(FT, 0.5), (NegGradPlus, 2.2), pytest.param(Scrub, 2.2, marks=pytest.mark.slow)],
    ids=["ft", "neggrad-plus", "scrub"],
)
def test_a_killed_run_goes_on_to_the_same_choice(
    method: type[Trained], passes: float, tmp_path: Path
) -> None:
    script, made = "BBC" + "B" * 9 + "Caa", method(**FAST)
    whole = Scripted(script, (True,), made)
    expected = ran(whole, made)

    def killed(done: float, row: dict[str, Any] | None) -> None:
        if done > passes:
            raise Killed

    path = tmp_path / "resume.safetensors"
    loop = Loop(made, TASK, SPEC.make(0))
    with pytest.raises(Killed):
        loop.run(Resume(path, "key", every=0), killed, Scripted(script, (True,), made))
    again = Scripted(script, (True,), made)
    result = ran(again, made, resume=Resume(path, "key", every=0))
    assert len(again.shown) < len(whole.shown)
    assert again.trace == whole.trace
    assert equal(weights(result.model), weights(expected.model))
    assert result.cost.steps == expected.cost.steps
    assert [row["loss"] for row in result.curve] == [row["loss"] for row in expected.curve]


def test_a_method_that_edits_at_the_end_is_seen_as_it_would_be_returned() -> None:
    """Boundary Expanding trains with a row that it drops."""
    method = BoundaryExpand(**FAST)
    watch = Scripted("BBaa", (True,), method)
    result = ran(watch, method)
    assert {len(shown["head.weight"]) for shown in watch.shown} == {3}
    assert equal(weights(result.model), watch.shown[3])
    assert equal(watch.probed[0], watch.shown[3])


def test_a_round_of_several_passes_is_seen_at_its_end() -> None:
    method = RandomLabel(**FAST)
    watch = Scripted("", (), method)
    ran(watch, method)
    assert [row["at"] for row in watch.trace] == [0, 2, 4, 6, 8]


def test_weights_that_a_method_keeps_and_those_of_the_choice_are_apart(tmp_path: Path) -> None:
    method = Scrub(**FAST | {"lr": 0.01}, rewind=True)
    watch = Scripted("BBZ", (), method)
    assert equal(weights(ran(watch, method).model), watch.shown[3])


def test_the_real_one_sees_tune_halves_alone(tmp_path: Path) -> None:
    """All other held-out and forgotten images are black: nothing of the choice changes."""
    seen = halves(TASK)
    hidden = np.setdiff1d(TASK.split.forget, seen.forget)
    hidden = np.concatenate([hidden, TASK.split.unseen, TASK.split.test])
    x = IMAGES.x.clone()
    x[hidden] = 0
    blind = Task.of(replace(IMAGES, x=x), TASK.split, augment="crop+flip", make_model=SPEC.make)
    traces = []
    for task in (TASK, blind):
        probe = Probe(task, seen, 0.1, 10, Device(threads=1))
        watch = Early(task, seen, 1, probe, 0.45, 100.0)
        ran(watch, SHORT, task)
        traces.append(watch.trace)
        assert watch.probes
        assert watch.cost.flops > 0
    assert traces[0] == traces[1]


def test_an_original_inside_the_margin_is_told() -> None:
    seen = halves(TASK)
    probe = Probe(TASK, seen, 0.1, 10, Device(threads=1))
    result = ran(Early(TASK, seen, 1, probe, 0.49, 100.0), SHORT)
    assert any("The Original's own AUC lies within the margin" in note for note in result.notes)


def test_a_class_is_gone_at_chance_and_its_interval_does_not_matter() -> None:
    split = forget(WHOLE, "class:class1", IMAGES)
    task = Task.of(IMAGES, split, augment="none", make_model=SPEC.make)
    seen = halves(task)
    assert seen.whole_classes
    assert seen.gone.tolist() == [1]
    watch = Early(task, seen, 4, Probe(task, seen, 0.1, 10, Device(threads=1)), 0.01, 100.0)
    method = RandomLabel(**FAST, pool="retained")
    ran(watch, method, task)
    for row in watch.trace[1:]:
        assert row["inside"] == (row["forget_accuracy"] <= 1 / 3)


def test_the_probe_refuses_what_healing_brings_back() -> None:
    """Labels by lot can only be learnt by heart. Without its head the model knows nothing of any
    image, and an epoch on retained ones brings the forgotten ones back."""
    chance = np.random.default_rng(0)
    y = torch.from_numpy(chance.integers(0, 3, 600))
    x = torch.from_numpy(chance.integers(0, 256, (600, 16, 16, 1), dtype=np.uint8))
    keys, part = np.arange(600).astype(str), np.where(np.arange(600) < 580, "train", "test")
    images = replace(IMAGES, x=x, y=y, keys=keys, table={"part": part})
    whole = make_split(images, holdout=0.3)
    task = Task.of(images, with_forget(whole, whole.train[:200]), augment="none")
    everything = Task.of(images, whole, augment="none")
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 3))
    model = Loop(FT(epochs=20, batch=16, lr=0.05), everything, net).run().model
    seen = halves(task)
    probe = Probe(task, seen, 0.05, 4, Device(threads=1))
    assert not probe(model)["accepted"]  # the Original
    with torch.no_grad():
        for tensor in (model[3].weight, model[3].bias):  # type: ignore[index]
            tensor.zero_()
    hidden = stand(ready(model, images), task, seen)
    assert abs(hidden.level.value) < 2 * hidden.level.error
    found = probe(model)
    assert not found["accepted"]
    assert found["level"] > 3 * found["error"]


def test_the_oracle_takes_the_checkpoint_nearest_to_retrain() -> None:
    retrain = ready(SPEC.make(7), IMAGES)
    watch = Oracle(TASK, halves(TASK), 1, retrain)
    assert watch.measure(retrain)["objective"] == 0
    result = ran(watch, SHORT)
    gaps = [row["objective"] for row in watch.trace[1:]]
    assert len(gaps) == 6  # a look for each step
    assert watch.chosen["objective"] == min(gaps)
    assert watch.choice()["by"] == "oracle"
    assert "Chosen (oracle)" in result.notes[0]
