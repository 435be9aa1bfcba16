"""`untrain inspect DATA`: what was understood of a data set, before anything trains on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from untrain.cli.compose import flagged, parse
from untrain.config import DataConfig, path_of
from untrain.errors import Problems, UserError

if TYPE_CHECKING:
    import numpy as np

    from untrain.data.images import Images
    from untrain.data.sets.splits import Split

ROWS = 20
"""Classes on the contact sheet; of more, the largest and the smallest."""
PICTURES = 10
"""Images of a class on it."""


@dataclass(frozen=True, kw_only=True)
class InspectOptions:
    """What the verb itself takes."""

    picture: str = ""
    """Also draw the first images of each class, with its name, into this file: .png or .jpg."""
    json: bool = False
    """Print everything as JSON."""
    preset: str = ""
    """Values by name: laptop or coun."""
    recipe: str = ""
    """TOML file of values, named like the flags, or a recipe by its name (untrain list recipes)."""


def run(args: list[str]) -> int:
    from untrain.cli.inspected import show
    from untrain.data.overview import overview
    from untrain.engine.fits import resident_bytes
    from untrain.engine.machine import memory
    from untrain.progress import say

    about = """What was understood of a data set: classes, keys, columns, sizes, duplicates, rules
    that --forget would take, and the split that a run would have. Nothing is trained. DATA may
    stand without its flag: untrain inspect folder:PATH."""
    problems = Problems()
    parts = {"options": InspectOptions, "data": DataConfig}
    given = parse(
        flagged(args, "--data", "--json", "--no-json"),
        parts,
        problems,
        prog="untrain inspect",
        about=about,
    )
    options: InspectOptions = problems.settled(given.options)
    picture = problems.attempt(drawable, options.picture) if options.picture else None
    problems.attempt(refuse_among, picture, given.data)
    loaded = problems.attempt(DataConfig.load, given.data)
    problems.raise_all()
    images, split = problems.settled(loaded)
    config: DataConfig = problems.settled(given.data)
    found = overview(images, split)
    augment = images.augment if config.augment == "auto" else config.augment
    found |= {"augment": augment, "stream": config.stream}
    needed = resident_bytes(images, len(split.train), augment)
    found |= {"memory": {"resident": needed, **memory()}}
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        show(found)
    if picture:
        draw(picture, images, split)
        say(f"picture: written to {picture}")
    return 0


def drawable(text: str) -> Path:
    """The file of a picture. Raises UserError for a kind that is not drawn."""
    from untrain.report.contact_sheet import SUFFIXES

    path = path_of(text)
    if path.suffix.lower() not in SUFFIXES or path.is_dir():
        what = f"--picture {text} names no file of a kind that is drawn."
        raise UserError(what, "--picture", f"Let its name end in {' or '.join(SUFFIXES)}.")
    return path


def refuse_among(picture: Path, config: DataConfig) -> None:
    """Raise UserError if a picture would be written among the images, as one of them."""
    kind, _, folder = config.data.partition(":")
    if kind == "folder" and picture.resolve().is_relative_to(Path(folder).resolve()):
        what = f"{picture} lies in the folder of the images, {folder}."
        raise UserError(what, "--picture", "Choose a place outside of it.")


def draw(path: Path, images: Images, split: Split) -> None:
    """The contact sheet: the first training images of each class, in the order of their names; of
    many classes the largest and the smallest."""
    import numpy as np

    from untrain.report.contact_sheet import save

    y = images.y.numpy()[split.train]
    counts = np.bincount(y, minlength=len(images.classes))
    there = np.flatnonzero(counts)
    if len(there) > ROWS:
        order = there[np.argsort(-counts[there], kind="stable")]
        there = np.concatenate([order[: ROWS // 2], order[-ROWS // 2 :]])
    captions = [f"{images.classes[label]} ({counts[label]:,})" for label in there]
    pictures = [pixels(images, split.train[y == label][:PICTURES]) for label in there]
    save(path, list(zip(captions, pictures, strict=True)))


def pixels(images: Images, positions: np.ndarray) -> np.ndarray:
    """uint8 (n, H, W, C); floats are stretched over the range that they have."""
    import torch

    x = images.plain(torch.from_numpy(positions))
    if x.is_floating_point():
        low, high = x.min(), x.max()
        x = ((x - low) / (high - low).clamp(min=1e-12) * 255).to(torch.uint8)
    found: np.ndarray = x.numpy()
    return found
