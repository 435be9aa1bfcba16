"""A request: the data, what is forgotten, and how fresh models are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from untrain.data.splits import Split

if TYPE_CHECKING:
    from torch import nn

    from untrain.data.images import Images


class Task:
    """What a method works on.

    From Python, with your own arrays:

        Task(train=(images, labels), forget=[3, 17], test=(x, y))

    train, test, unseen, val: `(images, labels)` as arrays or tensors, or a map-style Dataset of
        such pairs. Images are (N, H, W), (N, H, W, C) or (N, C, H, W), uint8, or floats that are
        normalised already. `unseen` (never seen by the model) is the audit's reference; without
        it the test set stands in, and outputs say so.
    forget: a rule ("random:0.1", "class:truck", "ids:FILE"), keys (strings), or positions in
        `train` (integers, or a boolean mask).
    erased: for a second request, what earlier ones have forgotten, given like `forget`. The model
        is then the result of the earlier request; nothing trains on these images again, and the
        audit measures them together with `forget`:

            first = untrain.unlearn(model, Task(data, [3, 17], test), method)
            task = Task(data, [42], test, erased=[3, 17])
            second = untrain.unlearn(first.model, task, method)

    make_model: a function from a seed to a fresh model, for methods that retrain.
    keys: one string per training image; default the row number.
    augment: none, flip, crop or crop+flip (the default, as in the papers).
    mean, std: per channel, on the scale [0, 1], for uint8 images; without them the constants of
        the CoUn paper for three channels, and 0.5 for any other number.
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
        **options: Any,
    ) -> None:
        from untrain.data.arrays import assemble

        self.make_model = make_model
        self.images, self.split = assemble(train, forget, test, unseen, **options)
        self.augment = self.images.augment

    @classmethod
    def of(
        cls,
        images: Images,
        split: Split,
        *,
        augment: str = "",
        make_model: Callable[[int], nn.Module] | None = None,
    ) -> Task:
        """A task over images and a split that exist already."""
        task = cls.__new__(cls)
        task.images, task.split, task.make_model = images, split, make_model
        task.augment = augment or images.augment
        return task

    def gone_classes(self) -> np.ndarray:
        """Classes of which every training image is forgotten, sorted: int64 (K,)."""
        labels = self.images.y.numpy()
        return np.setdiff1d(labels[self.split.forget], labels[self.split.retain])
