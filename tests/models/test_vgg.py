"""VGG-16: sizes and arithmetic worked out by hand, and images from 8 to 64 pixels."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from untrain.models.build import ModelSpec

CONVOLUTIONS = (
    (3, 64, 32),
    (64, 64, 32),
    (64, 128, 16),
    (128, 128, 16),
    (128, 256, 8),
    (256, 256, 8),
    (256, 256, 8),
    (256, 512, 4),
    (512, 512, 4),
    (512, 512, 4),
    (512, 512, 2),
    (512, 512, 2),
    (512, 512, 2),
)
"""Inputs, outputs, and the side of the map for 32 pixels."""
LINEAR = ((512, 1024), (1024, 1024), (1024, 10))


def test_has_as_many_parameters_as_its_layers() -> None:
    convolutions = sum(9 * i * o + 2 * o for i, o, _ in CONVOLUTIONS)
    linear = sum(i * o + o for i, o in LINEAR)
    assert convolutions + linear == 16_304_074
    with torch.device("meta"):
        model = ModelSpec("vgg16", classes=10).make(0)
    assert sum(weight.numel() for weight in model.parameters()) == 16_304_074


def test_has_sixteen_layers_with_weights_and_no_dropout() -> None:
    modules = list(ModelSpec("vgg16", classes=10, width=1).make(0).modules())
    assert sum(isinstance(module, nn.Conv2d | nn.Linear) for module in modules) == 16
    assert not any(isinstance(module, nn.Dropout) for module in modules)


def test_a_forward_costs_what_its_layers_cost() -> None:
    convolutions = sum(9 * i * o * side**2 for i, o, side in CONVOLUTIONS)
    linear = sum(i * o for i, o in LINEAR)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        ModelSpec("vgg16", classes=10).make(0)(torch.empty(2, 3, 32, 32))
    assert counter.get_total_flops() == 2 * 2 * (convolutions + linear)


@pytest.mark.parametrize(("width", "features"), [(0, 1024), (8, 128), (1, 16)])
def test_features_are_the_input_of_the_head(width: int, features: int) -> None:
    with torch.device("meta"):
        model = ModelSpec("vgg16", classes=7, width=width).make(0)
        out = model(torch.empty(2, 3, 32, 32))
    assert (tuple(out.logits.shape), tuple(out.features.shape)) == ((2, 7), (2, features))
    assert model.head.in_features == features


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("height", [8, 28, 32, 64])
def test_takes_images_of_any_size_and_channels(height: int, channels: int) -> None:
    with torch.device("meta"):
        model = ModelSpec("vgg16", classes=3, channels=channels, width=4).make(0)
        assert model(torch.empty(2, channels, height, height)).features.shape == (2, 64)


def test_eight_pixels_give_finite_numbers_and_gradients() -> None:
    torch.manual_seed(0)
    model = ModelSpec("vgg16", classes=3, channels=1, width=4).make(0)
    model(torch.randn(4, 1, 8, 8)).logits.square().sum().backward()
    assert all(bool(w.grad.isfinite().all()) for w in model.parameters() if w.grad is not None)
    assert all(w.grad is not None and bool(w.grad.any()) for w in model.parameters() if w.ndim > 1)
