"""A run's model in the form that its own package loads, with a model card.

model.safetensors   the weights, by the names of the model's state_dict
config.json         of transformers and timm networks, as their packages write it
untrain.json        what the card says, for programs
README.md           the model card
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from untrain.config import ModelConfig, build
from untrain.errors import MISSING, UserError
from untrain.files import DRAFT, TORN, atomic, check_space, write_json
from untrain.models.build import ModelSpec
from untrain.models.checkpoint import load_weights, save
from untrain.models.ecosystems import Pictured
from untrain.models.given import weights_of
from untrain.models.output import unwrap
from untrain.models.trace import tensors
from untrain.runs.card import card
from untrain.runs.facts import facts
from untrain.runs.load import data_of, described, load_model
from untrain.runs.place import check_apart
from untrain.runs.record import pictured

FACTS = "untrain.json"
"""Marks a folder as an export, and says of which weights."""


def export(
    run: Path, out: Path, *, pickle: bool = False, license: str = "", root: str = ""
) -> bool:
    """Write the model of a finished run; returns False if this export is there already.

    pickle: a state_dict as model.pt as well. license: for the card's front matter, "" leaves it
    out. root: where the images of a run of an older version lie now.
    Raises UserError if the folder holds anything else, or what was written answers otherwise than
    the run's model.
    """
    said = described(run)
    if not re.fullmatch(r"[a-z0-9.+-]*", license):
        what = f"--license '{license}' is no name of a license."
        raise UserError(what, "--license", "Name it as the hub does: apache-2.0, mit, cc-by-4.0.")
    check_out(out, run, said)
    if (out / FACTS).is_file() and exported(out) == said["checkpoints"]["child"]:
        return False
    check_free(out)
    picture = picture_of(said, root)
    config: ModelConfig = build(ModelConfig, said["config"]["model"], str(run))
    spec, model = config.spec(picture), unwrap(load_model(run, picture)).eval()
    with draft_of(out) as draft:
        check_space(draft, 3 * sum(int(tensor.nbytes) for tensor in weights_of(model).values()))
        if spec.ecosystem is not None:
            spec.ecosystem.save(model, draft, picture)
        else:
            save(draft / "model.safetensors", weights_of(model), {})
        if pickle:
            with atomic(draft / "model.pt") as file:
                torch.save(weights_of(model), file)
        known = facts(run, said, spec, picture)
        write_json(draft / FACTS, known)
        with atomic(draft / "README.md") as file:
            file.write_text(card(known, spec.loading(picture), license))
        check_again(model, spec, draft, picture)
    return True


def picture_of(run: dict[str, Any], root: str) -> Pictured:
    """What the run's model was told of its images; a run of an older version asks the images."""
    images = run["images"]
    if not {"classes", "channels", "size", "mean", "std"} <= images.keys():
        images = pictured(data_of(run, root)[1])
    height, width = images["size"]
    return Pictured(
        classes=tuple(images["classes"]),
        channels=images["channels"],
        size=(height, width),
        mean=tuple(images["mean"]),
        std=tuple(images["std"]),
    )


def check_out(out: Path, run: Path, said: dict[str, Any]) -> None:
    """Refuse a folder inside of the run's or of its images'."""
    check_apart(out, str(said["config"]["data"].get("data", "")))
    if out.resolve().is_relative_to(run.resolve()):
        what = f"{out} lies in the folder of the run, {run}."
        raise UserError(what, "--out", "Choose a folder outside of it.")


def exported(out: Path) -> str:
    """Hash of the run's weights that an export holds; "" if it cannot be read."""
    try:
        return str(json.loads((out / FACTS).read_text())["lineage"]["weights"])
    except TORN:
        return ""


def check_free(out: Path) -> None:
    """Refuse a folder that holds anything."""
    existing = next(place for place in (out, *out.absolute().parents) if os.path.lexists(place))
    if not existing.is_dir():
        what = f"{out} cannot be written: {existing} is no folder."
        raise UserError(what, "--out", "Choose another folder.", MISSING)
    if existing == out and any(out.iterdir()):
        held = "another export" if (out / FACTS).exists() else "something else"
        what = f"{out} holds {held}."
        raise UserError(what, "--out", "Choose another folder, or remove it.")


@contextmanager
def draft_of(out: Path) -> Iterator[Path]:
    """A folder beside `out`, which becomes it if the block succeeds."""
    draft = out.absolute().with_name(f"{DRAFT}{os.getpid()}-{out.name}")
    try:
        draft.mkdir(parents=True)
        yield draft
        draft.replace(out)
    except OSError as error:
        raise UserError(
            f"{out} cannot be written: {error.strerror or error}.",
            where="--out",
            fix="Free some space or choose another folder.",
            code=MISSING,
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check_again(model: nn.Module, spec: ModelSpec, folder: Path, about: Pictured) -> None:
    """Raise UserError unless the files, loaded again, give the bits of the model's answers."""
    if spec.ecosystem is not None:
        again = spec.ecosystem.load(folder, spec.bare)
    else:
        again = load_weights(spec.bare(), folder / "model.safetensors")
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, about.channels, *about.size, generator=generator)
    one, other = answers(model, x), answers(unwrap(again), x)
    if len(one) != len(other) or not all(map(torch.equal, one, other)):
        what = "The files that were written answer otherwise than the run's model."
        raise UserError(what, str(folder), "Report this; nothing was exported.")


@torch.inference_mode()
def answers(model: nn.Module, x: Tensor) -> list[Tensor]:
    """What a model says of images (B, C, H, W): all (B, D) parts of it."""
    return [one for _, one in tensors(model.eval()(x), len(x))]
