"""Image, parquet and list files that the tests write themselves."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from layouts import LAYOUTS, ROWS, labels
from PIL import Image

COLOUR = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
"""Six colour images of height 5 and width 4."""


@pytest.fixture
def png() -> Callable[..., bytes]:
    """Encodes an array as PNG, in another mode of PIL if one is named."""

    def encode(array: np.ndarray, mode: str = "") -> bytes:
        buffer = io.BytesIO()
        image = Image.fromarray(array)
        (image.convert(mode) if mode else image).save(buffer, "PNG")
        return buffer.getvalue()

    return encode


@pytest.fixture
def colour() -> np.ndarray:
    return COLOUR


@pytest.fixture
def encoded(png: Callable[..., bytes]) -> list[bytes]:
    return [png(image) for image in COLOUR]


@pytest.fixture
def hub_file() -> Callable[..., Path]:
    """Writes a parquet file in the layout of the hub: structs of bytes and path in the first
    column, numbers in others, and the names of their classes as metadata."""

    def write(
        path: Path,
        encoded: Sequence[bytes | None],
        image: str = "image",
        names: Mapping[str, Sequence[str]] | None = None,
        **columns: Any,
    ) -> Path:
        cells = [{"bytes": data, "path": f"{i}.png"} for i, data in enumerate(encoded)]
        struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        table = pa.table({image: pa.array(cells, struct), **columns})
        if names is not None:
            labels = {c: {"names": list(n), "_type": "ClassLabel"} for c, n in names.items()}
            about = {"info": {"features": {image: {"_type": "Image"}} | labels}}
            table = table.replace_schema_metadata({"huggingface": json.dumps(about)})
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
        return path

    return write


@pytest.fixture
def put(
    tmp_path: Path, hub_file: Callable[..., Path], png: Callable[..., bytes]
) -> Callable[..., Path]:
    """Writes the files of a layout into ROOT/NAME, gives ROOT."""

    def write(name: str, where: str = "") -> Path:
        one = LAYOUTS[name]
        for number, file in enumerate(one.files):
            count = ROWS if number == 0 else ROWS // 2
            shape = (count, one.size, one.size) + (() if one.gray else (3,))
            pixels = np.random.default_rng(number).integers(0, 256, shape, dtype=np.uint8)
            encoded = [png(array) for array in pixels]
            if name == "tiny-imagenet":  # some of its images are gray
                encoded[1] = png(pixels[1], "L")
            path = tmp_path / (where or name) / file
            hub_file(path, encoded, one.image, one.names, **labels(one.names, count))
        return tmp_path

    return write


@pytest.fixture
def tree(tmp_path: Path, encoded: list[bytes]) -> Callable[..., Path]:
    """Writes the six images at these paths below a folder, and gives the folder."""

    def write(*names: str) -> Path:
        for name, data in zip(names, encoded, strict=False):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
        return tmp_path

    return write


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., Path]:
    """Writes a list file and gives its path."""

    def write(text: str, name: str = "list.txt", encoding: str = "utf-8") -> Path:
        (tmp_path / name).write_text(text, encoding)
        return tmp_path / name

    return write
