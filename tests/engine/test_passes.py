"""What a pass can ask of the engine: mixed and joint draws, masks, recipes, kept weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.engine.loop import Loop
from untrain.engine.predict import predict
from untrain.engine.resume import Resume
from untrain.methods import FT
from untrain.methods.contract import Draw, Pass, Passes, Run, State, Step, Trained
from untrain.task import Task
from untrain.testing import Subject
from untrain.testing.checks import resumes_in_the_middle

FAST: dict[str, Any] = {"epochs": 2, "batch": 7, "lr": 0.1}


@dataclass(frozen=True, kw_only=True)
class Passing(Trained):
    """Trains on everything it draws, in passes that a test chooses, and remembers its steps."""

    name = "passing"
    streams = ("retain", "forget")
    made: ClassVar[tuple[Pass, ...]] = ()
    steps: ClassVar[list[Step]] = []

    def passes(self, run: Run, state: State) -> Passes:
        for epoch, pass_ in enumerate(self.made):
            yield replace(pass_, epoch=epoch)

    def loss(self, step: Step, state: State) -> Tensor:
        self.steps.append(step)
        draws = [d for name, d in step.draws.items() if len(d) and name != "mixed"]
        return sum((cross_entropy(d.out().logits, d.y) for d in draws), torch.zeros(()))


def passing(*passes: Pass) -> Passing:
    """A method that makes these passes."""

    @dataclass(frozen=True, kw_only=True)
    class Chosen(Passing):
        made = passes
        steps: ClassVar[list[Step]] = []

    return Chosen(**FAST)


def steps_of(method: Passing) -> list[Step]:
    """The real steps; those that counted FLOPs hold no data."""
    return [step for step in method.steps if next(iter(step.draws.values())).y.device.type == "cpu"]


def forgotten(draw: Draw) -> Tensor:
    """Which rows of a mixed draw are forgotten images: bool (B,)."""
    return torch.zeros(len(draw), dtype=torch.bool).index_fill(0, draw.rows["forget"], True)


def test_a_mixed_pass_shuffles_both_sets_and_tells_them_apart(task: Task, model: nn.Module) -> None:
    method = passing(Pass(("mixed",), "mixed"))
    result = Loop(method, task, model).run()
    steps, split = steps_of(method), task.split
    everything = torch.from_numpy(np.concatenate([split.retain, split.forget]))
    seen = torch.cat([everything[step.draws["mixed"].index] for step in steps])
    forgot = torch.cat([forgotten(step.draws["mixed"]) for step in steps])
    assert sorted(seen.tolist()) == split.train.tolist()
    assert torch.equal(forgot, torch.isin(seen, torch.from_numpy(split.forget)))
    assert len({len(step.forget) for step in steps}) > 1  # mixed, not one after the other
    assert result.cost.samples == len(split.train)
    assert int(result.model.layers[1].num_batches_tracked) == len(steps)  # one forward a step
    for step in steps:
        mixed = step.draws["mixed"]
        assert torch.equal(step.forget.out().logits, mixed.out().logits[forgotten(mixed)])
        assert torch.equal(step.retain.view(1), mixed.view(1)[~forgotten(mixed)])


def test_mixed_steps_cost_what_their_images_cost(task: Task, model: nn.Module) -> None:
    """Whatever the mixture: one forward and backward of every image."""
    mixed = Loop(passing(Pass(("mixed",), "mixed")), task, model).run().cost
    ft = Loop(FT(**FAST | {"epochs": 1}), task, model).run().cost
    share = len(task.split.train) / len(task.split.retain)
    assert mixed.flops == pytest.approx(share * ft.flops, rel=1e-6)


def test_a_joint_pass_is_one_forward_of_both(task: Task, model: nn.Module) -> None:
    method = passing(Pass(("retain", "forget"), 1, joint=True))
    apart = passing(Pass(("retain", "forget"), 1))
    result, other = (Loop(m, task, model).run() for m in (method, apart))
    assert int(result.model.layers[1].num_batches_tracked) == 1
    assert int(other.model.layers[1].num_batches_tracked) == 2
    assert result.cost.flops == other.cost.flops
    (step,) = steps_of(method)
    with torch.no_grad():
        both = torch.cat([step.retain.x, step.forget.x])
        alone = model.train()(both).logits
    torch.testing.assert_close(step.forget.out().logits, alone[len(step.retain) :])


def test_repeat_keeps_the_first_batch_and_equal_its_size(task: Task, model: nn.Module) -> None:
    method = passing(Pass(("forget", "retain"), "forget", repeat=3, equal=True))
    Loop(method, task, model).run()
    steps = steps_of(method)  # eight images to forget: seven and one, which joins them
    assert [len(step.forget) for step in steps] == [8] * 3
    assert [len(step.retain) for step in steps] == [8] * 3
    assert all(torch.equal(step.forget.index, steps[0].forget.index) for step in steps)
    assert len(set(torch.cat([step.retain.index for step in steps]).tolist())) == 24


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_outside_a_mask_weights_stay_bit_for_bit(
    optimizer: Any, task: Task, model: nn.Module
) -> None:
    """With momentum and weight decay, after free steps that left a momentum everywhere."""
    chance = torch.Generator().manual_seed(0)
    mask = {
        name: torch.rand(p.shape, generator=chance) < 0.5 for name, p in model.named_parameters()
    }
    free, held = Pass(("retain",), 2), Pass(("retain",), 3, mask=mask)
    start = replace(passing(free), optimizer=optimizer, lr=0.01, schedule="constant")
    both = replace(passing(free, held), optimizer=optimizer, lr=0.01, schedule="constant")
    before = dict(Loop(start, task, model).run().model.named_parameters())
    for name, weight in Loop(both, task, model).run().model.named_parameters():
        assert torch.equal(weight[~mask[name]], before[name][~mask[name]])
        assert not torch.equal(weight[mask[name]], before[name][mask[name]])


def test_a_full_mask_is_no_mask(task: Task, model: nn.Module, same: Callable[..., bool]) -> None:
    mask = {name: torch.ones_like(p, dtype=torch.bool) for name, p in model.named_parameters()}
    plain = Loop(passing(Pass(("retain",), 5)), task, model).run().model
    assert same(plain, Loop(passing(Pass(("retain",), 5, mask=mask)), task, model).run().model)


def test_a_recipe_holds_for_its_pass_and_fresh_forgets_momentum(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    slow = FT(**FAST | {"lr": 1e-3, "schedule": "constant"})
    runs = [
        Loop(passing(Pass(("retain",), 3), second), task, model).run()
        for second in (
            Pass(("retain",), 3),
            Pass(("retain",), 3, recipe=slow),
            Pass(("retain",), 3, recipe=slow, fresh=True),
        )
    ]
    assert [row["lr"] for row in runs[1].curve] == [0.1, 1e-3]
    assert not same(runs[0].model, runs[1].model)
    assert not same(runs[1].model, runs[2].model)


def test_adam_resumes_to_the_same_bits() -> None:
    resumes_in_the_middle(Subject(FT, optimizer="adam", lr=0.01))


def test_frozen_batch_norm_of_the_users_model_stays_as_it_is(task: Task, model: nn.Module) -> None:
    model.layers[1].requires_grad_(False)
    after = Loop(FT(**FAST), task, model).run().model
    for name in ("running_mean", "running_var", "weight", "bias"):
        assert torch.equal(getattr(after.layers[1], name), getattr(model.layers[1], name))
    assert not torch.equal(after.layers[4].running_mean, model.layers[4].running_mean)


@dataclass(frozen=True, kw_only=True)
class Keeps(FT):
    """Keeps every epoch and gives back the first, with a stream of its own beside."""

    name = "keeps"
    reads = ("val",)

    def prepare(self, run: Run) -> State:
        noise = torch.randn(6, 8, 8, 1, generator=run.rng("noise"))
        run.add_stream("noise", x=noise, y=[0, 1, 2, 0, 1, 2])
        run.add_stream("few", positions=torch.from_numpy(run.task.split.retain[:4]))
        return {}

    def passes(self, run: Run, state: State) -> Passes:
        for epoch in range(3):
            run.keep(str(epoch))
            loss = yield Pass(("few",), "few", epoch)
            run.note(f"{epoch}: {loss:.9f} {run.accuracy('val'):.3f}")
        run.restore("1")
        yield Pass(("noise",), "noise", 1)

    def loss(self, step: Step, state: State) -> Tensor:
        (draw,) = step.draws.values()
        return cross_entropy(draw.out().logits, draw.y)


@pytest.mark.parametrize("killed", [1, 2, 3])
def test_kept_weights_streams_and_notes_survive_a_kill(
    killed: int, task: Task, model: nn.Module, tmp_path: Path, same: Callable[..., bool]
) -> None:
    class Killed(Exception):
        pass

    def kill(done: float, row: dict[str, Any] | None) -> None:
        if done > killed:
            raise Killed

    whole = Loop(Keeps(**FAST), task, model).run()
    path = tmp_path / "resume.safetensors"
    with pytest.raises(Killed):
        Loop(Keeps(**FAST), task, model).run(Resume(path, "key", every=0), kill)
    resumed = Loop(Keeps(**FAST), task, model).run(Resume(path, "key", every=0))
    assert same(whole.model, resumed.model)
    assert whole.notes == resumed.notes
    assert len(whole.notes) == 3
    assert [row["loss"] for row in whole.curve] == [row["loss"] for row in resumed.curve]


def test_batches_move_no_stream(task: Task, model: nn.Module, same: Callable[..., bool]) -> None:
    """Looking at the retain set in prepare leaves the plan of the training as it was."""

    @dataclass(frozen=True, kw_only=True)
    class Looks(FT):
        def prepare(self, run: Run) -> State:
            seen = list(run.batches("retain", 7, augment="own"))
            assert sorted(torch.cat([d.index for d in seen]).tolist()) == list(
                range(len(task.split.retain))
            )
            seen[0].view()
            return {}

    assert same(
        Loop(Looks(**FAST), task, model).run().model, Loop(FT(**FAST), task, model).run().model
    )


def test_work_in_prepare_is_on_the_bill(task: Task, model: nn.Module) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Heavy(FT):
        def prepare(self, run: Run) -> State:
            torch.ones(10, 20) @ torch.ones(20, 30)
            return {}

    heavy, ft = (Loop(m(**FAST), task, model).run().cost for m in (Heavy, FT))
    assert heavy.flops == ft.flops + 2 * 10 * 20 * 30


def test_a_mask_lets_a_weight_without_a_part_in_the_loss_be(task: Task, model: nn.Module) -> None:
    model.spare = nn.Linear(2, 2)
    before = model.spare.weight.detach().clone()
    mask = {name: torch.ones_like(p, dtype=torch.bool) for name, p in model.named_parameters()}
    after = Loop(passing(Pass(("retain",), 2, mask=mask)), task, model).run().model
    assert torch.equal(after.spare.weight, before)


def test_a_pass_cannot_change_the_kind_of_optimiser(task: Task, model: nn.Module) -> None:
    with pytest.raises(ValueError, match="another optimiser"):
        Loop(passing(Pass(("retain",), 1, recipe=FT(optimizer="adam"))), task, model).run()


def test_measuring_leaves_a_model_as_it_is(task: Task, model: nn.Module) -> None:
    """It can be trained afterwards: nothing of it has become an inference tensor."""
    model.eval()
    strides = [p.stride() for p in model.parameters()]
    predict(model, task.images, task.split.val)
    assert [p.stride() for p in model.parameters()] == strides
    assert not model.training
    model.train()(torch.randn(4, 1, 8, 8)).logits.sum().backward()
