"""BadTeacher: each image has its own teacher, and labels do not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from untrain.data.sets.splits import make_split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import Contrastive
from untrain.methods.bad_teacher import BadTeacher
from untrain.methods.contract import Draw, Run, State, Step
from untrain.models.build import ModelSpec
from untrain.models.output import frozen_copy
from untrain.task import Task

FAST: dict[str, Any] = {"epochs": 1, "batch": 16, "lr": 0.1}
FROZEN: dict[str, Any] = FAST | {"bn": "frozen", "weight_decay": 0.0}


@dataclass(frozen=True, kw_only=True)
class TwoGood(BadTeacher):
    """The Original teaches the forgotten images too."""

    def prepare(self, run: Run) -> State:
        state = super().prepare(run)
        return state | {"bad": frozen_copy(state["good"])}


def drift(one: nn.Module, other: nn.Module) -> float:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


def test_the_original_as_both_teachers_teaches_nothing(task: Task, model: nn.Module) -> None:
    result = Loop(TwoGood(**FROZEN), task, model).run()
    assert drift(result.model, model) < 1e-6
    assert all(abs(row["loss"]) < 1e-6 for row in result.curve)
    assert drift(Loop(BadTeacher(**FROZEN), task, model).run().model, model) > 1e-3


def test_with_nothing_to_forget_it_only_distils_itself(task: Task, model: nn.Module) -> None:
    whole = Task.of(task.images, make_split(task.images), make_model=task.make_model)
    assert drift(Loop(BadTeacher(**FROZEN), whole, model).run().model, model) < 1e-6


def test_labels_do_not_matter(task: Task, model: nn.Module, same: Callable[..., bool]) -> None:
    y = task.images.y.roll(1)
    other = Task.of(replace(task.images, y=y), task.split, augment=task.augment)
    other.make_model = task.make_model
    one, two = (Loop(BadTeacher(**FAST), t, model).run().model for t in (task, other))
    assert same(one, two)


def test_the_teachers_stay_what_they_were(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    states: list[State] = []

    class Watched(BadTeacher):
        def finish(self, run: Run, state: State) -> None:
            states.append(state)

    loop = Loop(Watched(**FAST), task, model)
    loop.run()
    assert same(states[0]["good"], model)
    assert same(states[0]["bad"], loop.fresh_model())
    assert not same(states[0]["bad"], model)


def step_of(student: nn.Module, x: Tensor, forgotten: list[int]) -> Step:
    """A step on a mixed batch of which some rows are forgotten."""
    rows = torch.arange(len(x))
    is_in = torch.isin(rows, torch.tensor(forgotten))
    parts = {"retain": rows[~is_in], "forget": rows[is_in]}
    draw = Draw(rows * 0, rows, lambda k, augment: x, student, rows=parts)
    return Step(student, {"mixed": draw, **{n: draw.part(at) for n, at in parts.items()}})


@pytest.mark.parametrize("forgotten", [[], [1], [0, 3, 4], [0, 1, 2, 3, 4, 5]])
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_loss_is_the_mean_over_images_of_their_own_teachers_divergence(
    spec: ModelSpec, forgotten: list[int], temperature: float
) -> None:
    student, good, bad = (frozen_copy(spec.make(seed)) for seed in range(3))
    x = torch.randn(6, 1, 8, 8)
    by_hand = 0.0
    for row in range(6):
        q = (bad if row in forgotten else good)(x[row : row + 1]).logits[0] / temperature
        p = student(x[row : row + 1]).logits[0] / temperature
        by_hand += float((q.softmax(0) * (q.log_softmax(0) - p.log_softmax(0))).sum()) / 6
    method = BadTeacher(temperature=temperature)
    state = {"good": good, "bad": bad}
    loss = method.loss(step_of(student, x, forgotten), state)
    assert float(loss) == pytest.approx(by_hand, rel=1e-4, abs=1e-6)
    element = replace(method, reduction="elementmean")
    assert float(element.loss(step_of(student, x, forgotten), state)) == pytest.approx(
        by_hand / 3, rel=1e-4, abs=1e-6
    )


@pytest.mark.parametrize(("forgotten", "asked"), [([], "good"), ([0, 1], "bad")])
def test_an_empty_part_asks_no_teacher(spec: ModelSpec, forgotten: list[int], asked: str) -> None:
    class Never(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise AssertionError("no forward may run")

    state = {"good": Never(), "bad": Never()} | {asked: spec.make(1).eval()}
    BadTeacher().loss(step_of(spec.make(0), torch.randn(2, 1, 8, 8), forgotten), state)


def test_a_share_of_retain_is_drawn_once_and_all_of_forget(task: Task, model: nn.Module) -> None:
    seen: list[tuple[int, np.ndarray]] = []
    loops: list[Loop] = []

    @dataclass(frozen=True, kw_only=True)
    class Watched(BadTeacher):
        def after_step(self, step: Step, state: State) -> None:
            places = loops[-1].streams["mixed"].rows
            for name in ("retain", "forget"):
                at = places[step.draws[name].index].numpy()
                assert np.isin(at, task.split.sets()[name]).all()
                seen.append((step.epoch, at))

    def images(share: float, seed: int, epochs: int = 1) -> list[list[int]]:
        seen.clear()
        method = Watched(epochs=epochs, batch=32, retain_share=share)
        loops.append(Loop(method, task, model, seed=seed))
        loops[-1].run()
        return [sorted(np.concatenate([at for e, at in seen if e == n])) for n in range(epochs)]

    first, second = images(0.3, 0, epochs=2)
    assert first == second
    assert len(first) == len(set(first)) == round(0.3 * len(task.split.retain)) + 8
    assert {*task.split.forget} < {*first}
    assert images(0.3, 1)[0] != first
    assert images(1.0, 0)[0] == sorted(task.split.train)


def test_recalibrating_gives_the_bad_teacher_the_statistics_of_retain(
    task: Task, model: nn.Module, spec: ModelSpec
) -> None:
    """All retain images fit in one batch here, whose mean the first layer's statistics are."""
    plain = Task.of(task.images, task.split, augment="none", make_model=spec.make)
    loop = Loop(BadTeacher(batch=64, recalibrate=True), plain, model)
    bad, fresh = loop.method.prepare(loop)["bad"], loop.fresh_model()
    x = next(loop.batches("retain", 64)).x
    expected = fresh.layers[0](x).mean((0, 2, 3))
    torch.testing.assert_close(bad.layers[1].running_mean, expected)
    assert not any(module.training for module in bad.modules())
    for name, weight in fresh.named_parameters():
        assert torch.equal(dict(bad.named_parameters())[name], weight)


def test_it_tells_how_much_the_bad_teacher_says(task: Task, model: nn.Module) -> None:
    loop = Loop(BadTeacher(), task, model)
    p = loop.method.prepare(loop)["bad"](next(loop.batches("forget", 9)).x).logits.softmax(1)
    told = (
        f"8 forgotten images {len(p.argmax(1).unique())} of 3 classes, with {p.amax(1).mean():.0%}"
    )
    assert told in loop.notes[0]


def test_the_term_acts_on_retained_images_only(task: Task, model: nn.Module) -> None:
    values: list[Tensor] = []

    @dataclass(frozen=True, kw_only=True)
    class Watched(Contrastive):
        def __call__(self, step: Step) -> Tensor | None:
            value = super().__call__(step)
            if value is not None and not value.is_meta:  # the cost is counted on meta tensors
                values.append(value.detach())
            return value

    x = task.images.x.clone()
    x[torch.from_numpy(task.split.forget)] = 77
    still = {"epochs": 1, "batch": 16, "lr": 1e-30, "lr_min": 0.0, "weight_decay": 0.0}
    for shown in (task.images, replace(task.images, x=x)):
        given = Task.of(shown, task.split, augment="crop+flip", make_model=task.make_model)
        Loop(BadTeacher(**still, bn="frozen"), given, model, terms=(Watched(),)).run()
    before, after = torch.stack(values).chunk(2)
    torch.testing.assert_close(before, after)


def test_it_needs_fresh_weights_for_the_bad_teacher(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="'bad-teacher' needs fresh weights"):
        Loop(BadTeacher(), Task.of(task.images, task.split), model)
    stuck = Task.of(task.images, task.split, make_model=lambda _: model)
    with pytest.raises(UserError, match="Original's own weights"):
        Loop(BadTeacher(), stuck, model).run()


@pytest.mark.parametrize(
    "values", [{"retain_share": 0.0}, {"retain_share": 1.1}, {"temperature": 0.0}]
)
def test_values_out_of_range_name_their_flag(values: dict[str, float]) -> None:
    with pytest.raises(UserError, match="--" + next(iter(values)).replace("_", "-")):
        BadTeacher(**values)
