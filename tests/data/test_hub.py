"""The data sets of the hub, from small files of their layouts, and a hub that is not there."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from untrain.cli.main import main
from untrain.data import hub
from untrain.data.forget import select
from untrain.data.images import Images
from untrain.data.sources import HUB, load
from untrain.data.splits import make_split
from untrain.errors import UserError, UserErrors

Write = Callable[..., Path]
Put = Callable[..., Path]
DIGITS = list("0123456789")
CLOTHES = ["T - shirt / top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt"]
FINE = ["apple", "bicycle", "rocket", "tank", "whale"]
COARSE = ["aquatic_mammals", "fruit_and_vegetables", "vehicles_1", "vehicles_2"]
COARSE_OF = [1, 2, 3, 3, 0]
PLACES = ["n01443537", "n01629819", "n01641577"]


@dataclass(frozen=True)
class Layout:
    """A data set as it lies on the hub: its files, columns and class names."""

    size: int
    names: dict[str, list[str]]
    image: str = "image"
    gray: bool = False
    files: tuple[str, ...] = ("train-00000-of-00001.parquet", "test-00000-of-00001.parquet")
    colours: str = "crop+flip"


LAYOUTS = {
    "mnist": Layout(28, {"label": DIGITS}, gray=True, colours="crop"),
    "fashion-mnist": Layout(28, {"label": CLOTHES}, gray=True),
    "svhn": Layout(
        32,
        {"label": DIGITS},
        files=(
            "train-00000-of-00001.parquet",
            "test-00000-of-00001.parquet",
            "extra-00000-of-00002.parquet",
            "extra-00001-of-00002.parquet",
        ),
        colours="crop",
    ),
    "cifar100": Layout(32, {"fine_label": FINE, "coarse_label": COARSE}, "img"),
    "tiny-imagenet": Layout(
        64,
        {"label": PLACES},
        files=(
            "train-00000-of-00001-1359597a978bc4fa.parquet",
            "valid-00000-of-00001-70d52db3c749a935.parquet",
        ),
    ),
}
ROWS = 20
"""Images of the training file; half as many are in each of the others."""


def labels(names: dict[str, list[str]], count: int) -> dict[str, list[int]]:
    """Every class in turn; coarse labels follow the fine ones."""
    if "fine_label" in names:
        fine = [row % len(FINE) for row in range(count)]
        return {"fine_label": fine, "coarse_label": [COARSE_OF[number] for number in fine]}
    return {"label": [row % len(names["label"]) for row in range(count)]}


@pytest.fixture
def put(tmp_path: Path, hub_file: Write, png: Callable[..., bytes]) -> Put:
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


def fails(name: str, root: Path | str = "") -> UserError:
    with pytest.raises(UserError) as caught:
        load(name, str(root))
    return caught.value


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
    tested_elsewhere = {"cifar10", "cifar20", "tiny-imagenet-32"}
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


@pytest.mark.parametrize(
    ("where", "root"),
    [
        ("mnist", ""),
        ("mnist", "mnist"),
        ("mnist/mnist", ""),  # as the hub's own tool downloads it
    ],
)
def test_files_are_found_below_the_data_root(put: Put, where: str, root: str) -> None:
    assert len(load("mnist", str(put("mnist", where) / root))) == ROWS * 3 // 2


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("test-00000-of-00001.parquet", "there is no test-*.parquet"),
        ("train-00000-of-00001.parquet", "there is no train-*.parquet"),
    ],
)
def test_a_set_without_one_of_its_files_is_refused(put: Put, lost: str, said: str) -> None:
    root = put("svhn")
    (root / "svhn" / lost).unlink()
    error = fails("svhn", root)
    assert f"svhn is not complete: {said}" in error.what
    assert (error.where, error.code) == (str(root / "svhn"), 3)


def test_a_part_of_a_set_is_told_by_its_number(put: Put) -> None:
    folder = put("mnist") / "mnist"
    (folder / "train-00000-of-00001.parquet").rename(folder / "train-00001-of-00003.parquet")
    said = "there is no train-00000-of-00003, train-00002-of-00003."
    assert said in fails("mnist", folder.parent).what


def test_a_missing_data_root_is_a_missing_resource(tmp_path: Path) -> None:
    error = fails("cifar10", tmp_path / "none")
    assert (error.where, error.code) == ("--data-root", 3)


def test_a_local_set_asks_for_the_data_root(tmp_path: Path) -> None:
    for root in ("", str(tmp_path)):
        error = fails("tiny-imagenet-32", root)
        assert "not on the hub" in error.what
        assert "valid-*.parquet" in error.fix
        assert error.code == 3


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes calls and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    "setting", ["offline", "wrong", pytest.param("silent", marks=pytest.mark.slow)]
)
def test_a_hub_that_is_not_there_is_told_soon(
    setting: str, silent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    endpoint = {"offline": constants.ENDPOINT, "wrong": "http://127.0.0.1:9", "silent": silent}
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", setting == "offline")
    monkeypatch.setattr(constants, "ENDPOINT", endpoint[setting])
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "PATIENCE", 0.2)
    began = time.monotonic()
    error = fails("svhn", tmp_path)
    assert time.monotonic() - began < 20
    assert error.what.startswith("Could not download svhn")
    assert error.where == f"hub data set ufldl-stanford/svhn; --data-root {tmp_path}"
    assert "Put its parquet files into ROOT/svhn and give --data-root ROOT" in error.fix
    assert "--data digits" in error.fix
    assert error.code == 3


def test_what_has_been_downloaded_needs_no_network(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    snapshot = "datasets--ylecun--mnist/snapshots/0a"
    put("mnist", f"{snapshot}/mnist")
    refs = tmp_path / "datasets--ylecun--mnist" / "refs"
    refs.mkdir()
    (refs / "main").write_text("0a")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub, "PATIENCE", "nobody asks the hub")
    assert len(load("mnist")) == ROWS * 3 // 2
