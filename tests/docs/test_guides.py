"""The guides and the README: every block of commands, settings or Python does what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from untrain.cli.main import main
from untrain.models.build import ModelSpec
from untrain.verdict import relearn

ROOT = Path(__file__).parents[2]


class Block(NamedTuple):
    """A fenced block, and the name of the file that the text before it gives it."""

    language: str
    text: str
    file: str


def blocks(page: Path) -> list[Block]:
    pattern = r"(?:`([\w.]+)`:\n\n)?```(\w*)\n(.*?)```"
    return [
        Block(kind, text, name)
        for name, kind, text in re.findall(pattern, page.read_text(), re.DOTALL)
    ]


def commands(text: str) -> list[list[str]]:
    """The words of each line of a shell block, without comments, its variables filled in."""
    variables: dict[str, str] = {}
    found = []
    for line in text.splitlines():
        for name, value in variables.items():
            line = line.replace(f"${name}", value)
        words = shlex.split(line, comments=True)
        assigned = re.fullmatch(r"(\w+)=(.*)", words[0]) if len(words) == 1 else None
        if assigned:
            variables[assigned[1]] = assigned[2]
        elif words:
            found.append(words)
    return found


def carry_out(words: list[str]) -> None:
    """Run an `untrain` command here; of others, look that what they name exists."""
    if words[0] == "untrain":
        assert main(words[1:]) == 0, shlex.join(words)
    elif words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), words
    else:
        assert words[:2] == ["pip", "install"], words
        assert (ROOT / "constraints.txt").exists()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in, with a folder of photos as the guide's reader has one."""
    draws = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(30):
            pixels = draws.integers(0, 255, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / label / f"{number:03}.png")
    rows = [f"{label}/{n:03}.png,{n % 3 + 16}" for label in ("cat", "dog") for n in range(30)]
    (tmp_path / "photos" / "metadata.csv").write_text("\n".join(["file_name,user", *rows]))
    (tmp_path / "delete.txt").write_text("cat/003.png\ncat/007.png\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(page: Path, here: Path, faster: dict[str, str] | None = None, **names: Any) -> None:
    """Carry out a page from top to bottom.

    faster: texts that are replaced to save time. names: what its Python code takes as given.
    """
    for block in blocks(page):
        text = block.text
        for old, new in (faster or {}).items():
            text = text.replace(old, new)
        if block.language == "python":
            exec(compile(text, str(page), "exec"), names)
        elif block.language == "sh":
            for words in commands(text):
                carry_out(words)
        elif block.file:
            (here / block.file).write_text(text)


@pytest.mark.parametrize("name", ["docs/concepts.md", "CONTRIBUTING.md"])
def test_a_page(name: str, here: Path) -> None:
    run(ROOT / name, here)


def test_the_audit_guide(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With fewer epochs and a narrower network, one pass of healing and short lessons."""
    faster = {
        "--epochs 30": "--epochs 6 --width 4 --batch 64 --threads 1",
        "--epochs 5": "--epochs 1 --threads 1",
        "--trials 3": "--trials 1",
        "audit runs/ft": "audit runs/ft --healing 1 --threads 1",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relearn, "CAP", 2)
        run(ROOT / "docs" / "audit.md", here, faster)
    shown = capsys.readouterr()
    assert "Result: " in shown.out
    assert "Forgotten images, against Retrain" in shown.out
    assert not (here / "runs" / "ft" / "evidence.npz").exists()  # purged


def test_quick_start(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With two epochs instead of thirty."""
    run(
        ROOT / "docs" / "quickstart.md",
        here,
        {"epochs = 30": "epochs = 2", "epochs = 8": "epochs = 1"},
    )
    shown = capsys.readouterr()
    assert "runs/original is there already" in shown.err
    assert (here / "unlearned.pt").exists()


STUDY = """
seeds = 1
forget = ["random:0.1"]
data.data = "digits"
data.limit = 200
model.width = 4
train.epochs = 1
train.batch = 64
[[methods]]
name = "ft"
epochs = 1
"""


def test_readme(here: Path) -> None:
    """With digits instead of CIFAR-10, and a small model of the reader's own."""
    draws, spec = np.random.default_rng(0), ModelSpec("small", classes=3, width=4)
    sets = {n: draws.integers(0, 255, (50, 8, 8, 3), np.uint8) for n in ("images", "x", "u")}
    labels = {n: draws.integers(0, 3, 50) for n in ("labels", "y", "v")}
    faster = {
        "--preset laptop --data-root DATA": "--data digits --width 4 --batch 64 --epochs 1",
        "--preset laptop": "--epochs 1",
        "folder:photos --size 64": "folder:photos --model small --width 4 --batch 32 --epochs 1",
        "ft --original runs/photos": "ft --original runs/photos --epochs 1",
        "--trials 20": "--trials 1",
        "audit   runs/ft": "audit runs/ft --healing 1",
        "epochs=10": "epochs=1",
        "epochs=20": "epochs=1",
        "coun-table2 --data-root DATA --workers 2": "small.toml",
        "bench table coun-table2": "bench table small.toml",
    }
    (here / "small.toml").write_text(STUDY)
    page = ROOT / "README.md"
    run(page, here, faster, **sets, **labels, make_model=spec.make, model=spec.make(0))


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
