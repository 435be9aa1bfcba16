"""Pictures of forgotten images for a page, where they were asked for."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from untrain.errors import UserError
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.data.images import Images
    from untrain.report.data import Report
    from untrain.report.reading import Understood

MOST = 60
LARGEST = 96
"""Height and width of a picture, in pixels."""


def with_thumbnails(report: Report, found: Understood, root: str = "") -> Report:
    """The report with up to 60 forgotten images by key, those of its embeddings first."""
    from untrain.cli.measuring import Measuring
    from untrain.data.sets.splits import load_split
    from untrain.report.reading import placed_in

    measuring = Measuring("quick", root)
    for one in placed_in(found):
        images = measuring.images_of(one.folder.run) if one.folder.rules else None
        if images is None or images.x.dtype.is_floating_point:
            continue
        try:
            split = load_split(one.folder.path / "split.npz", images)
        except UserError as problem:
            say(f"{one.folder.name}: no pictures: {problem.what}")
            continue
        shown = [
            key
            for joint in report.joint.values()
            for key, part in zip(
                joint["embedding"]["keys"], joint["embedding"]["sets"], strict=False
            )
            if part == "forget"
        ]
        gone = images.keys[split.forgotten].tolist()
        known = set(gone)
        keys = spread([key for key in shown if key in known] or gone)
        return replace(report, thumbnails={key: picture(images, key) for key in keys})
    say("No picture is shown: the images are not at hand.")
    return report


def spread(keys: list[str]) -> list[str]:
    """Up to 60 of them, evenly."""
    at = np.unique(np.linspace(0, len(keys) - 1, min(MOST, len(keys))).astype(int))
    return [keys[k] for k in at]


def picture(images: Images, key: str) -> bytes:
    """An image as PNG, no larger than 96 pixels."""
    import torch
    from PIL import Image

    at = images.positions(np.array([key]))
    plain = images.plain(torch.as_tensor(at))[0].numpy()
    made = Image.fromarray(plain[..., 0] if plain.shape[-1] == 1 else plain)
    made.thumbnail((LARGEST, LARGEST))
    file = BytesIO()
    made.save(file, "PNG")
    return file.getvalue()
