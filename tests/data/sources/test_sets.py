"""The data sets of the hub, read from small files of their layouts; subclasses; a step on each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from layouts import COARSE, COARSE_OF, FINE, LAYOUTS, ROWS, labels

from untrain.cli.main import main
from untrain.data.images import Images
from untrain.data.sets.forget import select
from untrain.data.sets.splits import make_split
from untrain.data.sources import HUB, load
from untrain.errors import UserError, UserErrors

Put = Callable[..., Path]


@pytest.mark.parametrize("name", LAYOUTS)
def test_sets_of_the_hub_have_their_parts_sizes_and_names(name: str, put: Put) -> None:
    images, one = load(name, str(put(name))), LAYOUTS[name]
    assert images.x.shape == (ROWS * 3 // 2, one.size, one.size, 1 if one.gray else 3)
    assert images.table["part"].tolist() == ["train"] * ROWS + ["test"] * (ROWS // 2)
    assert make_split(images).test.tolist() == list(range(ROWS, ROWS * 3 // 2))
    assert images.classes == next(iter(one.names.values()))
    expected = next(iter(labels(one.names, ROWS).values()))
    assert images.y[:ROWS].tolist() == expected
    assert images.augment == one.colours
    assert images.name == name


def test_every_set_of_the_hub_is_tested() -> None:
    tested_elsewhere = {"cifar10", "cifar20", "tiny-imagenet-32", "tiny-imagenet-100"}
    assert set(LAYOUTS) | tested_elsewhere == set(HUB)


def test_gray_images_among_colour_ones_become_colour(put: Put) -> None:
    x = load("tiny-imagenet", str(put("tiny-imagenet"))).x
    assert bool((x[1] == x[1, ..., :1]).all())
    assert not bool((x[0] == x[0, ..., :1]).all())


def test_cifar100_keeps_the_coarse_labels(put: Put) -> None:
    images = load("cifar100", str(put("cifar100")))
    assert images.table["coarse_label"][:5].tolist() == list(map(str, COARSE_OF))


@pytest.fixture
def superclasses(put: Put) -> Images:
    return load("cifar20", str(put("cifar100")))


def test_cifar20_is_cifar100_with_its_superclasses(superclasses: Images) -> None:
    assert superclasses.classes == COARSE
    assert superclasses.y[:5].tolist() == COARSE_OF
    assert superclasses.table["subclass"][:5].tolist() == FINE
    assert superclasses.name == "cifar20"


@pytest.mark.parametrize("rule", ["rocket", "2", "rocket,2", " rocket "])
def test_a_subclass_is_forgotten_while_its_class_stays(superclasses: Images, rule: str) -> None:
    train = make_split(superclasses).train
    chosen = select(f"subclass:{rule}", superclasses, train, 0)
    fine = superclasses.table["subclass"]
    assert chosen.tolist() == [at for at in train if fine[at] == "rocket"]
    vehicles = set(select("class:vehicles_2", superclasses, train, 0))
    assert set(chosen) < vehicles


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("rockt", "Unknown subclass 'rockt'. Did you mean 'rocket'?"),
        ("5", "Unknown subclass '5'."),
        ("", "selects none of"),
        ("apple,bicycle,rocket,tank,whale", "selects all of"),
    ],
)
def test_a_subclass_rule_that_cannot_be_is_refused(
    superclasses: Images, rule: str, said: str
) -> None:
    with pytest.raises(UserError) as caught:
        select(f"subclass:{rule}", superclasses, make_split(superclasses).train, 0)
    assert said in caught.value.what


def test_all_unknown_subclasses_are_told_with_what_there_is(superclasses: Images) -> None:
    with pytest.raises(UserErrors) as caught:
        select("subclass:boat,5", superclasses, make_split(superclasses).train, 0)
    assert "Subclasses are 0-4: apple, bicycle" in caught.value.problems[1].fix


def test_a_subclass_that_is_gone_is_told(superclasses: Images) -> None:
    train = make_split(superclasses).train
    gone = select("subclass:rocket", superclasses, train, 0)
    with pytest.raises(UserError, match="Earlier requests have erased all"):
        select("subclass:rocket", superclasses, train, 0, [gone])


def test_without_subclasses_it_is_told_where_there_are_some(images: Images) -> None:
    with pytest.raises(UserError, match="toy has no subclasses") as caught:
        select("subclass:rocket", images, np.arange(40), 0)
    assert "cifar20 has them" in caught.value.fix


STEP = ["--epochs", "1", "--batch", "8", "--threads", "1", "--model", "resnet18", "--width", "16"]


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("mnist", []),
        ("tiny-imagenet", []),
        ("cifar20", ["--forget", "subclass:rocket"]),
    ],
)
def test_the_command_line_trains_on_it(
    name: str, flags: list[str], put: Put, tmp_path: Path
) -> None:
    root = put("cifar100" if name == "cifar20" else name)
    args = ["--data", name, "--data-root", str(root), "--out", str(tmp_path / "run")]
    assert main(["train", *args, *flags, *STEP]) == 0
    assert (tmp_path / "run" / "model.safetensors").exists()
