"""Digits as a user's own files, some of them wrongly labelled, with the list of their ids."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from untrain.config import DataConfig
from untrain.data.images import Images
from untrain.data.sets.splits import TEST_SHARE
from untrain.data.sources import digits
from untrain.files import atomic
from untrain.rng import numpy_rng


@dataclass(frozen=True)
class Mistake:
    """Two fifths of the images of one digit carry the label of another."""

    true: int = 3
    given: int = 9
    share: float = 0.4


def write(folder: Path, mistake: Mistake, *, holdout: float, seed: int) -> tuple[DataConfig, Path]:
    """Write `train-` and `test-0.parquet` and the list of wrong ids; returns how to load them.

    Only images that will be trained on get a wrong label: held-out and test images are right.
    """
    images = digits()
    order = numpy_rng(seed, "demo", "test").permutation(len(images))
    test, train = np.split(order, [round(TEST_SHARE * len(order))])
    labels = images.y.numpy().copy()
    data = DataConfig(
        data=f"parquet:{folder}", key="id", holdout=holdout, split_seed=seed, augment="crop"
    )
    for name, rows in (("train", train), ("test", test)):
        _parquet(folder / f"{name}-0.parquet", images, rows, labels)
    loaded, split = data.load()
    trained = np.isin(images.keys, loaded.keys[split.train])
    candidates = np.flatnonzero(trained & (labels == mistake.true))
    chance = numpy_rng(seed, "demo", "labels")
    wrong = chance.permutation(candidates)[: round(mistake.share * len(candidates))]
    labels[wrong] = mistake.given
    _parquet(folder / "train-0.parquet", images, train, labels)
    ids = folder / "wrong-ids.txt"
    with atomic(ids) as draft:
        draft.write_text("\n".join(sorted(images.keys[wrong], key=int)) + "\n")
    return data, ids


def _parquet(path: Path, images: Images, rows: np.ndarray, labels: np.ndarray) -> None:
    """Images in the layout of the hub's image sets: encoded bytes, label, id, class names."""
    cells = []
    for row in rows:
        buffer = io.BytesIO()
        Image.fromarray(images.x[row, ..., 0].numpy()).save(buffer, "PNG")
        cells.append({"bytes": buffer.getvalue(), "path": f"{images.keys[row]}.png"})
    features = {"label": {"names": images.classes, "_type": "ClassLabel"}}
    about = json.dumps({"info": {"features": features}})
    table = pa.table(
        {"image": cells, "label": labels[rows], "id": images.keys[rows].astype(str).tolist()}
    )
    with atomic(path) as draft:
        pq.write_table(table.replace_schema_metadata({"huggingface": about}), draft)
