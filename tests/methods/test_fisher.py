"""Fisher: noise of the stated variance around the weights, and new head rows for lost classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import Split, forget, make_split, with_forget
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.losses.importance import fisher
from untrain.methods.fisher import Fisher, variance
from untrain.models.build import ModelSpec
from untrain.task import Task


@pytest.fixture
def task(images: Images, split: Split) -> Task:
    """With few retained images: each is a pass of its own."""
    return Task.of(images, replace(split, retain=split.retain[:12]))


@pytest.fixture
def model(spec: ModelSpec) -> nn.Module:
    """With statistics of its own, so that a moved buffer shows."""
    made = spec.make(0)
    made(torch.randn(32, 1, 8, 8, generator=torch.Generator().manual_seed(1)))
    return made


@pytest.fixture
def gone(images: Images) -> Task:
    return Task.of(images, forget(make_split(images), "class:class1", images))


def test_the_noise_has_mean_zero_and_the_stated_variance(task: Task, model: nn.Module) -> None:
    """The weights' displacements, as multiples of their own standard deviation, are normal."""
    rows = torch.from_numpy(task.split.retain)
    mean, std = torch.tensor(task.images.mean), torch.tensor(task.images.std)
    x = ((task.images.x[rows].float() / 255 - mean) / std).permute(0, 3, 1, 2)
    after = dict(Loop(Fisher(alpha=1e-4, samples=0), task, model).run().model.named_parameters())
    z = []
    for name, f in fisher(model, [x]).items():
        head = name.startswith("head")
        v = 1e-4 * (1 / (f + 1e-8)).clamp(max=100 if head else 1000)
        v = v.mean(1, keepdim=True) if v.ndim > 1 else v
        v = v * 10 if head or f.ndim == 1 else v
        z.append(((after[name] - model.get_parameter(name)) / v.sqrt()).flatten())
    displaced = torch.cat(z)
    assert len(displaced) > 1000
    assert abs(displaced.mean()) < 4 / len(displaced) ** 0.5
    assert abs(displaced.square().mean() - 1) < 4 * (2 / len(displaced)) ** 0.5


def test_the_mean_over_seeds_is_the_model_it_started_from(task: Task, model: nn.Module) -> None:
    method = Fisher(alpha=1e-4, samples=1)
    heads = [Loop(method, task, model, seed=seed).run().model.head.weight for seed in range(25)]
    noise = torch.stack(heads).detach() - model.head.weight.detach()
    assert noise.mean(0).abs().mean() < 2 * noise.std(0).mean() / 25**0.5
    assert bool((noise.std(0) > 0).all())


@pytest.mark.parametrize(
    ("shape", "in_head", "expected"),
    [((2, 2), False, 1e3), ((2, 2), True, 1e3), ((2,), False, 1e4), ((2,), True, 1e3)],
)
def test_the_variance_is_capped_where_nothing_matters(
    shape: tuple[int, ...], in_head: bool, expected: float
) -> None:
    torch.testing.assert_close(
        variance(torch.zeros(shape), 1.0, in_head), torch.full(shape, expected)
    )


def test_the_variance_is_averaged_over_the_second_dimension() -> None:
    f = torch.tensor([[1.0, 0.5], [0.25, 0.1]])
    expected = torch.tensor([[1.5, 1.5], [7.0, 7.0]])
    torch.testing.assert_close(variance(f, 1.0, in_head=False), expected)
    torch.testing.assert_close(variance(f, 2.0, in_head=True), 20 * expected)
    torch.testing.assert_close(variance(f[0], 1.0, in_head=False), torch.tensor([10.0, 20.0]))


def test_without_noise_the_model_stays(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    result = Loop(Fisher(alpha=0.0, samples=4), task, model).run()
    assert same(result.model, model)
    assert result.notes == ["The noise is 0.00% of the weights' length."]


def test_a_lost_class_gets_new_rows_in_the_head_alone(gone: Task, model: nn.Module) -> None:
    model.head.weight.data += 3
    result = Loop(Fisher(alpha=0.0, samples=4), gone, model).run()
    for name, after in result.model.state_dict().items():
        before = model.state_dict()[name]
        if name.startswith("head"):
            assert torch.equal(after[[0, 2]], before[[0, 2]])
            assert after[1].abs().max() < 5 * 1e-3**0.5
            assert after[1].abs().min() > 0
        else:
            assert torch.equal(after, before), name
    assert "class1" in result.notes[1]


def test_new_rows_have_their_own_variance(gone: Task) -> None:
    """Measured on a wide head, and not moved by alpha."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3000), nn.ReLU(), nn.Linear(3000, 3))
    row = Loop(Fisher(alpha=1e-7, samples=1), gone, model).run().model[3].weight[1].detach()
    assert row.square().mean().item() == pytest.approx(1e-3, rel=0.12)


def test_a_class_with_one_retained_image_keeps_its_row(
    images: Images, model: nn.Module, same: Callable[..., bool]
) -> None:
    whole = make_split(images)
    chosen = whole.train[images.y.numpy()[whole.train] == 2][1:]
    task = Task.of(images, with_forget(whole, chosen))
    assert same(Loop(Fisher(alpha=0.0, samples=4), task, model).run().model, model)


def test_the_head_is_found_by_its_place_not_by_its_rows(gone: Task) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.ReLU(), nn.Linear(3, 3))
    after = Loop(Fisher(alpha=0.0, samples=4), gone, model).run().model
    assert torch.equal(after[1].weight, model[1].weight)
    assert not torch.equal(after[3].weight[1], model[3].weight[1])
    assert torch.equal(after[3].weight[[0, 2]], model[3].weight[[0, 2]])


def test_each_tensor_draws_noise_of_its_own(task: Task, model: nn.Module) -> None:
    after = Loop(Fisher(samples=4), task, model).run().model
    noise = [
        getattr(after.layers[1], name) - getattr(model.layers[1], name)
        for name in ("weight", "bias")
    ]
    ratio = noise[0] / noise[1]
    assert not torch.allclose(ratio.sign(), ratio.sign()[0].expand(4))


def test_more_samples_than_images_are_all_of_them(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    whole, more = (Loop(Fisher(samples=n), task, model).run() for n in (0, 10_000))
    assert same(whole.model, more.model)
    some = Loop(Fisher(samples=len(task.split.retain) // 2), task, model).run()
    assert some.cost.flops < 0.6 * whole.cost.flops


def test_frozen_weights_are_not_touched(gone: Task, model: nn.Module) -> None:
    model.head.requires_grad_(False)
    result = Loop(Fisher(samples=4), gone, model).run()
    assert torch.equal(result.model.head.weight, model.head.weight)
    assert not torch.equal(result.model.layers[0].weight, model.layers[0].weight)
    assert len(result.notes) == 1


@pytest.mark.parametrize(
    "values", [{"alpha": -1e-9}, {"alpha": float("nan")}, {"alpha": float("inf")}, {"samples": -1}]
)
def test_hyper_parameters_out_of_range_name_their_flag(values: dict[str, float]) -> None:
    with pytest.raises(UserError, match="--" + next(iter(values))):
        Fisher(**values)
