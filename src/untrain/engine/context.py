"""What a method may ask for: fresh weights, its sets, measurements, kept weights, notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from untrain.data.images import Images
from untrain.data.streams.batches import Batch, Stream
from untrain.engine.device import layout
from untrain.engine.fits import too_large
from untrain.engine.predict import outputs
from untrain.errors import raise_all
from untrain.methods.contract import Draw
from untrain.models.checkpoint import put_weights
from untrain.models.given import copied, in_32_bit, weights_of
from untrain.models.ready import like, ready
from untrain.rng import derive, rng
from untrain.task import Task


class Context:
    """The streams, the journal and the memory of a run. Implements `methods.contract.Run`.

    model: the Original, or any network of the architecture for training from scratch; it stays
    untouched. role: whose fresh weights these are.
    """

    def __init__(self, task: Task, model: nn.Module, role: str, seed: int, fabric: Fabric) -> None:
        self.task, self.role, self.seed, self.fabric = task, role, seed, fabric
        self.device = fabric.device
        trained_on = len(task.split.retain) + len(task.split.forget)
        raise_all(too_large(task.images, trained_on, task.augment, self.device))
        self.given, self.original = model, ready(model, task.images, train=True)
        self.model = layout(copied(self.original).to(self.device))
        self.streams: dict[str, Stream] = {}
        self.cursors: dict[str, tuple[int, int]] = {}
        self.journal: list[float] = []
        self.replayed = 0
        self.kept: dict[str, dict[str, Tensor]] = {}
        self.notes: list[str] = []
        self.measured: Counter[str] = Counter()
        """How often the method has measured its accuracy on which set."""
        if not in_32_bit(model):
            self.note("Its weights were changed in 32 bit, and rounded back to what they were.")

    def fresh_model(self) -> nn.Module:
        assert self.task.make_model is not None, "check() refuses a task without a factory"
        # another one for Original, Retrain and each method: equal weights would flatter agreement
        role = self.role if len(self.task.split.forget) else "original"
        made = self.task.make_model(derive(self.seed, "init", role))
        return layout(like(self.original, made, self.task.images).to(self.device))

    def rng(self, purpose: str, *counters: int | str) -> torch.Generator:
        return rng(self.seed, f"method/{purpose}", *counters)

    def stream(self, name: str) -> Stream:
        """A stream; made when first asked for, so that a method reads only its own."""
        if name not in self.streams:
            self.streams[name] = self._make(name, self._positions(name), self.task.augment)
            self.streams[name].rewind(*self.cursors.get(name, (0, 0)))
        return self.streams[name]

    def rewind(self, cursors: dict[str, tuple[int, int]]) -> None:
        """Put the streams, made already or still to be made, to their places."""
        self.cursors = cursors
        for name, stream in self.streams.items():
            stream.rewind(*cursors.get(name, (0, 0)))

    def add_stream(
        self, name: str, positions: Tensor | None = None, x: Tensor | None = None, y: Any = None
    ) -> None:
        images, augment = self.task.images, self.task.augment
        if positions is None:
            assert x is not None, "give positions or x"
            keys, labels = np.arange(len(x)).astype(str), torch.as_tensor(y, dtype=torch.int64)
            whole = replace(images, crop=0, chunk=0) if images.crop or images.chunk else images
            images = replace(whole, x=x.detach().cpu(), y=labels.cpu(), keys=keys, table={})
            positions, augment = torch.arange(len(x)), "none"
        self.streams[name] = self._make(name, positions.numpy(), augment, images)
        self.streams[name].rewind(*self.cursors.get(name, (0, 0)))

    def _sets(self, name: str) -> dict[str, np.ndarray]:
        """The sets of the split, where this one, or `mixed`, may be looked at."""
        if name in ("forget", "mixed") and not self.task.forget_data:
            raise ValueError(f"{self.role} asks for images of {name}, which are not available")
        return self.task.split.sets()

    def _positions(self, name: str) -> np.ndarray:
        sets = self._sets(name)
        if name == "mixed":
            return np.concatenate([sets["retain"], sets["forget"]])
        if name not in sets:
            raise ValueError(f"no stream {name}; add it with run.add_stream")
        return sets[name]

    def _make(
        self, name: str, positions: np.ndarray, augment: str, images: Images | None = None
    ) -> Stream:
        mixes = name.partition("/")[0] == "mixed"
        forgotten = np.isin(positions, self.task.split.forget) if mixes else None
        return Stream(
            images or self.task.images,
            positions,
            name,
            augment=augment,
            seed=self.seed,
            device=self.device,
            forgotten=forgotten,
        )

    def batches(self, name: str, size: int, augment: str = "none") -> Iterator[Draw]:
        augment = self.task.augment if augment == "own" else augment
        once = self._make(f"{name}/once", self._positions(name), augment)
        for _ in range(once.batches(size)):
            yield lazy(once.take(size), self.model)

    def accuracy(self, name: str, classes: Sequence[int] = ()) -> float:
        self.measured[name] += 1

        def measure() -> float:
            positions = self._sets(name)[name]
            labels = self.task.images.y[torch.from_numpy(positions)]
            if classes:
                chosen = torch.isin(labels, torch.tensor(list(classes)))
                positions, labels = positions[chosen.numpy()], labels[chosen]
            if not len(positions):
                return float("nan")
            logits, _ = outputs(self.model, self.task.images, positions)
            return (logits.argmax(1) == labels).float().mean().item()

        return self._once(measure)

    def keep(self, place: str) -> None:
        def remember() -> float:
            state = weights_of(self.model)
            self.kept[place] = {name: tensor.clone() for name, tensor in state.items()}
            return 0.0

        self._once(remember)

    def restore(self, place: str) -> None:
        def put_back() -> float:
            put_weights(self.model, self.kept[place])
            return 0.0

        self._once(put_back)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def _once(self, act: Callable[[], float]) -> float:
        """Do something between passes, or read from the journal that it has been done."""
        if self.replayed == len(self.journal):
            self.journal.append(act())
        self.replayed += 1
        return self.journal[self.replayed - 1]


def lazy(batch: Batch, model: nn.Module) -> Draw:
    """A draw over a batch of a stream."""
    return Draw(batch.y, batch.index, batch.view, model, rows=batch.rows)
