"""Fresh weights depend on the seed alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from untrain.config import ModelConfig
from untrain.data.images import Images
from untrain.errors import UserError
from untrain.models.build import ModelSpec
from untrain.registry import models


def test_the_same_seed_gives_the_same_weights(
    spec: ModelSpec, same: Callable[[nn.Module, nn.Module], bool]
) -> None:
    torch.manual_seed(1)
    one = spec.make(5)
    torch.rand(3)
    assert same(one, spec.make(5))


def test_another_seed_gives_other_weights_in_every_layer(spec: ModelSpec) -> None:
    weights = dict(spec.make(1).named_parameters())
    for name, weight in spec.make(0).named_parameters():
        if weight.ndim > 1:  # batch norm starts at 1 and 0 everywhere
            assert not torch.isclose(weight, weights[name]).any(), name


def test_torchs_global_random_state_stays_untouched(spec: ModelSpec) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    spec.make(0)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="Did you mean 'resnet18'"):
        ModelSpec("resnet81", classes=3)


def test_a_negative_width_is_refused() -> None:
    with pytest.raises(UserError, match="--width -1 is negative"):
        ModelSpec("small", classes=3, width=-1)


@pytest.mark.parametrize("name", [name for name in models.names() if name != "vit"])
def test_the_first_tensor_of_a_convolutional_network_is_its_first_kernel(name: str) -> None:
    with torch.device("meta"):
        model = ModelSpec(name, classes=3, width=16).make(0)
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    assert next(model.parameters()) is first.weight


def test_the_size_of_the_images_reaches_the_models_that_ask_for_it(images: Images) -> None:
    spec = ModelConfig(model="vit", width=16).spec(images)
    assert spec == ModelSpec("vit", classes=3, channels=1, width=16, size=8)
    assert spec.make(0).size == 8
    assert not hasattr(ModelConfig(model="small").spec(images).make(0), "size")
