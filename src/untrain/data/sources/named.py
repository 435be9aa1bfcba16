"""Data sets by name: the digits that scikit-learn brings, and sets of the hub by one table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from untrain.data.images import Images


@dataclass(frozen=True)
class HubSet:
    """A data set of the Hugging Face hub, or a local folder with files of the same layout."""

    repo: str = ""
    """Repository on the hub."""
    folder: str = ""
    """Folder of the repository that holds the parquet files."""
    image: str = ""
    """Column with the encoded image; "" finds it."""
    label: str = "label"
    """Column with the label; "" finds it by its name."""
    subclass: str = ""
    """Column with a finer label, for `subclass:` rules."""
    test: str = "test"
    """What the names of the test files begin with."""
    augment: str = "crop+flip"
    """Augmentation unless the user names one."""
    of: str = ""
    """The set whose first `classes` classes it is."""
    classes: int = 0


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
    # As many classes as CIFAR-100 has, where that is not at hand.
    "tiny-imagenet-100": HubSet(test="valid", of="tiny-imagenet-32", classes=100),
}


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
        hash=content_hash([hashlib.sha256(image.tobytes()).digest() for image in x], data.target),
    )
