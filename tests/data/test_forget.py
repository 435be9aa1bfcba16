"""The forget grammar: every rule, and every way to get it wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from untrain.data.forget import select
from untrain.data.images import Images
from untrain.errors import UserError, UserErrors

TRAIN = np.arange(40)
"""What is trained on; rows 40 to 47 are held out, 48 to 59 are the test part."""

List = Callable[..., Path]


def pick(rule: str, images: Images, seed: int = 0) -> list[int]:
    found: list[int] = select(rule, images, TRAIN, seed).tolist()
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
    ("value", "count"), [("0.1", 4), ("0.25", 10), ("1e-1", 4), ("1E-1", 4), ("7", 7), ("1", 1)]
)
def test_random_takes_a_share_or_a_number(images: Images, value: str, count: int) -> None:
    chosen = pick(f"random:{value}", images)
    assert len(set(chosen)) == count
    assert set(chosen) <= set(TRAIN)
    assert chosen == sorted(chosen)


def test_random_depends_on_the_seed_alone(images: Images) -> None:
    assert pick("random:0.5", images) == pick("random:0.5", images)
    assert pick("random:0.5", images) != pick("random:0.5", images, seed=1)


@pytest.mark.parametrize(
    "value", ["0", "1.5", "abc", "", "-3", "0.0", "1.0", "2.5", "nan", "inf", "-0.1", "1e3"]
)
def test_random_refuses_what_is_neither_share_nor_number(images: Images, value: str) -> None:
    error = fails(f"random:{value}", images)
    assert "neither a share between 0 and 1 nor a whole number" in error.what
    assert error.where == f"--forget random:{value}"
    assert error.code == 2


@pytest.mark.parametrize(
    "value", ["class2", "2", " class2 ", "class2,2"], ids=["name", "number", "spaces", "both"]
)
def test_class_selects_all_training_images_of_a_class(images: Images, value: str) -> None:
    assert pick(f"class:{value}", images) == list(range(2, 40, 3))


def test_several_classes_are_joined(images: Images) -> None:
    assert pick("class:0,class2", images) == [i for i in range(40) if i % 3 != 1]


def test_class_names_win_over_numbers(images: Images) -> None:
    renamed = replace(images, classes=["2", "1", "0"])
    assert pick("class:2", renamed) == list(range(0, 40, 3))


def test_a_class_that_is_not_there_is_told_with_the_nearest(images: Images) -> None:
    error = fails("class:clas1", images)
    assert "Unknown class 'clas1'. Did you mean 'class1'?" in error.what
    assert "Classes are 0-2: class0, class1, class2" in error.fix


@pytest.mark.parametrize("value", ["3", "-1", "²"])
def test_class_numbers_outside_are_refused(images: Images, value: str) -> None:
    assert f"Unknown class '{value}'" in fails(f"class:{value}", images).what


def test_all_unknown_classes_are_told_at_once(images: Images) -> None:
    error = fails("class:car,0,boat", images)
    assert isinstance(error, UserErrors)
    assert len(error.problems) == 2
    assert "'car'" in str(error)
    assert "'boat'" in str(error)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "k7\nk3\n"),
        ("list.txt", "  k7 \n\n k3"),
        ("list.txt", "k7\r\nk3\r\n"),
        ("list.csv", "k7\nk3\n"),
        ("list.csv", "key\nk7\nk3\n"),
        ("list.csv", 'ID,why\n"k7",blurred\nk3,"wrong, too"\n'),
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
    path = listed("index\n39\n0\n", "list.csv")
    assert pick(f"indices:{path}", images) == [0, 39]


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        ("ids", "k1\nk2\nk1\n", "1 of the keys repeat: k1."),
        ("ids", "k1\ntruck\n", "1 of the keys match no image: truck."),
        ("ids", "k1\nk44\nk59\n", "2 of the keys are not in the training set"),
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
    assert len(error.problems) == 3
    for said in ("repeat", "match no image", "not in the training set"):
        assert said in error.what


def test_only_the_first_bad_keys_are_shown(images: Images, listed: List) -> None:
    path = listed("\n".join("abcdefg"))
    error = fails(f"ids:{path}", images)
    assert error.what.startswith("7 of the keys match no image: a, b, c, d, e, ...")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"k": 1}], "not a plain array"),
        ([1.0, 2.0], "holds float64 of shape"),
        ([[1, 2]], r"shape \(1, 2\)"),
    ],
    ids=["pickled", "float", "two-dimensional"],
)
def test_other_arrays_are_refused(
    images: Images, saved: Callable[[object], Path], entries: object, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        pick(f"indices:{saved(entries)}", images)


@pytest.mark.parametrize("content", [b"", b"k1\nk2\n"])
def test_a_damaged_npy_is_refused(images: Images, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.npy").write_bytes(content)
    assert "not a plain array" in fails(f"ids:{tmp_path}/list.npy", images).what


def test_a_binary_file_is_not_text(images: Images, listed: List) -> None:
    assert "is not text" in fails(f"ids:{listed('k1', encoding='utf-16')}", images).what


@pytest.mark.parametrize("rule", ["ids", "indices"])
def test_a_missing_file_is_a_missing_resource(images: Images, tmp_path: Path, rule: str) -> None:
    error = fails(f"{rule}:{tmp_path}/none.txt", images)
    assert "No file" in error.what
    assert error.code == 3


@pytest.mark.parametrize("rule", ["some:3", "truck", "", "Random:3"])
def test_an_unknown_rule_is_told_the_grammar(images: Images, rule: str) -> None:
    error = fails(rule, images)
    assert f"'{rule}' is not understood" in error.what
    assert "random:0.1" in error.fix


@pytest.mark.parametrize("rule", ["random:40", "random:500", "class:0,1,2"])
def test_a_rule_that_selects_all_is_refused(images: Images, rule: str) -> None:
    assert "selects all of the 40" in fails(rule, images).what


@pytest.mark.parametrize("rule", ["random:0.001", "class:", "class:empty"])
def test_a_rule_that_selects_nothing_is_refused(images: Images, rule: str) -> None:
    wider = replace(images, classes=[*images.classes, "empty"])
    assert "selects none of the 40" in fails(rule, wider).what


def test_an_empty_list_selects_nothing(images: Images, listed: List) -> None:
    for rule in ("ids", "indices"):
        assert "selects none" in fails(f"{rule}:{listed('')}", images).what
