"""What a run answers to planted triggers: collected the first time, then read from its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from untrain.config import path_of
from untrain.data.images import Images
from untrain.data.sets.splits import load_split
from untrain.data.trigger import triggered
from untrain.engine.predict import predict
from untrain.errors import UserError
from untrain.files import TORN, lock, writable, write_arrays
from untrain.metrics.details import Details
from untrain.metrics.evidence import Outputs
from untrain.metrics.planted import Answers, planting
from untrain.metrics.planted_table import compare
from untrain.progress import say
from untrain.rng import numpy_rng
from untrain.runs.gather import gather
from untrain.runs.load import data_of, load_model
from untrain.runs.record import read

MOST = 2500
"""How many test images get the trigger: the same ones for every model of a split."""


def what_was_planted(
    runs: tuple[Path, ...], retrain: tuple[Path, ...], root: str = ""
) -> Details | None:
    """The models of these runs and Retrains; None if nothing was planted into their data.

    root, and what is raised: as in `gather`.
    """
    folders = [path_of(str(folder)).resolve() for folder in (*runs, *retrain)]
    spec = str(read(folders[0])["config"]["data"].get("plant", ""))
    if not spec:
        return None
    found = gather(runs, retrain, root)
    images = data_of(read(folders[0]), root)[1]
    split = load_split(folders[0] / "split.npz", images)
    about = planting(images, spec, images.keys[split.train], found.keys)
    target = about.plant.classes[0] if about.plant.kind == "patch" else None
    answers = [
        Answers(
            one.label, one.evidence, None if target is None else pressed(folder, images, target)
        )
        for folder, one in zip(folders, (*found.subjects, *found.retrains), strict=True)
    ]
    return compare(answers[: len(runs)], answers[len(runs) :], about, found.title)


def pressed(folder: Path, images: Images, target: int) -> Outputs:
    """What the model of a run answers on test images of other classes that carry the trigger.

    A second process waits for the first. In a folder that cannot be written the outputs are
    collected and not kept, which is told.
    """
    weights, path = read(folder)["checkpoints"]["child"], folder / "triggered.npz"
    found = _load(path, weights)
    if found is None and not writable(folder):
        say(f"{folder} cannot be written: its answers to the trigger are not kept")
        return _collect(folder, images, target)
    if found is None:
        with lock(folder, wait=f"waiting for another process in {folder}"):
            found = _load(path, weights)
            if found is None:
                found = _collect(folder, images, target)
                _keep(found, path, weights)
    return found


def _load(path: Path, weights: str) -> Outputs | None:
    try:
        with path.open("rb") as file, np.load(file) as saved:
            if str(saved["weights"]) != weights:
                return None
            return Outputs(*(saved[part] for part in ("logits", "labels", "keys")))
    except TORN:  # none, or half of one: collected anew
        return None


def _keep(found: Outputs, path: Path, weights: str) -> None:
    try:
        write_arrays(path, {"weights": np.asarray(weights), **vars(found)})
    except UserError as error:  # a full disk: what was collected can be shown all the same
        say(f"{error.what} It will be collected again next time.")


def _collect(folder: Path, images: Images, target: int) -> Outputs:
    split = load_split(folder / "split.npz", images)
    others = split.test[images.y.numpy()[split.test] != target]
    rows = np.sort(numpy_rng(0, "planted", "test").permutation(others)[:MOST])
    shown = triggered(images, rows)
    model = load_model(folder, images)
    logits, _ = predict(model, shown, np.arange(len(rows)), f"pressing the trigger of {folder}")
    return Outputs(logits.numpy(), shown.y.numpy(), shown.keys)
