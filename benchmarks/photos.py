"""A deletion request by user id on a folder of real photos, from the folder to the verdict.

    python benchmarks/photos.py --data-root DATA --jobs 2     # exports, trains, audits, writes
    python benchmarks/photos.py --data-root DATA --small      # 300 images, a minute: does it run?

5,000 training images of CIFAR-10 become PNG files in folders of classes, with a metadata.csv of
made-up users: 100 of them, with 5 to 200 photos each. Photos are dealt to users at random, so that
no user's photos can be told by their look. Two users ask that their photos be erased: 17, who has
50, and the one who has the most. Every step is an `untrain` command that is printed before it
starts; runs that are there already are skipped, so that it can be stopped and started.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import shlex
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from photos_page import page
from untrain.files import atomic, write_json

ASKS = 17
"""The user with an ordinary number of photos who asks."""
CAMERAS = ("a", "b", "c")
YEARS = (2015, 2024)
METHODS = {
    "ft": ["ft", "--epochs", "10", "--lr", "0.1"],
    "coun": ["coun", "--lr", "0.1", "--lam", "0.3"],
    "not": ["not", "--lr", "0.1"],
}
"""Values that another study chose on val (results/all-methods/tune.json), on other images."""
RETRAINS = (0, 1)


@dataclass(frozen=True)
class Size:
    """How large the study is."""

    train: int
    test: int
    users: int
    least: int
    most: int
    usual: int
    """Photos of the user who asks."""
    train_flags: tuple[str, ...] = ("--preset", "laptop")
    unlearn_flags: tuple[str, ...] = ("--preset", "laptop")


REAL = Size(5000, 1000, 100, 5, 200, 50)
LITTLE = ("--model", "small", "--width", "4", "--epochs", "2", "--batch", "32", "--augment", "flip")
SMALL = Size(300, 60, 20, 3, 60, 20, LITTLE, ("--epochs", "1"))


def shares(size: Size) -> np.ndarray:
    """Photos of each user (users,): a long tail from `most` to `least` that adds up to all, in
    which user ASKS has the usual number."""
    place = np.linspace(1, 0, size.users)
    power = (size.most - size.least) / (size.train / size.users - size.least) - 1
    counts = np.rint(size.least + (size.most - size.least) * place**power).astype(int)
    counts[np.abs(counts - size.usual).argmin()] = size.usual
    free = np.flatnonzero((counts < size.most) & (counts > size.least) & (counts != size.usual))
    for step in range(abs(size.train - counts.sum())):  # what rounding has left over
        counts[free[step % len(free)]] += np.sign(size.train - counts.sum())
    dealt = np.random.default_rng(0).permutation(counts)
    at = int(np.flatnonzero(dealt == size.usual)[0])
    dealt[[ASKS, at]] = dealt[[at, ASKS]]
    return dealt


def export(folder: Path, root: str, size: Size) -> None:
    """Write the photos and metadata.csv, which comes last: where it is, all is there."""
    from untrain.data.reading import Reading
    from untrain.data.sources import load

    if (folder / "metadata.csv").exists():
        return
    images = load("cifar10", root, Reading())
    draws = np.random.default_rng(1)
    owners = draws.permutation(np.repeat(np.arange(size.users), shares(size)))
    camera_of = draws.integers(0, len(CAMERAS), size.users)
    rows = []
    for part, count in (("train", size.train), ("test", size.test)):
        pool = np.flatnonzero(images.table["part"] == part)
        chosen = np.sort(draws.choice(pool, count, replace=False))
        users = owners if part == "train" else draws.choice(owners, count)
        for at, user in zip(chosen.tolist(), users.tolist(), strict=True):
            number = str(images.keys[at]).rpartition("/")[2]
            name = f"{part}/{images.classes[int(images.y[at])]}/{number}.png"
            write_picture(folder / name, images.x[at].numpy())
            year = int(draws.integers(YEARS[0], YEARS[1] + 1))
            rows.append((name, user, CAMERAS[camera_of[user]], year))
    with atomic(folder / "metadata.csv") as draft, draft.open("w", newline="") as file:
        csv.writer(file).writerows([("file_name", "user", "camera", "year"), *rows])


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """A PNG file, with its folder."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def carry_out(todo: list[list[str]]) -> None:
    """Carry out commands one after the other, which must succeed."""
    from untrain.cli.main import main

    for one in todo:
        print(shlex.join(["untrain", *one]), flush=True)
        if main(one):
            raise SystemExit(f"untrain {shlex.join(one)} has failed")


class Study:
    """The commands, in their order, and what they print."""

    def __init__(self, out: Path, size: Size) -> None:
        self.size, self.out = size, out
        self.photos, self.runs = f"{out}/photos", f"{out}/runs"
        self.original = f"{self.runs}/original"
        threads = ["--threads", "1"]
        self.train = ["train", *size.train_flags, "--data", f"folder:{self.photos}", "--limit", "0"]
        self.train += ["--holdout", "0.2", *threads]
        self.start = ["--original", self.original, *threads]
        counts = shares(size)
        users = {"usual": ASKS, "large": int(counts.argmax())}
        self.users = {name: (user, int(counts[user])) for name, user in users.items()}
        self.commands: list[str] = []

    def told(self, *args: str) -> str:
        """Carry out a command, which must succeed; what it prints."""
        from untrain.cli.main import main

        command = shlex.join(["untrain", *args])
        print(command, flush=True)
        self.commands.append(command)
        kept = io.StringIO()
        also = sys.stderr if args[0] != "plan" else kept  # what a plan tells of held-out photos
        with contextlib.redirect_stdout(kept), contextlib.redirect_stderr(also):
            code = main(list(args))
        if code:
            raise SystemExit(f"{command} has ended with {code}")
        return kept.getvalue()

    def look(self) -> str:
        """What inspect says."""
        picture = ["--picture", f"{self.out}/photos.png"]
        return self.told("inspect", f"folder:{self.photos}", "--holdout", "0.2", *picture)

    def rule(self, name: str) -> str:
        return f"where:user={self.users[name][0]}"

    def models(self, name: str) -> list[str]:
        return [f"{self.runs}/{name}/{method}" for method in METHODS]

    def retrains(self, name: str) -> list[str]:
        return [f"{self.runs}/{name}/retrain-{seed}" for seed in RETRAINS]

    def make(self, jobs: int) -> None:
        """All runs: the Original, then each request, as many at once as there are jobs."""
        original = [[*self.train, "--out", self.original]]
        todo = [self.runs_of(name) for name in self.users]
        carry_out(original)
        # fresh processes: a fork of one that has computed with torch may hang
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            list(pool.map(carry_out, todo))
        commands = [one for group in (original, *todo) for one in group]
        self.commands += [shlex.join(["untrain", *one]) for one in commands]

    def runs_of(self, name: str) -> list[list[str]]:
        """The commands of a request: Retrains, then methods."""
        ask = ["--forget", self.rule(name)]
        made = [
            [*self.train, *ask, "--seed", str(seed), "--out", out]
            for out, seed in zip(self.retrains(name), RETRAINS, strict=True)
        ]
        for out, (method, *flags) in zip(self.models(name), METHODS.values(), strict=True):
            start = ["unlearn", method, *self.start, *ask]
            made.append([*start, *flags, *self.size.unlearn_flags, "--out", out])
        return made

    def ask(self, name: str) -> dict[str, Any]:
        """What plan, table and verdicts say of a request. A Retrain is judged as well, beside the
        other one: that is what an exact answer looks like."""
        models, (one, *others) = self.models(name), self.retrains(name)
        method, *flags = METHODS["ft"]
        plan = ["plan", method, *self.start, "--forget", self.rule(name)]
        judged = ["--verdict", "--benchmark", "--original", self.original, "--threads", "1"]
        compared = ["audit", self.original, *models, "--retrain", one, *others]
        clean = ["audit", one, "--retrain", *others, *judged]
        verdicts = json.loads(self.told(*compared, *judged, "--json"))["verdicts"]
        return {
            "rule": self.rule(name),
            "photos": self.users[name][1],
            "plan": self.told(*plan, *flags, *self.size.unlearn_flags),
            "table": self.told(*compared, "--threads", "1", "--md"),
            "verdicts": [plain(v) for v in (*verdicts, json.loads(self.told(*clean, "--json")))],
        }


def plain(verdict: dict[str, Any]) -> dict[str, Any]:
    """The same without the command that made the run, which names folders of this machine."""
    verdict["log"].pop("command", None)
    return verdict


def about() -> dict[str, str]:
    """What it ran on."""
    import torch

    from untrain.engine.machine import processor
    from untrain.version import __version__

    versions = {
        "untrain": __version__,
        "torch": torch.__version__,
        "python": sys.version.split()[0],
    }
    return versions | {"processor": processor()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", required=True)
    parser.add_argument("--small", action="store_true", help="300 images, two epochs")
    parser.add_argument("--jobs", type=int, default=1, help="requests that are made at once")
    parser.add_argument("--work", type=Path, help="photos and runs; default: runs/photos[-small]")
    parser.add_argument("--out", type=Path, help="default: results/photos, with --small in --work")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    work = given.work or Path("runs/photos-small" if given.small else "runs/photos")
    out = given.out or (work / "results" if given.small else Path("results/photos"))
    study = Study(work, SMALL if given.small else REAL)
    started = time.monotonic()
    export(work / "photos", given.data_root, study.size)
    found: dict[str, Any] = {"inspect": study.look()}
    study.make(given.jobs)
    found["requests"] = {name: study.ask(name) for name in study.users}
    with atomic(out / "README.md") as draft:
        draft.write_text(page(study.size, found, study.commands).replace(f"{work}/", ""))
    write_json(out / "photos.json", {"environment": about(), **found})
    print(f"written to {out} after {time.monotonic() - started:.0f} s")
