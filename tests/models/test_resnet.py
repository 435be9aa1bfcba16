"""The networks: known sizes, `Output` from one forward, and features that the head reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from untrain.models.build import ModelSpec
from untrain.models.output import Output


def size(model: nn.Module) -> int:
    return sum(weight.numel() for weight in model.parameters())


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("resnet18", 11_173_962),
        ("resnet34", 21_282_122),
        ("resnet50", 23_520_842),
        ("resnet101", 42_512_970),
    ],
)
def test_has_the_known_number_of_parameters_for_cifar10(name: str, parameters: int) -> None:
    with torch.device("meta"):
        assert size(ModelSpec(name, classes=10).make(0)) == parameters


def convolutions(depths: tuple[int, ...]) -> Iterator[tuple[int, int, int, int]]:
    """Inputs, outputs, kernel and side of the map of a bottleneck ResNet on 32 pixels."""
    yield 3, 64, 3, 32
    inputs = 64
    for stage, depth in enumerate(depths):
        width, side = 64 * 2**stage, 32 // 2**stage
        for place in range(depth):
            halves = stage > 0 and place == 0
            yield inputs, width, 1, 2 * side if halves else side
            yield width, width, 3, side
            yield width, 4 * width, 1, side
            if place == 0:
                yield inputs, 4 * width, 1, side
            inputs = 4 * width


@pytest.mark.parametrize(("name", "third"), [("resnet50", 6), ("resnet101", 23)])
def test_a_bottleneck_network_is_the_sum_of_its_layers(name: str, third: int) -> None:
    layers = list(convolutions((3, 4, third, 3)))
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        model = ModelSpec(name, classes=10).make(0)
        model(torch.empty(2, 3, 32, 32))
    assert size(model) == sum(i * o * k**2 + 2 * o for i, o, k, _ in layers) + 2048 * 10 + 10
    products = sum(i * o * k**2 * side**2 for i, o, k, side in layers) + 2048 * 10
    assert counter.get_total_flops() == 2 * 2 * products


@pytest.mark.parametrize(
    ("name", "width", "features"),
    [
        ("resnet18", 0, 512),
        ("resnet34", 0, 512),
        ("resnet50", 0, 2048),
        ("resnet101", 0, 2048),
        ("resnet18", 16, 128),
        ("resnet50", 16, 512),
        ("small", 0, 128),
        ("small", 4, 16),
    ],
)
def test_returns_logits_and_features_of_the_stated_size(
    name: str, width: int, features: int
) -> None:
    with torch.device("meta"):
        out = ModelSpec(name, classes=7, width=width).make(0)(torch.zeros(2, 3, 32, 32))
    assert isinstance(out, Output)
    assert (tuple(out.logits.shape), tuple(out.features.shape)) == ((2, 7), (2, features))


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "small"])
def test_the_head_reads_the_features(name: str) -> None:
    model = ModelSpec(name, classes=3, channels=1, width=16).make(0).eval()
    out = model(torch.ones(2, 1, 9, 11))
    assert torch.equal(model.head(out.features), out.logits)


@pytest.mark.parametrize("height", [8, 28, 32, 64])
def test_takes_images_of_any_size(height: int) -> None:
    with torch.device("meta"):
        model = ModelSpec("resnet18", classes=3, channels=1, width=16).make(0)
        assert model(torch.zeros(2, 1, height, height)).logits.shape == (2, 3)


def test_the_stem_keeps_the_resolution() -> None:
    model = ModelSpec("resnet18", classes=3, width=16).make(0)
    assert model.conv1(torch.zeros(1, 3, 32, 32)).shape == (1, 16, 32, 32)
    assert not any(isinstance(module, nn.MaxPool2d) for module in model.modules())


def test_the_four_stages_halve_it_three_times() -> None:
    model = ModelSpec("resnet18", classes=3, width=16).make(0)
    assert model.blocks(torch.zeros(1, 16, 32, 32)).shape == (1, 128, 4, 4)
