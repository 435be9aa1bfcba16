"""Forward passes over images, plain or augmented: eval mode, no gradient, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from untrain.data.images import Images
from untrain.data.streams.augment import Draws, at_once, drawn, padding, seen
from untrain.engine.device import layout
from untrain.errors import GATE, UserError
from untrain.models.given import copied
from untrain.models.output import head_name, unwrap
from untrain.models.ready import ready
from untrain.progress import track
from untrain.rng import rng

BLOCKS = 10
"""The most inner layers that are kept."""


class Chunk(NamedTuple):
    """Some rows of a pass: images (B, C, H, W), logits (B, C), features (B, D)."""

    rows: slice
    x: Tensor
    logits: Tensor
    features: Tensor


class Passes:
    """A model, ready, and images: one forward after the other."""

    def __init__(self, model: nn.Module, images: Images, what: str = "", total: int = 0) -> None:
        """what, total: told of the progress; how many images are to come, about."""
        self.model = layout(copied(ready(model, images))).eval()
        self.images, self.what = images, what
        self.chunk = at_once(images.size)
        chunks = -(-total // self.chunk)
        self.done = track(range(chunks), what, chunks) if what else iter(())
        self.device = next(self.model.parameters()).device
        self.augment = images.augment if images.augment != "none" else "crop"

    def plan(self, count: int, augment: str, *about: str | int) -> Draws:
        """The draws of `count` images, named by what they are for."""
        seeds = {"augment": ("embeddings", augment), "color": ("embeddings color",)}
        pad = padding(augment, self.images.size[0])
        return drawn(augment, self.images, count, pad, lambda what: rng(0, *seeds[what], *about))

    def gather(self, positions: np.ndarray, augment: str, draws: Draws, rows: slice) -> Tensor:
        """The images of these rows, augmented, as the network sees them."""
        at = torch.from_numpy(positions[rows])
        shown = seen(self.images.x[at].to(self.device), self.images, augment)
        return shown.gather(
            torch.arange(len(at), device=self.device), draws.take(rows).to(self.device)
        )

    @torch.inference_mode()
    def over(
        self, positions: np.ndarray, augment: str = "none", draws: Draws | None = None
    ) -> Iterator[Chunk]:
        """Chunk by chunk. Raises UserError unless logits and features are finite."""
        draws = draws or self.plan(len(positions), "none")
        for at in range(0, len(positions), self.chunk):
            rows = slice(at, at + self.chunk)
            next(self.done, None)
            x = self.gather(positions, augment, draws, rows)
            out = self.model(x)
            if not all(bool(torch.isfinite(part).all()) for part in out):
                raise UserError(
                    "The model gives outputs that are not finite.",
                    where=self.what,
                    fix="Train it again with a lower --lr, or check the weights.",
                    code=GATE,
                )
            yield Chunk(rows, x, out.logits.float(), out.features.float())


def half(x: Tensor) -> np.ndarray:
    """float16 on the CPU; a destroyed model's features can lie beyond its range, and are cut."""
    top = float(np.finfo(np.float16).max)
    return np.asarray(x.clamp(-top, top).cpu().numpy().astype(np.float16))


def unit(x: Tensor) -> Tensor:
    """Rows (B, D) of length one; a row of zeros stays."""
    return nn.functional.normalize(x, dim=1)


def blocks(model: nn.Module) -> dict[str, nn.Module]:
    """The top-level blocks of a model by name, evenly chosen where there are many.

    Containers give their children; layers without weights, norms and the head are left out.
    """
    inner, head = unwrap(model), head_name(model)
    found: dict[str, nn.Module] = {}

    def descend(module: nn.Module, prefix: str) -> None:
        for name, child in module.named_children():
            path = f"{prefix}{name}"
            if path == head or not any(True for _ in child.parameters()):
                continue
            if isinstance(child, nn.Sequential | nn.ModuleList):
                descend(child, f"{path}.")
            elif not isinstance(child, nn.modules.batchnorm._NormBase | nn.LayerNorm):
                found[path] = child

    descend(inner, "")
    names = list(found)
    if len(names) > BLOCKS:
        names = [names[round(at)] for at in np.linspace(0, len(names) - 1, BLOCKS)]
    return {name: found[name] for name in names}
