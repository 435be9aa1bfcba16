"""C11: training on images that are read from a file while the model trains."""

from __future__ import annotations

import tempfile
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from untrain.methods import FT
from untrain.task import Task

from .rounds import Bar, Case, Check, Size
from .subject import EPOCH, Subject, distance


def streamed(size: Size) -> Case:
    """C11: the engine's steps on chunks of a memory-mapped file, against images in memory.

    The file is in the system's cache. The seconds hold those of the thread that reads.
    """
    subject, method = Subject(size), FT(batch=size.batch)
    steps = 1 if size.brief else EPOCH
    chunks, _ = on_disk(subject, 2 * size.batch).engine(method, steps)
    resident, _ = subject.engine(method, steps)
    names = "loop on chunks of a file", "loop on images in memory"
    return Case(
        dict(zip(names, (chunks, resident), strict=True)),
        (Bar("C11", *names, 1.1, at_least=False),),
        {},
        lambda: same_bits(subject, method),
    )


def on_disk(subject: Subject, chunk: int) -> Subject:
    """The same task, its images in a file that is gone with them."""
    moved = copy(subject)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npy"
        np.save(path, subject.images.x.numpy())
        x = torch.from_numpy(np.load(path, mmap_mode="c"))  # the map outlives the name
    moved.images = replace(subject.images, x=x, chunk=chunk)
    moved.task = Task.of(moved.images, subject.split, augment=subject.task.augment)
    return moved


def same_bits(subject: Subject, method: FT) -> list[Check]:
    """Two steps on images in memory, and on one chunk that holds them all."""
    models = []
    for one in (subject, on_disk(subject, len(subject.images))):
        ours, model = one.engine(method, 2)
        ours()
        models.append(model)
    return [Check("difference of the weights, all images in one chunk", distance(*models), 0)]
