"""A run folder around weights that were trained elsewhere, so that others can start from it."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from untrain.config import DataConfig, ModelConfig
from untrain.data.images import Images
from untrain.data.sets.splits import Split
from untrain.engine.predict import outputs
from untrain.errors import UserError
from untrain.files import file_hash, lock, write_json
from untrain.models.checkpoint import misfits, put_weights, save
from untrain.models.foreign import beside, renamed, without
from untrain.models.given import weights_of
from untrain.models.identity import code
from untrain.models.output import head_name, unwrap
from untrain.models.pretrained import check_values
from untrain.models.ready import ready
from untrain.progress import say
from untrain.rng import numpy_rng
from untrain.runs.held_out import doubts
from untrain.runs.place import check_place
from untrain.runs.plan import configured
from untrain.runs.record import NUMERICS, SCHEMA, commit, pictured
from untrain.version import __version__

SAMPLE = 2000
"""Training images that are looked at to see whether the weights know them."""


@dataclass(frozen=True, kw_only=True)
class Import:
    """Weights from elsewhere, and what they are said to be of."""

    source: str
    """Name of the file of weights, or of the network that they come with."""
    sha256: str
    """Of that file, or of the weights."""
    tensors: Mapping[str, Tensor]
    images: Images
    split: Split
    data: DataConfig
    model: ModelConfig

    @property
    def label(self) -> str:
        return "original"

    def config(self) -> dict[str, Any]:
        """The settings as they are recorded; of the training nothing is known."""
        config = configured(self.data, self.model, None, (), forget="", seed=0)
        return config | {"method": {"name": "imported"}}

    def key(self) -> str:
        """Equal keys mean equal models of equal data."""
        content = {
            "imported": self.sha256,
            "model": self.model.identity(),
            "images": self.images.hash,
            "split": self.split.hashes(self.images),
            "numerics": NUMERICS,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def adopt(given: Import, out: Path, device: torch.device) -> bool:
    """Write the run; returns False if it was there already. Says how much the weights know.

    Raises UserError, before the folder is made, if it holds something else or the weights do not
    fit the network or the data.
    """
    if check_place(out, given.config(), given.key()):
        return False
    model = ready(given.model.spec(given.images).bare(), given.images)
    notes = check_labels(given) + fill(model, given)
    found = accuracies(model.to(device), given)
    notes += judge(found, given)
    notes += doubts(model, given.images, given.split)
    with lock(out):
        if check_place(out, given.config(), given.key()):  # another process was first
            return False
        given.split.save(out / "split.npz", given.images)
        weights = out / "model.safetensors"
        about = {"key": given.key(), "untrain": __version__}
        save(weights, weights_of(unwrap(model)), about)
        write_json(out / "run.json", recorded(given, file_hash(weights), found, notes))
    return True


def fill(model: nn.Module, given: Import) -> list[str]:
    """Put the weights into a model that is ready; returns what is to be said of it.

    Raises UserError, with both sizes for a head of another size, if they do not fit, or hold NaN.
    """
    inner, found = unwrap(model), given.model.spec(given.images).ecosystem
    own, file = weights_of(inner), given.tensors
    file = found.translated(file, inner) if found else file
    tensors = renamed(file, own)
    young = {key for key in own if key.endswith("num_batches_tracked")} - tensors.keys()
    check_head(own, tensors, head_name(model), given)
    needed = {key: own[key] for key in own if key not in young}
    loose = beside(own, tensors) | without(own, tensors, file)
    taken = {key: tensor for key, tensor in tensors.items() if key not in loose}
    if misfits(needed, taken):
        lines = misfits(needed, tensors)
        raise UserError(
            f"{given.source} is of another network ({'; '.join(lines)}).",
            where=f"--model {given.model.model or 'left out'}",
            fix="Name the network that it was trained with: --model, --width, or module:function.",
        )
    check_values({key: own[key] for key in taken}, taken, given.source)
    put_weights(inner, {key: own[key] for key in young} | taken)  # old files have none
    types = {taken[key].dtype for key in own if own[key].is_floating_point()} - {torch.float32}
    kinds = ", ".join(sorted(str(kind).removeprefix("torch.") for kind in types))
    notes = [f"Its weights were {kinds}; they are kept in float32."] if types else []
    return notes + left_out(loose, given.source)


def left_out(loose: Collection[str], source: str) -> list[str]:
    """What is to be said of tensors that have no place in the network; it is said as well."""
    if not loose:
        return []
    note = (
        f"{len(loose)} of its tensors are of no module of the network and are left out: "
        f"{listed(sorted(loose))}."
    )
    say(f"{source}: {note}")
    return [note]


def check_labels(given: Import) -> list[str]:
    """Raise UserError if the network names the same classes as the data, in another order; returns
    a warning if it names as many others, and the data's are no numbers."""
    found = given.model.spec(given.images).ecosystem
    theirs, ours = found.labels() if found else [], given.images.classes
    told = [[name.strip().lower() for name in names] for names in (theirs, ours)]
    if not set(told[0]) & set(told[1]) and len(theirs) == len(ours):
        if all(name.isdecimal() for name in ours):
            return []
        warning = (
            f"Its classes have other names than those of the data: {listed(theirs)}; the data have "
            f"{listed(ours)}. Check that each stands for the other."
        )
        say(f"warning: {warning}")
        return [warning]
    if told[0] == told[1] or sorted(told[0]) != sorted(told[1]):
        return []
    raise UserError(
        f"The classes of {given.model.model} stand in another order than those of the data: "
        f"{listed(theirs)}; the data have {listed(ours)}.",
        where=f"--data {given.data.data}",
        fix="Give labels in the order of the network's outputs (whole numbers), or change the "
        "rows of its head and id2label in its config.json.",
    )


def listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def check_head(
    own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], head: str, given: Import
) -> None:
    """Raise UserError that names both sizes if all fits but the number of classes."""
    differ = {key for key in own if key in tensors and own[key].shape != tensors[key].shape}
    rows = f"{head}.weight"
    if rows in differ and differ <= {rows, f"{head}.bias"}:
        theirs, ours = tensors[rows].shape, own[rows].shape
        if theirs[1:] == ours[1:]:
            raise UserError(
                f"The head `{head}` of {given.source} has {theirs[0]} outputs, "
                f"{given.images.name} has {ours[0]} classes.",
                where=f"--data {given.data.data}",
                fix="Name the data set that it was trained on, with all of its classes.",
            )


def accuracies(model: nn.Module, given: Import) -> dict[str, tuple[float, int]]:
    """Accuracy in [0, 1] on a sample of the training images and on test, and of how many images."""
    train = numpy_rng(0, "import", "sample").permutation(given.split.train)[:SAMPLE]
    found = {}
    for name, positions in (("training", np.sort(train)), ("test", given.split.test)):
        logits, _ = outputs(model, given.images, positions, f"{name} images")
        right = logits.argmax(1) == given.images.y[torch.from_numpy(positions)]
        found[name] = right.float().mean().item(), len(positions)
    return found


def judge(found: Mapping[str, tuple[float, int]], given: Import) -> list[str]:
    """Say how much the weights know; returns a warning if that is next to nothing."""
    told = [f"{right:.1%} of {count:,} {name} images" for name, (right, count) in found.items()]
    say(f"{given.source} knows {' and '.join(told)}")
    labels = given.images.y[torch.from_numpy(given.split.train)]
    chance = float(labels.bincount().max()) / len(labels)
    if found["training"][0] > chance + 0.1 * (1 - chance):
        return []
    warning = (
        f"It knows {found['training'][0]:.1%} of its training images, near chance "
        f"({chance:.1%}): labels in another order, another normalisation, or the wrong file?"
    )
    say(f"warning: {warning}")
    return [warning]


def recorded(
    given: Import, child: str, found: Mapping[str, tuple[float, int]], notes: list[str]
) -> dict[str, Any]:
    """The content of run.json; what nobody has measured is null."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    source = {"file": given.source, "sha256": given.sha256}
    return {
        "schema": SCHEMA,
        "key": given.key(),
        "label": given.label,
        "paper": "",
        "command": shlex.join(["untrain", *sys.argv[1:]]),
        "config": given.config(),
        "source": source | {f"{name}_accuracy": right for name, (right, _) in found.items()},
        "images": pictured(given.images),
        **({"code": own} if (own := code(given.model.model)) else {}),
        "split": {
            name: {"images": given.split.sizes()[name], "keys": digest}
            for name, digest in given.split.hashes(given.images).items()
        },
        "requests": [],
        "checkpoints": {"parent": "", "root": "", "child": child},
        "cost": {"seconds": None, "steps": None, "samples": None, "flops": None},
        "curve": [],
        "notes": notes,
        "environment": {"untrain": __version__, "commit": commit(), "numerics": NUMERICS},
        "time": {"started": now, "ended": now},
    }
