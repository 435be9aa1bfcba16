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
from untrain.files import DRAFT, TORN, atomic, check_space, file_hash, write_json
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
PICKLE = "model.pt"


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
    there = exported(out) == said["checkpoints"]["child"]
    if there:
        found = check_whole(out)
        if not pickle or PICKLE in found:
            return False
    else:
        check_free(out)
    picture = picture_of(said, root)
    config: ModelConfig = build(ModelConfig, said["config"]["model"], str(run))
    spec, model = config.spec(picture), unwrap(load_model(run, picture)).eval()
    if there:
        write_pickle(model, out)
        write_json(out / FACTS, told(out) | {"files": hashes(out)})
        return True
    with draft_of(out) as draft:
        check_space(draft, 3 * sum(int(tensor.nbytes) for tensor in weights_of(model).values()))
        write(model, spec, picture, draft, pickle)
        known = facts(run, said, spec, picture) | {"files": hashes(draft)}
        write_json(draft / FACTS, known)
        with atomic(draft / "README.md") as file:
            file.write_text(card(known, spec.loading(picture), license))
        check_again(model, spec, draft, picture)
    return True


def write(model: nn.Module, spec: ModelSpec, about: Pictured, folder: Path, pickle: bool) -> None:
    """The weights, and what the network's package writes beside them."""
    if spec.ecosystem is not None:
        spec.ecosystem.save(model, folder, about)
    else:
        save(folder / "model.safetensors", weights_of(model), {})
    if pickle:
        write_pickle(model, folder)


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
        stored=tuple(images.get("stored", (0, 0))),
    )


def write_pickle(model: nn.Module, folder: Path) -> None:
    """The state_dict as model.pt."""
    with atomic(folder / PICKLE) as file:
        torch.save(weights_of(model), file)


def check_out(out: Path, run: Path, said: dict[str, Any]) -> None:
    """Refuse a folder inside of the run's or of its images'."""
    check_apart(out, str(said["config"]["data"].get("data", "")))
    if out.resolve().is_relative_to(run.resolve()):
        what = f"{out} lies in the folder of the run, {run}."
        raise UserError(what, "--out", "Choose a folder outside of it.")


def told(out: Path) -> dict[str, Any]:
    """What an export says of itself; empty if it cannot be read."""
    try:
        return dict(json.loads((out / FACTS).read_text()))
    except TORN:
        return {}


def exported(out: Path) -> str:
    """Hash of the run's weights that an export holds; "" if it cannot be read."""
    try:
        return str(told(out)["lineage"]["weights"])
    except TORN:
        return ""


def weights_in(out: Path) -> list[Path]:
    """The files of weights in an export; none after a purge."""
    names = ("*.safetensors", PICKLE)
    return sorted(path for name in names for path in out.glob(name) if path.is_file())


def hashes(out: Path) -> dict[str, str]:
    """SHA-256 of an export's files of weights, by their names."""
    return {path.name: file_hash(path) for path in weights_in(out)}


def check_whole(out: Path) -> set[str]:
    """The names of an export's files of weights, which are those that were written.

    Raises UserError if they are gone or were changed; but model.pt may be taken away.
    """
    found: dict[str, str] = hashes(out)
    written: dict[str, str] = told(out).get("files", {})
    missing = [name for name in written if name not in found and name != PICKLE]
    changed = [name for name in found if name in written and found[name] != written[name]]
    if missing or changed or not found.keys() - {PICKLE}:
        names = ", ".join(missing or changed) or "the file of weights"
        happened = "was changed" if changed and not missing else "is missing"
        raise UserError(
            f"{out} holds this export, but {names} {happened}.",
            where="--out",
            fix="Remove the folder and export again, or choose another one.",
        )
    return found.keys() & written.keys()


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
        for left in left_behind(out):
            shutil.rmtree(left, ignore_errors=True)
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


def left_behind(out: Path) -> list[Path]:
    """Drafts of this export by processes that were killed."""
    found = []
    for draft in out.absolute().parent.glob(f"{DRAFT}*"):
        number, _, name = draft.name.removeprefix(DRAFT).partition("-")
        if name == out.name and number.isdigit() and not running(int(number)):
            found.append(draft)
    return found


def running(process: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


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
