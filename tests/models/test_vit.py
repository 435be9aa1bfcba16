"""The vision transformer: sizes and arithmetic by hand, attention by a slow loop, dropout."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from untrain.errors import UserError
from untrain.models.build import ModelSpec
from untrain.models.vit import Attention, cut

DIM, INNER, MLP, DEPTH, PATCHES, PIXELS = 512, 12 * 64, 1024, 6, 64, 4 * 4 * 3


def narrow() -> nn.Module:
    return ModelSpec("vit", classes=3, channels=1, width=16, size=8).make(0)


@pytest.fixture
def x() -> Tensor:
    return torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def test_has_as_many_parameters_as_its_layers() -> None:
    embedding = (PATCHES + 1) * DIM + DIM + 2 * PIXELS + PIXELS * DIM + DIM + 2 * DIM
    attention = 2 * DIM + DIM * 3 * INNER + INNER * DIM + DIM
    mlp = 2 * DIM + DIM * MLP + MLP + MLP * DIM + DIM
    total = embedding + DEPTH * (attention + mlp) + 2 * DIM + DIM * 10 + 10
    assert total == 15_819_370
    with torch.device("meta"):
        model = ModelSpec("vit", classes=10).make(0)
    assert sum(weight.numel() for weight in model.parameters()) == total


def test_a_forward_costs_what_its_layers_cost() -> None:
    tokens = PATCHES + 1
    attention = tokens * DIM * 3 * INNER + 2 * tokens**2 * INNER + tokens * INNER * DIM
    mlp = 2 * tokens * DIM * MLP
    total = PATCHES * PIXELS * DIM + DEPTH * (attention + mlp) + DIM * 10
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        ModelSpec("vit", classes=10).make(0)(torch.empty(2, 3, 32, 32))
    assert counter.get_total_flops() == 2 * 2 * total


def test_parameters_come_in_the_order_that_not_counts_in() -> None:
    model = ModelSpec("vit", classes=3).make(0)
    first = [(name, tuple(weight.shape)) for name, weight in model.named_parameters()][:8]
    assert first == [
        ("positions", (1, PATCHES + 1, DIM)),
        ("token", (1, 1, DIM)),
        ("embed.0.weight", (PIXELS,)),
        ("embed.0.bias", (PIXELS,)),
        ("embed.1.weight", (DIM, PIXELS)),
        ("embed.1.bias", (DIM,)),
        ("embed.2.weight", (DIM,)),
        ("embed.2.bias", (DIM,)),
    ]


@pytest.mark.parametrize(
    ("width", "heads"), [(0, 12), (256, 6), (192, 4), (64, 1), (16, 1), (1, 1)]
)
def test_heads_of_64_fill_one_and_a_half_times_the_width(width: int, heads: int) -> None:
    with torch.device("meta"):
        model = ModelSpec("vit", classes=3, width=width).make(0)
        out = model(torch.empty(2, 3, 32, 32))
    assert tuple(out.features.shape) == (2, width or DIM)
    assert {block.attention.heads for block in model.blocks} == {heads}
    assert model.blocks[0].attention.out.in_features == 64 * heads


def test_the_head_reads_the_features(x: Tensor) -> None:
    model = narrow().eval()
    out = model(x)
    assert torch.equal(model.head(out.features), out.logits)


def test_attention_is_that_of_a_slow_loop() -> None:
    torch.manual_seed(0)
    attention, tokens = Attention(width=8, heads=2).eval(), torch.randn(1, 3, 8)
    q, k, v = attention.qkv(attention.norm(tokens))[0].chunk(3, dim=1)
    mixed = torch.zeros(3, 128)
    for head in (slice(0, 64), slice(64, 128)):
        for i in range(3):
            scores = torch.stack([q[i, head] @ k[j, head] / 64**0.5 for j in range(3)])
            mixed[i, head] = sum(p * v[j, head] for j, p in enumerate(scores.softmax(0)))
    torch.testing.assert_close(attention(tokens)[0], attention.out(mixed))


def test_patches_are_squares_row_by_row() -> None:
    image = torch.arange(2 * 8 * 12).reshape(1, 2, 8, 12)
    patches = cut(image)
    assert patches.shape == (1, 6, 32)
    square = image[0, :, 4:8, 8:12]  # the last of the second row
    assert torch.equal(patches[0, 5], square.permute(1, 2, 0).flatten())


def test_evaluation_is_deterministic_and_independent_of_the_batch(x: Tensor) -> None:
    model = narrow().eval()
    assert torch.equal(model(x).logits, model(x).logits)
    torch.testing.assert_close(model(x[:1]).logits, model(x).logits[:1])


def test_dropout_acts_in_training_in_the_embedding_attention_and_mlp(x: Tensor) -> None:
    model = narrow().train()
    assert not torch.equal(model(x).logits, model(x).logits)
    tokens = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0))
    parts = [model.dropout, model.blocks[0].attention, model.blocks[0].mlp]
    assert not any(torch.equal(part(tokens), part(tokens)) for part in parts)


def test_attention_weights_are_dropped_too() -> None:
    attention = Attention(width=16, heads=1).train()
    attention.dropout.p = 0.0
    tokens = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(attention(tokens), attention(tokens))


def test_every_parameter_gets_a_gradient(x: Tensor) -> None:
    model = narrow().eval()
    model(x).logits.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in model.parameters())


@pytest.mark.parametrize(("size", "channels"), [(8, 1), (28, 1), (64, 3), (32, 5)])
def test_takes_sizes_that_are_multiples_of_4(size: int, channels: int) -> None:
    with torch.device("meta"):
        model = ModelSpec("vit", classes=3, channels=channels, width=16, size=size).make(0)
        assert model(torch.empty(2, channels, size, size)).logits.shape == (2, 3)


@pytest.mark.parametrize("size", [0, 2, 30, 33])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(UserError, match=f"{size} is not a multiple of 4"):
        ModelSpec("vit", classes=3, width=16, size=size).make(0)


@pytest.mark.parametrize("shape", [(8, 12), (12, 8), (12, 12), (4, 16)])
def test_images_of_another_shape_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=f"Images of {shape[0]} x {shape[1]} pixels"):
        narrow()(torch.zeros(2, 1, *shape))
