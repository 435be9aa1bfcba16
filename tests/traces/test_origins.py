"""Where erased images lie in the data that they came from, of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from untrain.data.sets.pseudonyms import pseudonyms
from untrain.traces.erased import Erased
from untrain.traces.stores import sources


@pytest.fixture
def erased() -> Callable[..., Erased]:
    """The request that names these keys, plain or as digests."""

    def of(data: str, *keys: str, key: str = "", hidden: bool = False) -> Erased:
        names = np.asarray(keys)
        names = pseudonyms(names) if hidden else names
        return Erased(names, "", "", {"data": data, "key": key}, ("where:user=1",))

    return of


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three images beside a csv and a metadata.csv that name them, and one more."""
    root = tmp_path / "photos"
    rows = ["cat/a.png,1,p", "cat/b.png,2,q", "dog/c.png,1,r", "dog/d.png,1,s"]
    for row in rows[:3]:
        path = root / row.split(",")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    text = "\n".join(["file_name,user,id", *rows])
    (root / "metadata.csv").write_text(text)
    (root / "all.csv").write_text(text)
    return root


def told(erased: Erased, root: Path) -> list[tuple[str, str]]:
    found = sources(erased)
    assert all(trace.purge == "no" for trace in found)
    return [(trace.path.relative_to(root.parent).as_posix(), trace.holds) for trace in found]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("keys", "key"), [(("cat/a.png", "dog/d.png"), ""), (("p", "s"), "id")])
def test_files_and_rows_that_name_them(
    erased: Callable[..., Erased], photos: Path, keys: tuple[str, ...], key: str, hidden: bool
) -> None:
    options = {"key": key, "hidden": hidden}
    assert told(erased(f"folder:{photos}", *keys, **options), photos) == [
        ("photos", "the files of 1 of them"),
        ("photos/metadata.csv", "rows that name 2 of them"),
    ]
    assert told(erased(f"csv:{photos}/all.csv", *keys, **options), photos) == [
        ("photos/all.csv", "rows that name 2 of them"),
        ("photos", "the files of 1 of them"),
    ]


def test_rows_and_files_that_are_gone_are_not_told(
    erased: Callable[..., Erased], photos: Path
) -> None:
    (photos / "metadata.csv").write_text("file_name,user\ncat/b.png,2\n")
    (photos / "all.csv").write_text("path,label\ncat/b.png,x\n")
    (photos / "cat" / "a.png").unlink()
    assert told(erased(f"folder:{photos}", "cat/a.png"), photos) == []
    assert told(erased(f"csv:{photos}/all.csv", "cat/a.png"), photos) == []
    (photos / "all.csv").write_text("")
    assert told(erased(f"csv:{photos}/all.csv", "cat/a.png"), photos) == [
        ("photos/all.csv", "not known: it cannot be read")
    ]


@pytest.mark.parametrize("kind", ["parquet", "arrow", "numpy", "torch"])
def test_files_that_hold_them_as_a_whole(
    erased: Callable[..., Erased], tmp_path: Path, kind: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "own").write_bytes(b"")
    found = told(erased(f"{kind}:{tmp_path}/data/own", "1"), tmp_path / "data")
    assert found[0][0] == "data/own"
    assert found[0][1].startswith("the images, ")
    assert told(erased(f"{kind}:{tmp_path}/data/gone", "1"), tmp_path / "data") == []


def test_a_function_is_told_by_its_name(erased: Callable[..., Erased]) -> None:
    (found,) = sources(erased("python:mine:data", "1"))
    assert str(found.path) == "python:mine:data"
