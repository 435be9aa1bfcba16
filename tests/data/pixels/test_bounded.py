"""Memory stays bounded: of many images few are in memory, while they are decoded and trained on."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from untrain.data.images import Images
from untrain.data.pixels import room
from untrain.data.pixels.decode import decode
from untrain.data.streams.ahead import Ahead
from untrain.data.streams.batches import Stream

sys.path.append(str(Path(__file__).parents[3]))

from benchmarks import bounded

COUNT, SIDE = 1500, 128
MUCH = COUNT * SIDE * SIDE * 3  # 74 MB


class Repeated(Sequence[bytes]):
    """One encoded image many times, which takes the memory of one."""

    def __init__(self) -> None:
        buffer = io.BytesIO()
        Image.new("RGB", (SIDE, SIDE), (10, 200, 90)).save(buffer, "PNG", compress_level=1)
        self.data = buffer.getvalue()

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, _row: Any) -> Any:
        return self.data

    def __iter__(self) -> Iterator[bytes]:
        return (self.data for _ in range(COUNT))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells RssAnon")
def test_few_images_are_in_memory_while_many_are_decoded_and_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNTRAIN_CACHE", str(tmp_path))
    monkeypatch.setattr(room, "FEW", 0)
    found: dict[str, Any] = {}
    names = [str(row) for row in range(COUNT)]
    before = bounded.anonymous()
    with bounded.watched(found, "decode"):
        x = decode(Repeated(), names, "here").x
    images = Images(x, torch.arange(COUNT) % 2, ["a", "b"], np.asarray(names), chunk=256)
    with bounded.watched(found, "epoch"):
        stream = Stream(
            images, np.arange(COUNT), "retain", augment="flip", seed=0, device=torch.device("cpu")
        )
        assert isinstance(stream._ahead, Ahead)
        for _ in range(stream.batches(16)):
            stream.take(16).view()
    for stage in ("decode", "epoch"):
        assert found[stage]["anonymous"] - before < MUCH / 2, stage


@pytest.mark.slow
def test_a_set_shaped_like_imagenet_takes_no_more_memory_than_a_small_one() -> None:
    """2,000 images here; the committed figures are of 20,000."""
    assert bounded.main(["--images", "2000", "--steps", "4"]) == 0
