"""Where images come from: embedded digits, hub data sets by one table, folders, parquet files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from untrain.data.images import Images
from untrain.errors import unknown
from untrain.progress import say


@dataclass(frozen=True)
class HubSet:
    """A data set of the Hugging Face hub, or a local folder with files of the same layout."""

    repo: str
    """Repository on the hub."""
    folder: str
    """Folder of the repository that holds the parquet files."""
    image: str
    """Column with the encoded image."""
    label: str = "label"
    """Column with the integer label."""
    subclass: str = ""
    """Column with a finer label, for `subclass:` rules."""
    test: str = "test"
    """What the names of the test files begin with."""
    augment: str = "crop+flip"
    """Augmentation unless the user names one."""


HUB = {
    "cifar10": HubSet("uoft-cs/cifar10", "plain_text", "img"),
    "cifar100": HubSet("uoft-cs/cifar100", "cifar100", "img", "fine_label"),
    # CIFAR-100 with its 20 superclasses as classes.
    "cifar20": HubSet("uoft-cs/cifar100", "cifar100", "img", "coarse_label", "fine_label"),
    "svhn": HubSet("ufldl-stanford/svhn", "cropped_digits", "image", augment="crop"),
    "mnist": HubSet("ylecun/mnist", "mnist", "image", augment="crop"),
    "fashion-mnist": HubSet("zalando-datasets/fashion_mnist", "fashion_mnist", "image"),
    "tiny-imagenet": HubSet("zh-plus/tiny-imagenet", "data", "image", test="valid"),
    # A local set only: Tiny ImageNet scaled to 32 pixels, for small machines.
    "tiny-imagenet-32": HubSet("", "", "image", test="valid"),
}

NAMES = ["digits", *HUB, "folder:PATH", "parquet:PATH"]
"""What `--data` takes."""


def load(name: str, root: str = "", key: str = "") -> Images:
    """Load a data set by name.

    name: one of NAMES. root: folder with local data, looked at first (`ROOT/NAME/*.parquet`).
    key: the column of a parquet file that holds the images' keys (default: the row number).
    Raises UserError for an unknown name, missing files or damaged images.
    """
    from untrain.data.files import folder
    from untrain.data.hub import find
    from untrain.data.parquet import parquet

    kind, _, path = name.partition(":")
    if kind == "folder" and path:
        return folder(Path(path))
    if kind == "parquet" and path:
        found, test = own_files(Path(path))
        return parquet(f"parquet:{Path(path).name}", found, HubSet("", "", "", test=test), key)
    if name == "digits":
        return digits()
    if name not in HUB:
        begun = [known for known in NAMES if name and known.startswith(name)][:1]
        fix = f"--data takes one of: {', '.join(NAMES)}"
        raise unknown("data set", name, begun or NAMES, fix)
    source = HUB[name]
    twins = [other for other in HUB if HUB[other].repo == source.repo != "" and other != name]
    return parquet(name, find([name, *twins], source, root), source, key)


def own_files(path: Path) -> tuple[list[Path], str]:
    """The parquet files that a path names, and what the names of the test files begin with.

    In a folder these are its `test` files, or `val` ones if there are none; with both, the
    validation files are left.
    """
    if not path.is_dir():
        return [path], "test"
    files = sorted(path.glob("[!.]*.parquet"))
    held = [file for file in files if re.match(r"val(id|idation)?[-_.]", file.name)]
    if not held or len(held) == len(files):
        return files, "test"
    if not any(file.name.startswith("test") for file in files):
        return files, "val"
    say(f"{path}: the images of {', '.join(file.name for file in held)} are not used")
    return [file for file in files if file not in held], "test"


def digits() -> Images:
    """The 1,797 handwritten digits of scikit-learn, 8 x 8 gray, ten classes; no download."""
    import numpy as np
    import torch
    from sklearn.datasets import load_digits

    from untrain.data.images import content_hash

    data = load_digits()
    x = np.rint(data.images * (255 / 16)).astype(np.uint8)[..., None]
    return Images(
        x=torch.from_numpy(x),
        y=torch.from_numpy(data.target.astype(np.int64)),
        classes=[str(name) for name in data.target_names],
        keys=np.arange(len(x)).astype(str),
        augment="crop",
        name="digits",
        hash=content_hash([image.tobytes() for image in x], data.target),
    )
