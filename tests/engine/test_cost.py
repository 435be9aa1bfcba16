"""FLOPs on meta tensors against known values and against real tensors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from untrain.engine.cost import FlopMeter, flop_counter
from untrain.engine.loop import Loop
from untrain.methods import FT, CoUn
from untrain.methods.contract import Pass
from untrain.models.build import ModelSpec
from untrain.models.output import Output
from untrain.task import Task


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests count equal steps once."""
    monkeypatch.setattr(FlopMeter, "_count", FlopMeter._count.__wrapped__)


@pytest.mark.parametrize(("classes", "known"), [(10, 3_328_997_376), (100, 3_329_273_856)])
def test_a_step_of_resnet18_costs_what_is_published(classes: int, known: int) -> None:
    model = ModelSpec("resnet18", classes).make(0)
    meter = FlopMeter(model, FT(), (), {}, (3, 32, 32))
    assert meter.step((("retain", 4, -1),), Pass()) == 4 * known


def test_meta_tensors_count_as_real_ones(spec: ModelSpec) -> None:
    model = spec.make(0)
    meter = FlopMeter(model, FT(), (), {}, (1, 8, 8))
    with FlopCounterMode(display=False) as counter:
        cross_entropy(model(torch.randn(6, 1, 8, 8)).logits, torch.zeros(6).long()).backward()
    assert meter.step((("retain", 6, -1),), Pass()) == counter.get_total_flops()


class Looking(nn.Sequential):
    """A forward that meta tensors cannot go through, as it reads a value."""

    def forward(self, x: Tensor) -> Output:
        assert float(x.abs().max()) < 9
        features = self[0](x.flatten(1)).relu()
        return Output(self[1](nn.functional.dropout(features)), features)


def test_a_model_that_looks_at_its_images_is_counted_on_a_real_copy() -> None:
    model = Looking(nn.Linear(64, 8), nn.Linear(8, 3))
    random = torch.get_rng_state()
    meter = FlopMeter(model, FT(), (), {}, (1, 8, 8))
    # forward and the gradient of the weights; the inputs of the first layer need none
    assert meter.step((("retain", 6, -1),), Pass()) == 6 * 2 * (2 * 64 * 8 + 3 * 8 * 3)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(weight.grad is None for weight in model.parameters())


def test_the_similarity_matrix_is_counted(spec: ModelSpec) -> None:
    """CoUn is two FT steps and, per step, three N x N x D products of 2 N^2 D."""
    count, width = 8, 16
    sizes = (("retain", count, -1),)
    ft = FlopMeter(spec.make(0), FT(), (), {}, (1, 8, 8)).step(sizes, Pass())
    coun = FlopMeter(spec.make(0), CoUn(), (), {}, (1, 8, 8)).step(sizes, Pass())
    head = 3 * 2 * count * width * 3  # view 1 runs through the head, but no gradient comes back
    assert coun == 2 * ft + 3 * 2 * count**2 * width - head * 2 // 3


def test_cost_is_linear_in_epochs_and_counts_real_samples(
    task: Task, model: torch.nn.Module
) -> None:
    one = Loop(FT(epochs=1, batch=10), task, model).run().cost
    three = Loop(FT(epochs=3, batch=10), task, model).run().cost
    assert one.samples == len(task.split.retain)
    assert three.samples == 3 * one.samples
    assert three.flops == 3 * one.flops
    assert three.steps == 3 * -(-len(task.split.retain) // 10)
    assert one.seconds > 0
    assert one.peak_memory > 0


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("layer", [nn.Conv2d, nn.ConvTranspose2d])
def test_a_convolutions_backward_is_two_forwards_grouped_or_not(layer: Any, groups: int) -> None:
    conv = layer(8, 12, 3, stride=2, groups=groups, bias=False, device="meta")
    x = torch.empty(5, 8, 9, 9, device="meta", requires_grad=True)
    with flop_counter() as forward:
        out = conv(x)
    with flop_counter() as backward:
        out.sum().backward()
    assert backward.get_total_flops() == 2 * forward.get_total_flops()
