"""Which column of a parquet file holds the images, where several could."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from untrain.data.sources import load
from untrain.errors import UserError


def test_of_several_columns_of_images_one_called_so_is_taken(
    tmp_path: Path, encoded: list[bytes], colour: np.ndarray
) -> None:
    masks = [{"bytes": data, "path": ""} for data in encoded[::-1]]
    table = pa.table({"mask": masks, "thumb": encoded[::-1], "Image": encoded, "label": [0] * 6})
    pq.write_table(table, tmp_path / "own.parquet")
    images = load(f"parquet:{tmp_path / 'own.parquet'}")
    np.testing.assert_array_equal(images.x.numpy(), colour)


@pytest.mark.parametrize("struct", [False, True])
def test_a_column_of_bytes_that_are_no_image_is_passed_over(
    tmp_path: Path, encoded: list[bytes], colour: np.ndarray, struct: bool
) -> None:
    scans = [{"bytes": data, "path": ""} for data in encoded] if struct else encoded
    table = pa.table({"md5": [None] + [b"abc"] * 5, "scan": scans, "label": [0] * 6})
    pq.write_table(table, tmp_path / "own.parquet")
    images = load(f"parquet:{tmp_path / 'own.parquet'}")
    np.testing.assert_array_equal(images.x.numpy(), colour)


def test_several_columns_of_images_are_not_guessed(tmp_path: Path, encoded: list[bytes]) -> None:
    table = pa.table({"mask": encoded, "scan": encoded, "label": [0] * 6})
    pq.write_table(table, tmp_path / "own.parquet")
    with pytest.raises(UserError) as caught:
        load(f"parquet:{tmp_path / 'own.parquet'}")
    error = caught.value
    assert error.what == "2 columns may hold the images: mask, scan."
    assert "Call the right one 'image'" in error.fix
    assert error.code == 2
