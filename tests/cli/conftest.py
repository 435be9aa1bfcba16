"""What tests of the command line share: a few small runs, pictures, and how a mistake is told."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from mistakes import SMALL, Refused
from PIL import Image

from untrain.cli.main import main
from untrain.data import sources

FRAME = re.compile(r"[─│╭╮╰╯]")


@pytest.fixture(autouse=True, scope="session")
def digits_once() -> Iterator[None]:
    """The digits are read from their text file once, and not for each command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "digits", cache(sources.digits))
        yield


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Runs a command that must be refused with this code and these messages, and leave nothing in
    the folder that it would have written; gives all that was told."""

    def check(args: list[str], code: int, *messages: str) -> str:
        capsys.readouterr()
        assert main(args) == code
        shown = capsys.readouterr()
        told = " ".join(FRAME.sub(" ", shown.err + shown.out).split())
        for message in messages:
            assert message in told
        assert not (tmp_path / "run").exists(), "a folder was made for a run that cannot be"
        return told

    return check


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs on digits: two Originals, FT and Retrain of a class of the first, and one of pictures,
    beside their folder."""
    out = tmp_path_factory.mktemp("made")
    forget = ["--forget", "class:1"]
    pictures(out / "pictures")
    data = ["--data", f"folder:{out}/pictures", "--batch", "8"]
    unlearn = ["unlearn", "ft", "--original", f"{out}/original", "--epochs", "1", "--threads", "1"]
    for args in (
        ["train", *SMALL, "--out", f"{out}/original"],
        ["train", *SMALL, "--seed", "1", "--out", f"{out}/other"],
        ["train", *SMALL, "--holdout", "0", "--out", f"{out}/all"],
        ["train", *SMALL, *forget, "--out", f"{out}/retrain"],
        ["train", *SMALL, *forget, "--width", "8", "--out", f"{out}/wide"],
        ["train", *SMALL, *data, "--out", f"{out}/painted"],
        [*unlearn, *forget, "--out", f"{out}/ft"],
        [*unlearn, "--forget", "class:2", "--out", f"{out}/two"],
        [*unlearn, *forget, "--forget", "class:2", "--out", f"{out}/both"],
    ):
        assert main(args) == 0
    return out


def pictures(folder: Path) -> None:
    """Three classes of twelve pictures of 8 x 8 pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, 12, 8, 8, 3), dtype=np.uint8)
    for label, name in enumerate(("cat", "dog", "eel")):
        (folder / name).mkdir(parents=True)
        for number, picture in enumerate(pixels[label]):
            Image.fromarray(picture).save(folder / name / f"{number}.png")


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A run, or the pictures, to be spoilt."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(made / name, tmp_path / name))

    return copy
