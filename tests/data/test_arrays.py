"""`untrain.Task` over the user's own arrays: layouts, ways to say what is forgotten, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from untrain.errors import UserError, UserErrors
from untrain.task import Task

COLOUR = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3), dtype=np.uint8)
LABELS = np.arange(12) % 3


class Pairs:
    """A map-style data set of (3, H, W) floats and labels."""

    def __len__(self) -> int:
        return 12

    def __getitem__(self, at: int) -> tuple[torch.Tensor, int]:
        return torch.from_numpy(COLOUR[at].transpose(2, 0, 1) / 255), int(LABELS[at])


def make(x: Any = COLOUR, y: Any = LABELS, forget: Any = (0,), **options: Any) -> Task:
    """A task over ten training images; the last two are the test set."""
    return Task((x[:10], y[:10]), forget, **({"test": (x[10:], y[10:])} | options))


def fails(*args: Any, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        make(*args, **options)
    return caught.value


GRAY = COLOUR[..., 0]
LAYOUTS: dict[str, tuple[Any, np.ndarray]] = {
    "NHW": (GRAY, GRAY[..., None]),
    "NHWC": (COLOUR, COLOUR),
    "NCHW": (COLOUR.transpose(0, 3, 1, 2), COLOUR),
    "N1HW": (GRAY[:, None], GRAY[..., None]),
    "square first": (np.zeros((12, 3, 4, 4), np.uint8), np.zeros((12, 4, 4, 3), np.uint8)),
    "square last": (np.zeros((12, 4, 4, 3), np.uint8), np.zeros((12, 4, 4, 3), np.uint8)),
    "12 bands first": (np.zeros((12, 12, 8, 8), np.uint8), np.zeros((12, 8, 8, 12), np.uint8)),
    "12 bands last": (np.zeros((12, 8, 8, 12), np.uint8), np.zeros((12, 8, 8, 12), np.uint8)),
    "one pixel": (np.zeros((12, 1, 1, 1), np.uint8), np.zeros((12, 1, 1, 1), np.uint8)),
    "NHW of one column": (GRAY[:, :, :1], GRAY[:, :, :1, None]),
    "two channels": (COLOUR[..., :2], COLOUR[..., :2]),
    "five channels first": (np.zeros((12, 5, 8, 8), np.uint8), np.zeros((12, 8, 8, 5), np.uint8)),
    "tensor": (torch.from_numpy(COLOUR), COLOUR),
    "NCHW tensor": (torch.from_numpy(COLOUR).permute(0, 3, 1, 2), COLOUR),
    "float64": (COLOUR / 255, (COLOUR / 255).astype(np.float32)),
    "list": (list(COLOUR), COLOUR),
    "mirrored": (COLOUR[:, ::-1], np.ascontiguousarray(COLOUR[:, ::-1])),
    "big-endian": ((COLOUR / 255).astype(">f4"), (COLOUR / 255).astype(np.float32)),
    "gradient": (torch.ones(12, 6, 5, 3, requires_grad=True), np.ones((12, 6, 5, 3), np.float32)),
    "float16": ((COLOUR / 256).astype(np.float16), (COLOUR / 256).astype(np.float32)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_becomes_channels_last(layout: str) -> None:
    given, expected = LAYOUTS[layout]
    x = make(given).images.x
    np.testing.assert_array_equal(x.numpy(), expected)
    assert x.dtype == (torch.uint8 if expected.dtype == np.uint8 else torch.float32)
    assert x.is_contiguous()


AMBIGUOUS = [(1, 40, 3), (3, 4, 3), (3, 3, 3), (3, 8, 1), (16, 9, 16), (10, 12, 14), (40, 32, 32)]


@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_a_shape_that_can_be_read_in_two_ways_is_not_guessed(shape: tuple[int, int, int]) -> None:
    x = np.random.default_rng(0).integers(0, 256, (12, *shape), dtype=np.uint8)
    error = fails(x)
    a, b, c = shape
    assert f"NHWC would be {c} channels of {a}x{b}, NCHW {a} channels of {b}x{c}." in str(error)
    assert 'layout="NCHW"' in str(error)
    np.testing.assert_array_equal(make(x, layout="NHWC").images.x.numpy(), x)
    first = make(x, layout="NCHW").images.x.numpy()
    np.testing.assert_array_equal(first, x.transpose(0, 2, 3, 1))


def test_all_that_does_not_fit_is_told_at_once() -> None:
    with pytest.raises(UserErrors) as caught:
        make(x=COLOUR.astype(object), y=LABELS / 2, test=(COLOUR, LABELS[:5]), augment="flop")
    assert len(caught.value.problems) == 4


def test_a_dataset_is_read_once_and_whole() -> None:
    task = Task(Pairs(), [0], test=Pairs())
    expected = (COLOUR / 255).astype(np.float32)
    np.testing.assert_array_equal(task.images.x.numpy(), np.concatenate([expected] * 2))
    assert task.images.y.tolist() == LABELS.tolist() * 2


class Torn(Pairs):
    """A data set of which an item cannot be had."""

    def __getitem__(self, at: int) -> tuple[torch.Tensor, int]:
        if at == 7:
            raise OSError("no such file")
        return super().__getitem__(at)


def test_a_dataset_that_fails_is_told_with_its_item() -> None:
    with pytest.raises(UserError, match=r"train\[7\] fails: OSError: no such file"):
        Task(Torn(), [0], test=Pairs())


def test_a_list_of_two_items_is_no_pair() -> None:
    task = Task([Pairs()[0], Pairs()[1]], [0], test=Pairs())
    assert task.split.sizes()["retain"] == 1


@pytest.mark.parametrize("kind", [list, np.asarray, torch.tensor])
def test_labels_may_be_of_any_integer_kind(kind: Callable[[Any], Any]) -> None:
    y = kind(LABELS.tolist())
    assert make(y=y).images.y.tolist() == LABELS.tolist()
    assert make(y=y).images.y.dtype == torch.int64


def test_sets_lie_one_after_the_other() -> None:
    task = Task(
        (COLOUR[:6], LABELS[:6]),
        [1],
        test=(COLOUR[6:8], LABELS[6:8]),
        unseen=(COLOUR[8:11], LABELS[8:11]),
        val=(COLOUR[11:], LABELS[11:]),
    )
    for name, rows in {"forget": [1], "test": [6, 7], "unseen": [8, 9, 10], "val": [11]}.items():
        found = task.images.x[torch.from_numpy(task.split.sets()[name])]
        np.testing.assert_array_equal(found.numpy(), COLOUR[rows])
    assert task.split.sizes() == {"retain": 5, "forget": 1, "val": 1, "unseen": 3, "test": 2}


def test_nothing_is_cut_from_what_the_model_has_seen() -> None:
    assert make().split.sizes()["unseen"] == make().split.sizes()["val"] == 0
    assert make(unseen=(COLOUR, LABELS)).split.sizes()["unseen"] == len(LABELS)


MASK = np.isin(np.arange(10), [2, 7])


@pytest.mark.parametrize(
    "forget",
    [
        [7, 2],
        (2, 7),
        {2, 7},
        np.asarray([2, 7]),
        torch.tensor([7, 2]),
        MASK,
        MASK.tolist(),
        ["7", "2"],
    ],
    ids=["list", "tuple", "set", "array", "tensor", "mask", "list mask", "default keys"],
)
def test_forget_takes_positions_a_mask_or_keys(forget: Any) -> None:
    assert make(forget=forget).split.forget.tolist() == [2, 7]


@pytest.mark.parametrize("erased", [[7, 2], MASK, ["7", "2"]], ids=["list", "mask", "keys"])
def test_a_second_request_leaves_what_the_first_erased(erased: Any) -> None:
    split = make(forget=[1], erased=erased).split
    assert [at.tolist() for at in split.requests] == [[2, 7], [1]]
    assert split.retain.tolist() == [0, 3, 4, 5, 6, 8, 9]
    assert make(forget="class:1", erased=erased).split.forget.tolist() == [1, 4]


def test_equal_rules_of_two_requests_draw_apart() -> None:
    first, second = make(forget="random:3", erased="random:3").split.requests
    assert first.tolist() == make(forget="random:3").split.forget.tolist()
    assert not set(first) & set(second)


def test_forget_takes_the_users_own_keys() -> None:
    task = make(forget=["h", "c"], keys=list("abcdefghij"))
    assert task.split.forget.tolist() == [2, 7]


def test_forget_takes_a_rule() -> None:
    assert make(forget="class:1").split.forget.tolist() == [1, 4, 7]
    assert make(forget="class:b", classes=["a", "b", "c"]).split.forget.tolist() == [1, 4, 7]


def test_random_rules_depend_on_the_seed() -> None:
    chosen = [make(forget="random:5", seed=seed).split.forget.tolist() for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_augmentation_is_the_papers_unless_asked_otherwise() -> None:
    assert make().augment == "crop+flip"
    assert make(augment="none").augment == "none"


def test_mean_and_std_reach_the_images() -> None:
    images = make(mean=[0.1, 0.2, 0.3], std=[0.4, 0.5, 0.6]).images
    assert (images.mean, images.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"y": LABELS / 2}, "Give one integer label per image"),
        ({"y": LABELS[:, None]}, "Give one integer label per image"),
        ({"y": np.eye(3)[LABELS]}, "One-hot rows become labels by .argmax(1)"),
        ({"y": np.asarray(["a", "b", "c"])[LABELS]}, "labels of train are <U1, not numbers"),
        ({"y": np.asarray([None] * 12)}, "labels of train are object, not numbers"),
        ({"y": LABELS + 10**6}, "Labels go up to 1,000,002"),
        ({"y": LABELS - 1}, "Labels go from -1 to 1"),
        ({"classes": ["a", "b"]}, "Labels go from 0 to 2, but there are 2 classes"),
        ({"x": COLOUR[:, 0, 0]}, "train has images of shape (10, 3)"),
        ({"x": np.zeros((12, 6, 6, 6))}, "train has images of shape (10, 6, 6, 6)"),
        ({"x": COLOUR.astype(int)}, "train has images of type torch.int64"),
        ({"x": np.full(COLOUR.shape, np.nan)}, "NaN or infinite"),
        ({"x": np.full(COLOUR.shape, np.nan)}, "12 of 12 images"),
        (
            {"x": COLOUR.astype(np.float32)},
            "train has pixels from 0 to 255: they look like 0..255 f",
        ),
        ({"x": COLOUR * 257.0}, "they look like numbers that are not normalised"),
        ({"x": COLOUR.astype(object)}, "images of train are object, not numbers"),
        ({"x": [COLOUR[i, : 2 + i % 2] for i in range(12)]}, "images of train differ in shape"),
        ({"x": COLOUR[:, :0]}, "train has images of shape (10, 0, 5, 3)"),
        ({"test": (COLOUR[:0], LABELS[:0])}, "test has images of shape (0, 6, 5, 3)"),
        ({"test": ([], [])}, "images of test differ in shape, or there are none"),
        ({"test": [{"image": 1}] * 3}, "test[0] is a dict, not an image and its label"),
        ({"test": DataLoader(Pairs(), 4)}, "Give its `.dataset`"),
        ({"test": None}, "There are no test images"),
        ({"test": (COLOUR[:, :, :4], LABELS)}, "different shapes or types"),
        ({"test": (COLOUR / 255, LABELS)}, "different shapes or types"),
        ({"test": (COLOUR, LABELS[:5])}, "test has 12 images and labels of shape (5,)"),
        ({"test": 3}, "test is a int"),
        ({"unseen": iter([])}, "unseen is a list_iterator"),
        ({"keys": ["a"]}, "1 keys were given for 10 training images"),
        ({"keys": list(range(10))}, "10 of 10 keys are no strings: 0, 1, 2, 3, 4 and 5 more."),
        ({"keys": torch.arange(10)}, "10 of 10 keys are no strings: tensor(0)"),
        ({"keys": [*"abcdefghi", 3]}, "1 of 10 keys are no strings: 3."),
        ({"keys": np.arange(10.0)}, "integers in `forget` are positions"),
        ({"layout": "NWHC"}, "Unknown layout 'NWHC'"),
        ({"x": COLOUR / 255, "mean": [0.5] * 3, "std": [0.5] * 3}, "normalised already"),
        ({"x": COLOUR / 255, "std": 0.5}, "mean and std were given for floats"),
        ({"keys": ["a"] * 10}, "9 of the 12 keys are not unique"),
        ({"mean": [0.5], "std": [0.5]}, "3 channels, but mean (0.5,)"),
        ({"mean": 0.5, "std": 0.5}, "3 channels, but mean (0.5,)"),
        ({"mean": [0.5] * 3, "std": [0.5, 0, 0.5]}, "does not lie above 0"),
        ({"classes": 3}, "classes is 3, no list of names"),
        ({"forget": [[1], [2, 3]]}, "forget is no plain list"),
        ({"forget": {"a": 1}}, "forget holds object"),
        ({"augment": "flop"}, "Unknown augmentation 'flop'. Did you mean 'flip'?"),
        ({"forget": []}, "forget selects 0"),
        ({"forget": [0.5]}, "forget holds float64"),
        ({"forget": [[1, 2]]}, "forget holds int64 of shape (1, 2)"),
        ({"forget": [True, False]}, "forget holds bool of shape (2,)"),
        ({"forget": [3, 3]}, "1 of the indices repeat: 3"),
        ({"forget": [11]}, "1 of the indices are not in the training set"),
        ({"forget": [11]}, "Training positions lie between 0 and 9."),
        ({"forget": [200]}, "Training positions lie between 0 and 9."),
        ({"forget": [-1]}, "1 of the indices match no image: -1"),
        ({"forget": ["k1"]}, "1 of the keys match no image: k1"),
        ({"forget": ["test/0"]}, "1 of the keys are not in the training set"),
        ({"forget": range(10)}, "forget selects 10 of the 10 training images"),
        ({"forget": np.zeros(10, bool)}, "forget selects 0 of the 10 training images"),
        ({"forget": "some"}, "'some' is not understood"),
        ({"forget": [1], "erased": [1, 2]}, "1 of the indices were erased by an earlier request"),
        (
            {"forget": range(2, 10), "erased": [0, 1]},
            "forget selects 8 of the 8 training images th",
        ),
        ({"forget": [1], "erased": [0.5]}, "erased holds float64"),
        ({"forget": [1], "erased": []}, "erased selects 0"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], said: str) -> None:
    error = fails(**options)
    assert said in str(error)
    assert error.code == 2
