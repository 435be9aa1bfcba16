"""C2, C5 and C6: whole training steps through the engine, beside bare arithmetic and peers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from untrain.methods import FT, CoUn
from untrain.methods.contract import Trained

from . import peers
from .rounds import Bar, Case, Check, Size
from .subject import FixedBatch, Subject, distance, foreach_sgd

NEAR = 1e-5
"""Weights after a few steps in another order of additions, relative to the largest."""


def loop(size: Size) -> Case:
    """C2: the engine's steps of fine-tuning, against the same arithmetic on one fixed batch."""
    subject, method = Subject(size), FT(batch=size.batch)
    ours, _ = subject.engine(method, size.steps)
    fixed = FixedBatch(subject, method)
    names = "whole loop", "forward, backward and optimiser on a fixed batch"
    return Case(
        {names[0]: ours, names[1]: lambda: [fixed.step() for _ in range(size.steps)]},
        (Bar("C2", *names, 1.05, at_least=False),),
        {},
        lambda: same_weights(subject, method),
    )


def coun(size: Size) -> Case:
    """C5: a step of CoUn, against one as a direct reading of the paper's listing does it."""
    subject, method = Subject(size), CoUn(batch=size.batch)
    ours, _ = subject.engine(method, size.steps)
    paper, images = PaperStep(subject, method), PilImages(subject)
    chance = np.random.default_rng(0)

    def theirs() -> None:
        for _ in range(size.steps):
            rows = chance.permutation(len(images))[: size.batch]
            pairs = [(images[row], images[row]) for row in rows]
            one, two = (torch.stack([pair[k][0] for pair in pairs]) for k in (0, 1))
            paper(one, two, torch.tensor([pair[0][1] for pair in pairs]))

    name = "CoUn, paper-style step"
    return Case(
        {"CoUn step": ours, name: theirs},
        (Bar("C5", name, "CoUn step", 1.5),),
        {},
        lambda: same_weights(subject, method),
    )


def per_image(size: Size) -> Case:
    """C6: fine-tuning, against a loop over a per-image PIL loader that reads every loss."""
    subject, method = Subject(size), FT(batch=size.batch)
    ours, _ = subject.engine(method, size.steps)
    loader = DataLoader(PilImages(subject), size.batch, shuffle=True, drop_last=True)
    paper, batches = PaperStep(subject, method), endless(loader)

    def theirs() -> None:
        for _ in range(size.steps):
            x, y = next(batches)
            logits, loss = paper(x, None, y)
            loss.item(), (logits.topk(5, 1).indices == y[:, None]).any(1).float().mean().item()

    name = "per-image PIL loop, no workers"
    return Case({"whole loop": ours, name: theirs}, (Bar("C6", name, "whole loop", 1.3),), {}, list)


class PaperStep:
    """Separate forwards, broadcast InfoNCE, foreach SGD, channels first in memory."""

    def __init__(self, subject: Subject, method: Trained) -> None:
        self.model = subject.fresh()
        self.optimizer = foreach_sgd(self.model, method)
        self.lam = method.lam if isinstance(method, CoUn) else 0.0

    def __call__(self, one: Tensor, two: Tensor | None, y: Tensor) -> tuple[Tensor, Tensor]:
        """A step on one view, or on two with the contrastive loss."""
        self.optimizer.zero_grad()
        out = self.model(one)
        loss = cross_entropy(out.logits, y)
        if two is not None:
            other = self.model(two).features
            loss = loss + self.lam * peers.broadcast_info_nce(out.features, other)
        loss.backward()
        self.optimizer.step()
        return out.logits.detach(), loss


class PilImages(Dataset[tuple[Tensor, int]]):
    """The images one by one, decoded by nobody, augmented by PIL."""

    def __init__(self, subject: Subject) -> None:
        self.images = subject.images
        self.arrays, self.y = self.images.x.numpy(), self.images.y.tolist()

    def __len__(self) -> int:
        return len(self.arrays)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        view = peers.pil_view(self.arrays[row], self.images.mean, self.images.std)
        return view, self.y[row]


def endless(loader: DataLoader[tuple[Tensor, int]]) -> Iterator[list[Tensor]]:
    while True:
        yield from loader


def same_weights(subject: Subject, method: Trained) -> list[Check]:
    """Two steps by the engine and by the paper-style step, on the same views."""
    subject = subject.smooth()
    ours, model = subject.engine(method, 2)
    ours()
    paper, stream = PaperStep(subject, method), subject.stream()
    for _ in range(2):
        batch = stream.take(method.batch)
        two = batch.view(1).contiguous() if isinstance(method, CoUn) else None
        paper(batch.view(0).contiguous(), two, batch.y)
    gap = distance(model, paper.model)
    return [Check("relative difference of the weights after two steps", gap, NEAR)]
