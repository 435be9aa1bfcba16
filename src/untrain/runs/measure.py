"""The evidence of a run: collected the first time it is asked for, then read from its folder."""

from __future__ import annotations

from pathlib import Path

from untrain.data.images import Images
from untrain.data.sets.splits import load_split
from untrain.errors import UserError
from untrain.files import lock, writable
from untrain.metrics.evidence import Evidence, collect, load_evidence
from untrain.progress import say
from untrain.runs.load import load_model
from untrain.runs.record import read


def measured(folder: Path, images: Images) -> Evidence:
    """What the model of a finished run answers on all its sets.

    A second process waits for the first. In a folder that cannot be written the evidence is
    collected and not kept, which is told.
    """
    weights, path = read(folder)["checkpoints"]["child"], folder / "evidence.npz"
    evidence = load_evidence(path, weights)
    if evidence is None and not writable(folder):
        say(f"{folder} cannot be written: it will be measured again next time")
        return _collect(folder, images)
    if evidence is None:
        with lock(folder, wait=f"waiting for another process in {folder}"):
            evidence = load_evidence(path, weights)
            if evidence is None:
                evidence = _collect(folder, images)
                _keep(evidence, path, weights)
    return evidence


def _keep(evidence: Evidence, path: Path, weights: str) -> None:
    try:
        evidence.save(path, weights)
    except UserError as error:  # a full disk: what was measured can be shown all the same
        say(f"{error.what} It will be measured again next time.")


def _collect(folder: Path, images: Images) -> Evidence:
    split = load_split(folder / "split.npz", images)
    return collect(load_model(folder, images), images, split, f"measuring {folder}")
