"""Where a run may be written: never among the images that it is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from untrain.errors import UserError
from untrain.runs.place import check_apart


@pytest.mark.parametrize(
    ("kind", "out", "refused"),
    [
        ("folder", "data/run", True),
        ("folder", "data", True),
        ("folder", "run", False),
        ("arrow", "data/run", True),
        ("numpy", "data", True),
        ("numpy", "data/run", False),
        ("parquet", "data/run", False),
        ("csv", "data/run", False),
        ("python", "data", False),
    ],
)
def test_a_run_in_the_folder_of_its_images_is_refused(
    tmp_path: Path, kind: str, out: str, refused: bool
) -> None:
    data = f"{kind}:{tmp_path}/data" if kind != "python" else "python:data:function"
    if not refused:
        check_apart(tmp_path / out, data)
        return
    with pytest.raises(UserError, match="lies in the folder of the images"):
        check_apart(tmp_path / out, data)
