"""Where images come from: embedded digits, hub data sets by one table, folders, parquet files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from untrain.data.images import Images
from untrain.errors import MISSING, UserError, unknown


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
    test: str = "test"
    """What the names of the test files begin with."""
    augment: str = "crop+flip"
    """Augmentation unless the user names one."""


HUB = {
    "cifar10": HubSet("uoft-cs/cifar10", "plain_text", "img"),
    "cifar100": HubSet("uoft-cs/cifar100", "cifar100", "img", "fine_label"),
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
    from untrain.data import files

    kind, _, path = name.partition(":")
    if kind == "folder" and path:
        return files.folder(Path(path))
    if kind == "parquet" and path:
        found = sorted(Path(path).glob("*.parquet")) if Path(path).is_dir() else [Path(path)]
        return files.parquet(f"parquet:{Path(path).name}", found, HubSet("", "", ""), key)
    if name == "digits":
        return digits()
    if name not in HUB:
        raise unknown("data set", name, NAMES, f"--data takes one of: {', '.join(NAMES)}")
    return files.parquet(name, _find(name, HUB[name], root), HUB[name], key)


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


def _find(name: str, source: HubSet, root: str) -> list[Path]:
    """The parquet files of a set: the local root first, then the hub's cache, then a download."""
    if root:
        if not Path(root).is_dir():
            raise UserError(
                f"No folder {root}.", "--data-root", "Name an existing folder.", MISSING
            )
        for folder in (Path(root) / name, Path(root)):
            found = sorted(folder.glob("*.parquet"))
            if found and (folder.name == name or folder == Path(root) / name):
                return found
    if not source.repo:
        raise UserError(
            f"'{name}' is not on the hub, and there are no files of it here.",
            where=f"--data-root {root or '(not given)'}",
            fix=f"Put train-*.parquet and {source.test}-*.parquet into ROOT/{name}.",
            code=MISSING,
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    pattern = f"{source.folder}/*.parquet"
    try:
        copy = snapshot_download(source.repo, repo_type="dataset", allow_patterns=[pattern])
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise UserError(
            f"Could not download {name} ({type(error).__name__}).",
            where=f"hub data set {source.repo}",
            fix=f"Put its parquet files into ROOT/{name} and give --data-root ROOT, "
            "or try --data digits, which needs no download.",
            code=MISSING,
        ) from error
    return sorted(Path(copy, source.folder).glob("*.parquet"))
