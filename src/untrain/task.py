"""A request: the data, what is forgotten, what is at hand, and how fresh models are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from untrain.data.sets.splits import Split

if TYPE_CHECKING:
    from torch import nn

    from untrain.data.images import Images


class Task:
    """What a method works on.

    From Python, with your own arrays:

        Task(train=(images, labels), forget=[3, 17], test=(x, y))

    train, test, unseen, val: `(images, labels)` as arrays or tensors, or a map-style Dataset of
        such pairs. Images are (N, H, W), (N, H, W, C) or (N, C, H, W), uint8, or floats that are
        normalised already. `val` is for choices and stop rules. `unseen` (never seen by the model)
        is the audit's reference: without it a verdict is NOT-TESTABLE, and in tables the test set
        stands in, which they say.
    forget: a rule ("random:0.1", "class:truck", "ids:FILE"), keys (strings), or positions in
        `train` (integers, or a boolean mask).
    erased: for a second request, what earlier ones have forgotten, given like `forget`. The model
        is then the result of the earlier request; nothing trains on these images again, and the
        audit measures them together with `forget`:

            first = untrain.unlearn(model, Task(data, [3, 17], test), method)
            task = Task(data, [42], test, erased=[3, 17])
            second = untrain.unlearn(first.model, task, method)

    available: what is left of the retained images: a share (0.1, drawn by `seed`), keys or
        positions in `train`. Methods are given these alone; audits measure all of them.
    forget_data: False where the forgotten images are gone: only methods that read none can work.
    make_model: a function from a seed to a fresh model, for methods that retrain.
    keys: one string per training image; default the row number.
    augment: none, flip, crop, crop+flip (the default, as in the papers) or resized-crop+flip.
    mean, std: per channel, on the scale [0, 1], for uint8 images; without them the constants of
        the CoUn paper for three channels, and 0.5 for any other number.
    stream: images in a chunk, for data that do not fit in memory, such as arrays that were opened
        with np.load(FILE, mmap_mode="c"): epochs are shuffled chunk by chunk, and images are read
        while the model trains. 0, the default: they are kept in memory.
    layout: NHWC or NCHW, for images (N, a, b, c) whose shape does not tell.
    Raises UserError for shapes, labels or forget lists that do not fit.
    """

    def __init__(
        self,
        train: Any,
        forget: str | Sequence[Any],
        test: Any,
        unseen: Any = None,
        make_model: Callable[[int], nn.Module] | None = None,
        *,
        available: float | Sequence[Any] | None = None,
        forget_data: bool = True,
        seed: int = 0,
        **options: Any,
    ) -> None:
        from untrain.data.arrays import assemble
        from untrain.data.sets.at_hand import left_of

        self.make_model = make_model
        self.images, self.split = assemble(train, forget, test, unseen, seed=seed, **options)
        self.whole, self.augment = self.split, self.images.augment
        self.available = left_of(available, self.images, self.split, seed)
        self.forget_data = forget_data

    @classmethod
    def of(
        cls,
        images: Images,
        split: Split,
        *,
        augment: str = "",
        make_model: Callable[[int], nn.Module] | None = None,
        available: np.ndarray | None = None,
        forget_data: bool = True,
    ) -> Task:
        """A task over images and a split that exist already.

        available: positions of the retained images that methods are given; None for all.
        """
        task = cls.__new__(cls)
        task.images, task.split, task.make_model = images, split, make_model
        task.augment = augment or images.augment
        task.whole, task.available, task.forget_data = split, available, forget_data
        return task

    def at_hand(self) -> Task:
        """The task as methods are given it: `split.retain` is what is available of it. `whole` is
        the split as it was: what the model was trained on, and which classes are gone."""
        if self.available is None:
            return self
        split = replace(self.split, retain=self.available)
        task = Task.of(
            self.images,
            split,
            augment=self.augment,
            make_model=self.make_model,
            forget_data=self.forget_data,
        )
        task.whole = self.whole
        return task

    def lacks(self) -> list[str]:
        """What of the training images a method is not given, in sentences."""
        told = []
        if self.available is not None:
            here, all_ = len(self.available), len(self.whole.retain)
            told.append(f"Only {here:,} of {all_:,} retained images were available.")
        if not self.forget_data:
            told.append("No forgotten image was available.")
        return told

    def gone_classes(self) -> np.ndarray:
        """Classes of which every training image is forgotten, sorted: int64 (K,)."""
        labels = self.images.y.numpy()
        return np.setdiff1d(labels[self.whole.forget], labels[self.whole.retain])
