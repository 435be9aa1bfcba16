"""Fills `Embeddings`: what a model makes of retained, forgotten, unseen and test images."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from untrain.data.images import Images
from untrain.data.streams.augment import Draws
from untrain.metrics import embeddings as kept
from untrain.metrics.embeddings import (
    Classes,
    Embeddings,
    Features,
    Spread,
    Steadiness,
    Views,
    matched,
    sample,
)
from untrain.metrics.passes import Passes, blocks, half, unit

VIEWS = 8
"""Augmented views of which the steadiness is taken."""
ALIGNED = 1500
"""How many images of a sample are looked at in two views."""
CLOSE, REACH = 4, 80
"""Views and images of a class between which distances are taken, for sigma(delta)."""


def embed(
    model: nn.Module, images: Images, sets: dict[str, np.ndarray], what: str = ""
) -> Embeddings:
    """Everything that `Embeddings` holds.

    sets: positions of retain, forget, unseen (those of the evidence) and test. The model stays as
    it is. Raises UserError if it does not suit the images or its outputs are not finite.
    """
    labels = images.y.numpy()
    rows = {name: sample(images.keys[at], name) for name, at in sets.items()}
    if len(sets["forget"]):
        at = sets["unseen"]
        rows["unseen"] = matched(images.keys[at], labels[at], labels[sets["forget"]])
    chosen = {name: sets[name][rows[name]] for name in kept.SETS}
    aligned = {name: chosen[name][:ALIGNED] for name in ("retain", "forget", "test")}
    steady = {name: np.sort(at[sample(images.keys[at], name)]) for name, at in _told(sets).items()}
    passes = Passes(model, images, what, _work(sets, chosen, aligned, steady))
    samples, layers = {}, {}
    for name, at in chosen.items():
        samples[name], layers[name] = _sampled(passes, at)
    grid = [passes.augment]
    if images.x.dtype == torch.uint8 and images.channels in (1, 3):
        grid.append(f"{passes.augment}+color")
    seen = {
        augment: {name: _views(passes, at, augment, name) for name, at in aligned.items()}
        for augment in grid
    }
    return Embeddings(
        samples,
        {name: found for name, found in layers.items() if name != "test"},
        _classes(passes, sets["retain"], int(labels.max()) + 1),
        {name: _steady(passes, at, name) for name, at in steady.items()},
        {augment: {k: views for k, (views, _) in of.items()} for augment, of in seen.items()},
        _spread(passes, aligned["retain"], seen[passes.augment]["retain"][1]),
    )


def _work(*groups: dict[str, np.ndarray]) -> int:
    """About how many images are run through the model."""
    sets, chosen, aligned, steady = ({name: len(at) for name, at in one.items()} for one in groups)
    views = (1 + VIEWS) * sum(steady.values())
    return sets["retain"] + views + sum(chosen.values()) + 4 * sum(aligned.values())


def _told(sets: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The two sets that are set against each other."""
    return {name: sets[name] for name in ("forget", "unseen")}


def _sampled(passes: Passes, at: np.ndarray) -> tuple[Features, dict[str, np.ndarray]]:
    """Features of a sample, and what the inner layers give for its first rows."""
    found = blocks(passes.model)
    taken: dict[str, list[np.ndarray]] = {name: [] for name in found}

    def take(name: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, out: Any) -> None:
            if isinstance(out, Tensor) and out.ndim in (2, 3, 4):
                flat = out if out.ndim == 2 else out.flatten(2).mean(2)
                taken[name].append(half((out.mean(1) if out.ndim == 3 else flat).float()))

        return hook

    handles = [block.register_forward_hook(take(name)) for name, block in found.items()]
    features = []
    try:
        for chunk in passes.over(at):
            features.append(half(chunk.features))
            if chunk.rows.stop >= kept.LAYERED:
                while handles:
                    handles.pop().remove()
    finally:
        for handle in handles:
            handle.remove()
    first = min(kept.LAYERED, len(at))
    whole = {name: np.concatenate(parts)[:first] for name, parts in taken.items() if parts}
    joined = np.concatenate(features) if features else np.zeros((0, _width(passes)), np.float16)
    labels, keys = passes.images.y.numpy()[at], passes.images.keys[at]
    layers = {name: part for name, part in whole.items() if len(part) == first}
    return Features(joined, labels, keys), layers


def _width(passes: Passes) -> int:
    return next(iter(passes.over(np.zeros(1, np.int64)))).features.shape[1]


def _classes(passes: Passes, at: np.ndarray, count: int) -> Classes:
    """Class sums over all retained images, in float64."""
    labels = passes.images.y[torch.from_numpy(at)].to(passes.device)
    sums = torch.zeros(count, _width(passes), dtype=torch.float64, device=passes.device)
    squares = torch.zeros(count, dtype=torch.float64, device=passes.device)
    for chunk in passes.over(at):
        features = chunk.features.double()
        sums.index_add_(0, labels[chunk.rows], features)
        squares.index_add_(0, labels[chunk.rows], features.square().sum(1))
    counts = torch.bincount(labels, minlength=count)
    means = sums / counts[:, None]  # NaN for a class that is gone
    radius = (squares / counts - means.square().sum(1)).clamp(min=0).sqrt()
    parts = (means.float().cpu().numpy(), counts.cpu().numpy(), radius.float().cpu().numpy())
    return Classes(*parts)


def _steady(passes: Passes, at: np.ndarray, name: str) -> Steadiness:
    """Plain predictions beside those of augmented views, for each of these images."""
    plain = torch.zeros(len(at), dtype=torch.int64, device=passes.device)
    norm, same = torch.zeros_like(plain, dtype=torch.float32), torch.zeros_like(plain)
    for chunk in passes.over(at):
        plain[chunk.rows], norm[chunk.rows] = chunk.logits.argmax(1), chunk.features.norm(dim=1)
    for view in range(VIEWS):
        draws = passes.plan(len(at), passes.augment, "steady", name, view)
        for chunk in passes.over(at, passes.augment, draws):
            same[chunk.rows] += chunk.logits.argmax(1) == plain[chunk.rows]
    share = (same / VIEWS).float().cpu().numpy()
    images = passes.images
    return Steadiness(images.y.numpy()[at], images.keys[at], norm.cpu().numpy(), share)


def _views(passes: Passes, at: np.ndarray, augment: str, name: str) -> tuple[Views, Tensor]:
    """Distances between two views of each image, and the mean of their unit features (n, D)."""
    plans = [passes.plan(len(at), augment, "views", name, view) for view in (0, 1)]
    moved, pixels, means = [], [], []
    one, two = (passes.over(at, augment, plan) for plan in plans)
    for a, b in zip(one, two, strict=True):
        u, v = unit(a.features), unit(b.features)
        moved.append((u - v).norm(dim=1).cpu())
        pixels.append((a.x - b.x).flatten(1).norm(dim=1).cpu())
        means.append((u + v).cpu() / 2)
    labels = passes.images.y.numpy()[at]
    if not means:
        return Views(labels, *[np.zeros(0, np.float32)] * 2), torch.zeros(0, _width(passes))
    return Views(labels, torch.cat(moved).numpy(), torch.cat(pixels).numpy()), torch.cat(means)


def _spread(passes: Passes, at: np.ndarray, unit_means: Tensor) -> Spread:
    """Distances between views of images of one class, and the class means of unit features."""
    labels = passes.images.y.numpy()[at]
    present, counts = np.unique(labels, return_counts=True)
    plans = [passes.plan(len(at), passes.augment, "spread", k) for k in range(CLOSE)]
    width = min(REACH, int(counts.max())) if len(present) else 0
    apart = np.full((len(present), width, width), np.nan, np.float32)
    means = np.zeros((len(present), unit_means.shape[1]), np.float32)
    for place, label in enumerate(present):
        rows = np.flatnonzero(labels == label)
        means[place] = unit_means[torch.from_numpy(rows)].double().mean(0).float().numpy()
        near = torch.from_numpy(rows[:REACH])
        views = torch.cat([_picked(passes, at, near, plan).flatten(1) for plan in plans])
        distance = torch.cdist(views, views, compute_mode="use_mm_for_euclid_dist")
        grid = distance.view(CLOSE, len(near), CLOSE, len(near)).amin((0, 2))
        apart[place, : len(near), : len(near)] = grid.fill_diagonal_(0).cpu().numpy()
    return Spread(present, apart, means)


def _picked(passes: Passes, at: np.ndarray, rows: Tensor, plan: Draws) -> Tensor:
    """The views of single rows."""
    draws = plan.take(rows)
    return passes.gather(at[rows.numpy()], passes.augment, draws, slice(0, len(rows)))
