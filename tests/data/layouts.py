"""The layouts of the hub's data sets: files, columns and class names."""

from __future__ import annotations

from dataclasses import dataclass

DIGITS = list("0123456789")
CLOTHES = ["T - shirt / top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt"]
FINE = ["apple", "bicycle", "rocket", "tank", "whale"]
COARSE = ["aquatic_mammals", "fruit_and_vegetables", "vehicles_1", "vehicles_2"]
COARSE_OF = [1, 2, 3, 3, 0]
PLACES = ["n01443537", "n01629819", "n01641577"]


@dataclass(frozen=True)
class Layout:
    """A data set as it lies on the hub: its files, columns and class names."""

    size: int
    names: dict[str, list[str]]
    image: str = "image"
    gray: bool = False
    files: tuple[str, ...] = ("train-00000-of-00001.parquet", "test-00000-of-00001.parquet")
    colours: str = "crop+flip"


LAYOUTS = {
    "mnist": Layout(28, {"label": DIGITS}, gray=True, colours="crop"),
    "fashion-mnist": Layout(28, {"label": CLOTHES}, gray=True),
    "svhn": Layout(
        32,
        {"label": DIGITS},
        files=(
            "train-00000-of-00001.parquet",
            "test-00000-of-00001.parquet",
            "extra-00000-of-00002.parquet",
            "extra-00001-of-00002.parquet",
        ),
        colours="crop",
    ),
    "cifar100": Layout(32, {"fine_label": FINE, "coarse_label": COARSE}, "img"),
    "tiny-imagenet": Layout(
        64,
        {"label": PLACES},
        files=(
            "train-00000-of-00001-1359597a978bc4fa.parquet",
            "valid-00000-of-00001-70d52db3c749a935.parquet",
        ),
    ),
}
ROWS = 20
"""Images of the training file; half as many are in each of the others."""


def labels(names: dict[str, list[str]], count: int) -> dict[str, list[int]]:
    """Every class in turn; coarse labels follow the fine ones."""
    if "fine_label" in names:
        fine = [row % len(FINE) for row in range(count)]
        return {"fine_label": fine, "coarse_label": [COARSE_OF[number] for number in fine]}
    return {"label": [row % len(names["label"]) for row in range(count)]}
