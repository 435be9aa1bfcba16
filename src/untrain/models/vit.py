"""A vision transformer for small images: patches of 4 x 4 pixels, six layers, pre-norm.

Dosovitskiy et al. 2021, arXiv 2010.11929, in the form with a LayerNorm before and after the
patches' linear layer; sizes from the CoUn paper: 512 wide, MLP 1024, 12 heads of 64, dropout 0.1.

The order of the parameters is part of the model, as NoT names tensors by their index:
0 positions, 1 class token, 2 and 3 LayerNorm of the patches, 4 weight of their linear layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from untrain.errors import UserError
from untrain.models.output import Output
from untrain.registry import models

PATCH = 4
"""Height and width of a patch in pixels."""
DEPTH = 6
HEAD = 64
"""Width of an attention head."""
DROPOUT = 0.1
"""Of the embedding, the attention weights and the outputs of every linear layer in the blocks."""


class Attention(nn.Module):
    """softmax(Q K^T / sqrt(64)) V for each head, after a LayerNorm; (B, N, D) to (B, N, D)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * heads * HEAD, bias=False)
        self.out = nn.Linear(heads * HEAD, width)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        qkv = self.qkv(self.norm(x)).unflatten(2, (3, self.heads, HEAD))
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, N, 64)
        chance = DROPOUT if self.training else 0.0
        mixed = scaled_dot_product_attention(q, k, v, dropout_p=chance)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return self.dropout(out)  # type: ignore[no-any-return]


def mlp(width: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, hidden),
        nn.GELU(),
        nn.Dropout(DROPOUT),
        nn.Linear(hidden, width),
        nn.Dropout(DROPOUT),
    )


class Block(nn.Module):
    """Attention and an MLP, each added to its input; (B, N, D) to (B, N, D)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.mlp = mlp(width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(x)
        return x + self.mlp(x)  # type: ignore[no-any-return]


class ViT(nn.Module):
    """Tokens of `width`, and as many heads as fit into 1.5 times it; features (B, width).

    The features are the class token after the last LayerNorm. `size` is the height and width of
    the images in pixels. Raises UserError if it is not a multiple of 4, or for other images.
    """

    returns_output = True

    def __init__(
        self, *, classes: int, channels: int = 3, width: int = 512, size: int = 32
    ) -> None:
        super().__init__()
        if size < PATCH or size % PATCH:
            raise UserError(
                f"A ViT cuts images into patches of 4 x 4 pixels; {size} is not a multiple of 4.",
                where="--model vit",
                fix="Use images of 28, 32 or 64 pixels, say, or a convolutional model.",
            )
        self.size = size
        patches, pixels = (size // PATCH) ** 2, channels * PATCH**2
        self.positions = nn.Parameter(torch.randn(1, patches + 1, width))
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.embed = nn.Sequential(
            nn.LayerNorm(pixels), nn.Linear(pixels, width), nn.LayerNorm(width)
        )
        self.dropout = nn.Dropout(DROPOUT)
        heads = max(1, 3 * width // (2 * HEAD))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Output:
        height, width = x.shape[2:]
        if (height, width) != (self.size, self.size):
            raise UserError(
                f"Images of {height} x {width} pixels; "
                f"this ViT was built for {self.size} x {self.size}.",
                where="--model vit",
                fix="Use square images of that size, or a convolutional model.",
            )
        tokens = self.embed(cut(x))  # (B, N, D)
        token = self.token.expand(len(x), -1, -1)
        tokens = self.dropout(torch.cat([token, tokens], 1) + self.positions)  # (B, 1 + N, D)
        features = self.norm(self.blocks(tokens)[:, 0])
        return Output(self.head(features), features)


def cut(x: Tensor) -> Tensor:
    """Patches row by row, (B, C, H, W) to (B, H / 4 * W / 4, 16 * C)."""
    batch, channels, height, width = x.shape
    x = x.reshape(batch, channels, height // PATCH, PATCH, width // PATCH, PATCH)
    return x.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)


vit = models.add("vit", ViT)
