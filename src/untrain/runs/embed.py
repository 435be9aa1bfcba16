"""The embeddings of a run for one request: collected the first time, then read from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from untrain.config import path_of
from untrain.data.images import Images
from untrain.data.sets.splits import key_hash, load_split
from untrain.errors import UserError
from untrain.files import lock, writable
from untrain.metrics.details import Details, Model, details
from untrain.metrics.embed import embed
from untrain.metrics.embeddings import Embeddings, load_embeddings, place, sample
from untrain.metrics.evidence import UNSEEN, Evidence
from untrain.progress import say
from untrain.runs.gather import Gathered
from untrain.runs.load import data_of, load_model
from untrain.runs.record import read


def embedded(
    folder: Path, images: Images, evidence: Evidence, forget_keys: np.ndarray
) -> Embeddings:
    """What the model of a finished run makes of a request's images.

    forget_keys: of all that was forgotten. evidence: the run's, whose unseen images are taken.
    A second process waits for the first. In a folder that cannot be written the embeddings are
    collected and not kept, which is told. Raises UserError if no training image has such a key.
    """
    weights, request = read(folder)["checkpoints"]["child"], key_hash(forget_keys)
    path = place(folder, forget_keys)
    found = load_embeddings(path, weights, request)
    if found is None and not writable(folder):
        say(f"{folder} cannot be written: its embeddings will be collected again next time")
        return _collect(folder, images, evidence, forget_keys)
    if found is None:
        with lock(folder, wait=f"waiting for another process in {folder}"):
            found = load_embeddings(path, weights, request)
            if found is None:
                found = _collect(folder, images, evidence, forget_keys)
                _keep(found, path, weights, request)
    return found


def _keep(found: Embeddings, path: Path, weights: str, request: str) -> None:
    try:
        found.save(path, weights, request)
    except UserError as error:  # a full disk: what was collected can be shown all the same
        say(f"{error.what} It will be collected again next time.")


def _collect(
    folder: Path, images: Images, evidence: Evidence, forget_keys: np.ndarray
) -> Embeddings:
    split = load_split(folder / "split.npz", images)
    gone = np.isin(images.keys[split.train], forget_keys)
    if not gone.any():
        raise UserError(
            "None of the forgotten keys is among the images that the run was trained on.",
            where=str(folder),
            fix="Name runs of the request that is audited.",
        )
    unseen = images.positions(evidence.sets["unseen"].keys)
    if not len(unseen):  # test stands in for it, as in `View`
        unseen = np.sort(split.test[sample(images.keys[split.test], "stands in", UNSEEN)])
    sets = {
        "retain": split.train[~gone],
        "forget": split.train[gone],
        "unseen": unseen,
        "test": split.test,
    }
    return embed(load_model(folder, images), images, sets, f"embedding {folder}")


def detailed(
    found: Gathered, runs: Sequence[Path], retrain: Sequence[Path], root: str = ""
) -> Details:
    """The models of `gather(runs, retrain, root)` in detail, embeddings collected as needed."""
    folders = [path_of(str(folder)).resolve() for folder in (*runs, *retrain)]
    images = data_of(read(folders[0]), root)[1]
    models = [
        Model(subject, embedded(folder, images, subject.evidence, found.keys))
        for folder, subject in zip(folders, (*found.subjects, *found.retrains), strict=True)
    ]
    mine, theirs = models[: len(runs)], models[len(runs) :]
    return details(mine, theirs, found.keys, images.classes, title=found.title)
