"""Memory of a data set that does not fit: decoded once, then trained on chunk by chunk.

python -m benchmarks.bounded --images 20000 --out results/bench/stream.json

Writes a parquet file of JPEG images of 256 x 256 pixels row group by row group, loads it with
--size 224 --stream 2048, and trains for some steps. What counts is the memory of the process that
no file backs (RssAnon): beyond what the same steps take on 1,000 of the images, it must not grow
with their number. Exit code 1 if it does.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image

from untrain.config import DataConfig
from untrain.engine import machine
from untrain.engine.device import Device
from untrain.engine.loop import Loop
from untrain.engine.steps import Steps
from untrain.files import write_json
from untrain.methods import FT
from untrain.methods.contract import Pass
from untrain.models.build import ModelSpec
from untrain.task import Task

SIDE, GROUP, DISTINCT = 256, 500, 100
FEW = 1000
"""Images of the run that shows what the steps themselves take."""
STAGES = ("decode", "train", "measure")
SPARE = 200 << 20
"""Bytes by which the large set may exceed the small one."""


def anonymous() -> int:
    """Bytes of this process that no file backs."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("this system does not tell RssAnon")


@contextmanager
def watched(found: dict[str, Any], name: str) -> Iterator[None]:
    """Notes the greatest memory while a block runs, sampled every 10 ms, and its seconds."""
    stop, peak = threading.Event(), [anonymous()]

    def watch() -> None:
        while not stop.wait(0.01):
            peak[0] = max(peak[0], anonymous())

    thread, started = threading.Thread(target=watch), time.monotonic()
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        found[name] = {"seconds": round(time.monotonic() - started, 1), "anonymous": peak[0]}


def written(path: Path, count: int) -> int:
    """A parquet file of so many images of two classes; gives its bytes."""
    chance = np.random.default_rng(0)
    encoded = []
    for number in range(DISTINCT):
        coarse = chance.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((SIDE, SIDE + number % 40))
        image.save(buffer := io.BytesIO(), "JPEG", quality=90)
        encoded.append(buffer.getvalue())
    schema = pa.schema([("image", pa.binary()), ("label", pa.int64())])
    with pq.ParquetWriter(path, schema) as file:
        for start in range(0, count, GROUP):
            rows = range(start, min(start + GROUP, count))
            images = [encoded[row % DISTINCT] for row in rows]
            file.write_table(pa.table([images, [row % 2 for row in rows]], schema))
    return path.stat().st_size


def run(folder: Path, count: int, steps: int, batch: int) -> dict[str, Any]:
    """Figures of one size: bytes of file and pixels, memory and seconds of each stage."""
    path = folder / f"{count}.parquet"
    found: dict[str, Any] = {"images": count, "file": written(path, count)}
    torch.set_num_threads(1)
    found["before"] = anonymous()
    with watched(found, "decode"):
        images, split = DataConfig(data=f"parquet:{path}", size=224, stream=2048).load()
    found["pixels"] = images.x.nbytes
    task = Task.of(images, split)
    model = ModelSpec("small", classes=2, channels=3, width=8, size=224).make(0)
    loop = Loop(FT(batch=batch), task, model, device=Device("cpu", threads=1))
    made = Steps(loop, loop.method, {})
    with watched(found, "train"):
        made.run(Pass(length=steps), lambda _: None)
    with watched(found, "measure"):
        loop.accuracy("val")
    return found


def alone(folder: Path, given: argparse.Namespace, count: int) -> dict[str, Any]:
    """The figures of a process of its own, whose allocator gives back what is free."""
    out = folder / f"{count}.json"
    command = [sys.executable, "-m", "benchmarks.bounded", "--folder", str(folder)]
    options = {"images": count, "steps": given.steps, "batch": given.batch, "out": out}
    command += [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    own = {"UNTRAIN_CACHE": str(folder / "cache"), "MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
    root = Path(__file__).parents[1]
    subprocess.run(command, env=os.environ | own, cwd=root, check=True)
    return dict(json.loads(out.read_text()))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bounded", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.folder:
        write_json(given.out, run(given.folder, given.images, given.steps, given.batch))
        return 0
    with tempfile.TemporaryDirectory() as name:
        few, many = (alone(Path(name), given, count) for count in (FEW, given.images))
    more = max(many[stage]["anonymous"] - few[stage]["anonymous"] for stage in STAGES)
    holds = more <= SPARE
    for one in (few, many):
        told = ", ".join(f"{stage} {one[stage]['anonymous'] / 1e6:,.0f} MB" for stage in STAGES)
        print(f"{one['images']:,} images, {one['pixels'] / 1e9:.1f} GB of pixels: {told}")
    verdict = "held" if holds else "NOT HELD"
    print(f"{more / 1e6:,.0f} MB more, at most {SPARE / 1e6:,.0f} MB: {verdict}")
    about = {"machine": machine.describe(), "torch": torch.__version__, "steps": given.steps}
    if given.out:
        made = {"schema": 1, **about, "batch": given.batch, "few": few, "many": many}
        write_json(given.out, made | {"more": more, "most": SPARE, "holds": holds})
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
