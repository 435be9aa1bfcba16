"""`untrain inspect`: what it prints, draws and refuses; and a request's twins, told by others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mistakes import SMALL, Refused
from PIL import Image, ImageOps

from untrain.cli.main import main


def test_it_tells_in_plain_lines_what_was_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "digits"]) == 0
    shown = capsys.readouterr().out
    for line in (
        "  pixels             8x8, gray, uint8\n",
        "Classes (10), training images of each\n",
        "  random:0.1         129 images\n",
        "  unseen                  72  never seen: the audit's reference\n",
        "  none               no two images have equal pixels\n",
        "\nAll is well.\n",
    ):
        assert line in shown
    assert "\x1b" not in shown


def test_flags_are_those_of_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    """And the data set may stand anywhere among them."""
    args = ["--holdout", "0", "--json", "digits", "--augment=none"]
    assert main(["inspect", *args]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["split"]["unseen"], found["augment"]) == (0, "none")
    assert found["memory"]["resident"] == 3 * found["split"]["retain"] * 64
    assert main(["inspect", "digits", "--holdout", "0"]) == 0
    assert "Nothing is left unseen, so that an audit" in capsys.readouterr().out


@pytest.fixture
def doubled(made: Path, tmp_path: Path) -> Path:
    """The pictures, of which a cat is there twice, and an eel is a dog as well."""
    folder = tmp_path / "pictures"
    train = Path(shutil.copytree(made / "pictures", folder / "train"))
    for kind in ("cat", "dog", "eel"):
        (folder / "test" / kind).mkdir(parents=True)
        with Image.open(train / kind / "0.png") as picture:
            ImageOps.invert(picture).save(folder / "test" / kind / "0.png")
    shutil.copy(train / "cat" / "0.png", train / "cat" / "again.png")
    shutil.copy(train / "eel" / "3.png", train / "dog" / "odd.png")
    return folder


def test_a_folder_with_twins(doubled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = doubled.parent / "sheet.png"
    assert main(["inspect", f"folder:{doubled}", "--picture", str(picture)]) == 0
    shown = capsys.readouterr()
    assert "  groups             2, of 4 images together\n" in shown.out
    assert "train/dog/odd.png (dog) = train/eel/3.png (eel)\n" in shown.out
    assert "Equal images with different labels: 1. Decide which label is right." in shown.out
    assert "name both keys" in shown.out
    assert f"picture: written to {picture}\n" in shown.err
    with Image.open(picture) as drawn:
        assert drawn.height == 3 * 70 + 6


@pytest.mark.parametrize(
    ("args", "code", "messages"),
    [
        (
            ["--picture", "sheet.gif"],
            2,
            ("names no file of a kind that is drawn", "to do: Let its name end in .png or .jpg"),
        ),
        (["--picture", "x.png", "folder:nowhere"], 3, ("No folder",)),
        (["digit", "--picture", "sheet"], 2, ("Did you mean 'digits'?", "--picture sheet")),
        (["--holdout", "2"], 2, ("--holdout 2.0 is not in [0, 1).",)),
    ],
)
def test_what_is_wrong_is_told(
    args: list[str], code: int, messages: tuple[str, ...], refused: Refused
) -> None:
    refused(["inspect", *args], code, *messages)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Photos of several sizes and kinds, whose classes are spelled in several ways."""
    colour = Image.effect_mandelbrot((40, 30), (-2, -1, 1, 1), 20).convert("RGB")
    turned = Image.Exif()
    turned[0x0112] = 6
    rows = ["path,label,the-camera-that-took-it"]
    for at in range(12):
        one = colour.rotate(at).convert(["RGB", "L", "RGBA", "CMYK"][at % 4])
        path = tmp_path / (f"{at}.jpg" if at % 4 == 3 else f"{at}.png")
        if at == 1:
            one = Image.new("I;16", (20, 90), 40000)
        one.save(path, **({"exif": turned} if at == 4 else {}))
        label = ["cat", "Cat", "nan", "dog"][at // 3]
        camera = '"a, b"' if at == 0 else ["leica", ""][at % 2]
        rows.append(f"{path.name},{label},{camera}")
    (tmp_path / "all.csv").write_text("\n".join(rows))
    return tmp_path / "all.csv"


def test_files_are_told_as_they_were(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second time out of the cache."""
    for _ in range(2):
        assert main(["inspect", f"csv:{mixed}", "--size", "32", "--holdout", "0"]) == 0
        shown = capsys.readouterr().out
        kinds = "3 CMYK, 3 gray, 3 transparent, 1 of 16 bits, 1 turned by EXIF"
        assert f"  files              3 sizes, 30x40 to 20x90, {kinds}\n" in shown
    assert "Classes that are perhaps one: Cat = cat. Join them if they are.\n" in shown
    assert "Classes that perhaps stand for missing labels: nan.\n" in shown
    assert "for accuracy (drawn: the data have no part of that name)\n" in shown
    assert 'values: (empty) (6), leica (5), "a, b" (1)\n' in shown
    assert "Training images of which no column says anything: " in shown
    rules = shown.partition("What --forget takes here\n")[2].partition("\n\n")[0].splitlines()
    ends = {len(line) - len(line.lstrip(" ").partition("  ")[2].lstrip()) for line in rules}
    assert len(ends) == 1


def test_a_picture_among_the_images_is_refused(doubled: Path, refused: Refused) -> None:
    path = doubled / "train" / "cat" / "sheet.png"
    refused(
        ["inspect", f"folder:{doubled}", "--picture", str(path)], 2, "lies in the folder of the"
    )


def test_a_request_is_told_of_a_twin_that_stays(
    doubled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names on the terminal; none in run.json, which a purge leaves."""
    data = ["--data", f"folder:{doubled}", "--batch", "8", "--holdout", "0"]
    (tmp_path / "ids.txt").write_text("train/cat/0.png\n")
    args = [*data, *SMALL, "--forget", f"ids:{tmp_path}/ids.txt", "--out", f"{tmp_path}/out"]
    assert main(["train", *args]) == 0
    told = capsys.readouterr().err
    twins = "(train/cat/0.png = train/cat/again.png)"
    assert f"Retained under another key: 1 of the 1 forgotten images {twins}." in told
    notes = json.loads((tmp_path / "out" / "run.json").read_text())["notes"]
    assert "Retained under another key: 1 of the 1 forgotten images. Name these too" in notes[0]
