"""Classes that nothing is trained on, from the start or after forgetting: told, and allowed."""

from __future__ import annotations

from collections import Counter

import numpy as np

from untrain.data.images import Images
from untrain.data.pixels.decode import shown
from untrain.progress import say


def tell_untrained(images: Images, train: np.ndarray) -> None:
    """Say which classes have no image among the positions that are trained on."""
    there = set(images.y[train].tolist())
    lack = [name for label, name in enumerate(images.classes) if label not in there]
    if lack:
        count = f"{len(lack)} of {len(images.classes)} classes have no training image"
        say(f"{images.name}: {count}: {shown(lack)}")


def tell_vanishing(images: Images, before: np.ndarray, chosen: np.ndarray) -> None:
    """Say which classes are forgotten as a whole: before, chosen: positions in the data set."""
    labels = images.y.numpy()
    gone = np.setdiff1d(labels[chosen], labels[np.setdiff1d(before, chosen)]).tolist()
    count = Counter(labels[chosen].tolist())
    for label in gone[:3]:
        many = count[label]
        what = f"all its {many} training images are" if many > 1 else "its one training image is"
        say(f"the class {images.classes[label]} vanishes: {what} forgotten")
    if len(gone) > 3:
        others = [images.classes[label] for label in gone[3:]]
        say(f"so do {len(others)} more: {shown(others)}")
