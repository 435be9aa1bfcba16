"""Lists of images in files: text, csv and npy, and every way to get them wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from untrain.data.images import Images
from untrain.data.sets.forget import select
from untrain.errors import UserError, UserErrors

TRAIN = np.arange(40)
"""What is trained on; rows 40 to 47 are held out, 48 to 59 are the test part."""

List = Callable[..., Path]


def pick(rule: str, images: Images) -> list[int]:
    found: list[int] = select(rule, images, TRAIN, 0).tolist()
    return found


def fails(rule: str, images: Images) -> UserError:
    with pytest.raises(UserError) as caught:
        pick(rule, images)
    return caught.value


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[object], Path]:
    """Writes an npy file and gives its path."""

    def write(entries: object) -> Path:
        np.save(tmp_path / "list.npy", np.asarray(entries))
        return tmp_path / "list.npy"

    return write


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "k7\nk3\n"),
        ("list.txt", "  k7 \n\n k3"),
        ("list.txt", "k7\r\nk3\r\n"),
        ("list.csv", "k7\nk3\n"),
        ("list.csv", "key\nk7\nk3\n"),
        ("list.csv", 'ID,why\n"k7",blurred\nk3,"wrong, too"\n'),
        ("list.csv", ",Filename\n0,k7\n1,k3\n"),
        ("list.csv", "\nkey\n\nk7\n,\nk3\n"),
        ("LIST.CSV", "k7,\nk3,\n"),
        ("list.csv", "index,key\n0,k7\n1,k3\n"),
        ("list.csv", "index,why\nk7,0\nk3,1\n"),
        ("list.txt", "key\nk7\nk3\n"),
        ("list", "k7\nk3"),
    ],
)
def test_ids_are_read_from_text_and_csv(images: Images, listed: List, name: str, text: str) -> None:
    assert pick(f"ids:{listed(text, name)}", images) == [3, 7]


@pytest.mark.parametrize("name", ["list.txt", "list.csv"])
def test_a_byte_order_mark_is_no_part_of_the_first_key(
    images: Images, listed: List, name: str
) -> None:
    path = listed("k7\nk3\n", name, "utf-8-sig")
    assert pick(f"ids:{path}", images) == [3, 7]


@pytest.mark.parametrize(
    ("rule", "entries"),
    [("ids", ["k7", "k3"]), ("indices", [7, 3]), ("indices", ["7", "3"]), ("ids", [b"k7", b"k3"])],
)
def test_npy_holds_strings_or_integers(
    images: Images, saved: Callable[[object], Path], rule: str, entries: object
) -> None:
    assert pick(f"{rule}:{saved(entries)}", images) == [3, 7]


def test_ids_may_be_integers_where_keys_are_numbers(
    images: Images, saved: Callable[[object], Path]
) -> None:
    numbered = replace(images, keys=np.arange(100, 160).astype(str))
    assert pick(f"ids:{saved([107, 103])}", numbered) == [3, 7]


def test_indices_are_positions_in_the_data_set(images: Images, listed: List) -> None:
    for text in ("index\n39\n0\n", "id,position\nk5,39\nk6,0\n", "id\n39\n0\n"):
        assert pick(f"indices:{listed(text, 'list.csv')}", images) == [0, 39]


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        ("ids", "3,17,32\n", "has several columns (3) and no heading"),
        ("indices", "3,17,32\n4,5,6\n", "has several columns (3) and no heading"),
        ("ids", "score,row\n1,k7\n2,k3\n", "has several columns (2) and no heading"),
        ("ids", ",0\n0,k7\n1,k3\n", "has several columns (2) and no heading"),
        ("ids", "index,filename,key\n0,x.png,k7\n", "may be meant: filename, key."),
        ("indices", "index,key,position\n0,k1,2\n", "may be meant: index, position."),
        ("indices", "id,key,score\n0,k1,2\n", "may be meant: id, key."),
    ],
)
def test_a_csv_that_does_not_say_its_column_is_refused(
    images: Images, listed: List, rule: str, text: str, said: str
) -> None:
    error = fails(f"{rule}:{listed(text, 'list.csv')}", images)
    assert said in error.what
    assert "one entry per line" in error.fix
    assert error.code == 2


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        ("ids", "k1\nk2\nk1\n", "1 of the keys repeat: k1."),
        ("ids", "k1\ntruck\n", "1 of the keys match no image: truck."),
        ("indices", "1\n2\n01\n", "1 of the indices repeat: 1."),
        ("indices", "1\n60\n-1\n", "2 of the indices match no image: 60, -1."),
        ("indices", "1\n44\n59\n", "2 of the indices are not in the training set"),
        ("indices", "1\nk2\n", "Indices must be whole numbers"),
        ("indices", "1\n2.5\n", "Indices must be whole numbers"),
        ("indices", f"1\n{10**30}\n", "Indices must be whole numbers"),
    ],
)
def test_a_bad_list_is_refused(
    images: Images, listed: List, rule: str, text: str, said: str
) -> None:
    error = fails(f"{rule}:{listed(text)}", images)
    assert said in error.what
    assert error.where.startswith(f"{rule}:")
    assert error.code == 2


@pytest.mark.parametrize(
    ("rule", "text"), [("ids", "k1\nk1\nboat\nk59\n"), ("indices", "1\n1\n77\n59\n")]
)
def test_all_problems_of_a_list_are_told_at_once(
    images: Images, listed: List, rule: str, text: str
) -> None:
    error = fails(f"{rule}:{listed(text)}", images)
    assert isinstance(error, UserErrors)
    outside = ["not in the training set"] if rule == "indices" else []
    assert len(error.problems) == 2 + len(outside)
    for said in ("repeat", "match no image", *outside):
        assert said in error.what


def test_keys_that_were_never_trained_on_are_told(
    images: Images, listed: List, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who writes a list of what to delete does not know what was held out."""
    some, none = (listed(text, name) for text, name in (("k1\nk44\nk59", "a"), ("k44", "b")))
    assert pick(f"ids:{some}", images) == [1]
    assert "3 images match. 1 were trained on; 2 never were" in capsys.readouterr().err
    assert "None of the 1 images" in fails(f"ids:{none}", images).what


def test_only_the_first_bad_keys_are_shown(images: Images, listed: List) -> None:
    path = listed("\n".join("abcdefg"))
    error = fails(f"ids:{path}", images)
    assert error.what.startswith("7 of the keys match no image: a, b, c, d, e and 2 more.")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"k": 1}], "not a plain array"),
        ([1.0, 2.0], "holds float64 of shape"),
        ([[1, 2]], r"shape \(1, 2\)"),
        (3, r"shape \(\)"),
        ([True, False], "holds bool of shape"),
    ],
    ids=["pickled", "float", "two-dimensional", "one number", "mask"],
)
def test_other_arrays_are_refused(
    images: Images, saved: Callable[[object], Path], entries: object, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        pick(f"indices:{saved(entries)}", images)


def test_suffixes_may_be_capital(
    images: Images, saved: Callable[[object], Path], tmp_path: Path
) -> None:
    saved([7, 3]).rename(tmp_path / "LIST.NPY")
    assert pick(f"indices:{tmp_path}/LIST.NPY", images) == [3, 7]


def test_a_path_may_begin_with_the_home_folder(
    images: Images, listed: List, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(listed("k7").parent))
    assert pick("ids:~/list.txt", images) == [7]


@pytest.mark.parametrize("content", [b"", b"k1\nk2\n"])
def test_a_damaged_npy_is_refused(images: Images, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.npy").write_bytes(content)
    assert "not a plain array" in fails(f"ids:{tmp_path}/list.npy", images).what


@pytest.mark.parametrize("content", [b"k1\xff\n", b"k1\0\n", "k1".encode("utf-16")])
@pytest.mark.parametrize("name", ["list.txt", "list.csv", "list.npz"])
def test_a_binary_file_is_not_text(
    images: Images, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    error = fails(f"ids:{tmp_path / name}", images)
    assert error.what == f"{tmp_path / name} is not text."
    assert error.where == f"--forget ids:{tmp_path / name}"


def test_a_quotation_mark_that_is_not_closed_joins_no_lines(images: Images, listed: List) -> None:
    path = listed('"k\n7\n', "list.csv")
    assert "is not a readable csv file" in fails(f"ids:{path}", images).what


@pytest.mark.parametrize("rule", ["ids", "indices"])
def test_a_missing_file_is_a_missing_resource(images: Images, tmp_path: Path, rule: str) -> None:
    error = fails(f"{rule}:{tmp_path}/none.txt", images)
    assert "No file" in error.what
    assert error.code == 3


def test_a_folder_is_no_list(images: Images, tmp_path: Path) -> None:
    error = fails(f"ids:{tmp_path}", images)
    assert error.what == f"{tmp_path} is a folder."
    assert error.code == 3


def test_a_name_that_no_file_can_have_is_missing(images: Images) -> None:
    assert "No file xxx" in fails(f"ids:{'x' * 5000}", images).what


@pytest.mark.parametrize("text", ["", "\n \n", "key\n"])
@pytest.mark.parametrize("rule", ["ids", "indices"])
def test_an_empty_list_selects_nothing(images: Images, listed: List, rule: str, text: str) -> None:
    path = listed(text)
    what = fails(f"{rule}:{path}", images).what
    assert what == f"The forget rule selects none of the 40 training images: {path} names no image."


def test_keys_that_match_nothing_are_told_what_keys_look_like(images: Images, listed: List) -> None:
    assert "Keys here look like 'k0'." in fails(f"ids:{listed('7')}", images).fix
    assert (
        "Training positions lie between 0 and 39." in fails(f"indices:{listed('60')}", images).fix
    )
