"""The same image under several keys: who has a twin, and which twins of a request stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from untrain.data.images import Images
from untrain.data.pixels.decode import shown
from untrain.data.pixels.equal import equal
from untrain.data.sets.splits import Split

Pairs = list[tuple[int, int]]


def groups(images: Images, among: np.ndarray | None = None) -> list[np.ndarray]:
    """Positions of images with equal pixels, two or more in each group, sorted.

    among: only groups that hold one of these positions. Labels and keys are not compared.
    """
    return equal([images.x], among)


@dataclass(frozen=True)
class Twins:
    """Forgotten images that are there a second time, each with the first of its twins.

    retained: the twin stays in the training set. held: it is a val, unseen or test image.
    """

    images: Images
    forgotten: int
    retained: Pairs
    held: Pairs

    def sentences(self, names: bool = True) -> list[str]:
        """What to tell; without names where it is written down, as keys may be persons' names."""
        asked = f"of the {self.forgotten} forgotten images"
        kinds = (
            (self.retained, "Retained", "Name these too, or the model goes on learning them."),
            (self.held, "Val, unseen or test images", "They count as never seen: take them out."),
        )
        return [
            f"{kind} under another key: {len(pairs)} {asked}"
            + (f" ({self._shown(pairs)})" if names else "")
            + f". {fix}"
            for pairs, kind, fix in kinds
            if pairs
        ]

    def _shown(self, pairs: Pairs) -> str:
        keys, y, classes = self.images.keys, self.images.y, self.images.classes
        return shown(
            [
                f"{keys[one]} = {keys[other]}"
                + (f", labelled {classes[int(y[other])]}" if y[one] != y[other] else "")
                for one, other in pairs
            ]
        )


def twins(images: Images, split: Split) -> Twins:
    """Which of the images that a request forgets are somewhere else in the data as well."""
    rest = {
        "retained": split.retain,
        "held": np.concatenate([split.val, split.unseen, split.test]),
    }
    found: dict[str, Pairs] = {name: [] for name in rest}
    for group in groups(images, split.forget) if len(split.forget) else []:
        asked = np.intersect1d(group, split.forget)
        for name, positions in rest.items():
            staying = np.intersect1d(group, positions)
            if len(staying):
                found[name] += [(int(one), int(staying[0])) for one in asked]
    return Twins(images, len(split.forget), sorted(found["retained"]), sorted(found["held"]))
