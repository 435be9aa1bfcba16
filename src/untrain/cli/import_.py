"""`untrain import WEIGHTS`: a run around weights that were trained elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from untrain.cli.compose import flagged, needed, option, parse, recipe
from untrain.config import DataConfig, ModelConfig
from untrain.errors import Problems, UserError

if TYPE_CHECKING:
    from torch import Tensor

    from untrain.data.images import Images
    from untrain.data.sets.splits import Split
    from untrain.models.ecosystems import Ecosystem


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """What the verb itself takes."""

    weights: str = ""
    """File of weights: .safetensors, or .pt, .pth, .bin, .ckpt with a state_dict; or a folder of
    save_pretrained. It may stand without its flag, and be left out where --model comes with
    weights."""
    out: str = ""
    """Folder of the run."""
    trust_pickle: bool = False
    """Load a pickled file that holds more than tensors. That runs its code: only for a file that
    you trust."""
    preset: str = ""
    """Values by name: laptop, coun or coun-vgg16."""
    recipe: str = ""
    """TOML file of values, named like the flags, or a recipe by its name (untrain list recipes)."""


def run(args: list[str]) -> int:
    from untrain.engine.device import Device
    from untrain.progress import say
    from untrain.runs.adopt import Import, adopt

    parts = {"options": ImportOptions, "data": DataConfig, "model": ModelConfig, "device": Device}
    about = """Make a run of a model that was trained elsewhere, for untrain unlearn --original.
    Name the data that it was trained on: nothing is held out from what it has seen. Data without a
    test part need --test. Images that it has never seen, which an audit needs, are given with
    --unseen, and images for choices with --val."""
    problems = Problems()
    args = flagged(args, "--weights", "--trust-pickle")
    given = parse(
        args, parts, problems, prog="untrain import", about=about, inherited=usual(args, problems)
    )
    options = problems.settled(given.options)
    model = problems.attempt(network, options.weights, given.model)
    out = problems.attempt(needed, options.out, "--out", "the folder that the run is written to")
    problems.attempt(ModelConfig.check, model)
    loaded = problems.attempt(uncut, given.data)
    found = problems.attempt(read, options.weights, options.trust_pickle, model)
    problems.attempt(Device.kind, given.device)
    problems.raise_all()
    images, split = problems.settled(loaded)
    source, sha256, tensors = problems.settled(found)
    brought = Import(
        source=source,
        sha256=sha256,
        tensors=tensors,
        images=images,
        split=split,
        data=given.data,
        model=problems.settled(model),
    )
    made = adopt(brought, problems.settled(out), given.device.fabric().device)
    say(f"imported: written to {out}" if made else f"imported: {out} is there already")
    return 0


def uncut(data: DataConfig) -> tuple[Images, Split]:
    """The images that a model was trained on, and their split.

    Raises UserError if test images would be cut from them, and nobody has asked for that.
    """
    from untrain.data.sets.splits import has_test

    images, split = data.load()
    if not data.test and not has_test(images):
        raise UserError(
            f"{images.name} has no test part, and nothing is cut from what the model has seen.",
            where=f"--data {data.data}",
            fix="Give test images: --test DATA; or --test drawn, if it was trained by untrain "
            "train, which draws a fifth.",
        )
    return images, split


def usual(args: list[str], problems: Problems) -> dict[str, object]:
    """Nothing is held out; images are normalised as a folder of save_pretrained says."""
    weights = option(args, "--weights")
    folder = weights[-1:] if weights and Path(weights[-1]).is_dir() else []
    names = [*option(args, "--model"), *(f"hf:{Path(place).absolute()}" for place in folder)]
    found = constants(args, names[-1], problems) if names and names[-1].startswith("hf:") else {}
    return {"holdout": 0.0, **found}


def constants(args: list[str], model: str, problems: Problems) -> dict[str, object]:
    """The constants of a network's own weights, which are told, where none are given."""
    from untrain.models.ecosystems import ecosystem
    from untrain.progress import say

    if option(args, "--normalise") or recipe(args, problems).get("normalise"):
        return {}
    try:
        found = ecosystem(model)
    except UserError:  # told with all other problems
        return {}
    known = problems.attempt(found.normalise) if found else ""
    if not known:
        return {}
    say(f"normalised as {model} says: --normalise {known}")
    return {"normalise": known}


def network(weights: str, model: ModelConfig) -> ModelConfig:
    """The network that the weights are of: that of their own folder if none is named."""
    if model.pretrained:
        what = "--pretrained names weights to start from; import takes those of a trained model."
        raise UserError(what, "--pretrained", "Name them first: untrain import WEIGHTS ...")
    folder = Path(weights).expanduser()
    if model.model or not weights or not (folder / "config.json").is_file():
        return model
    return replace(model, model=f"hf:{folder}")


def read(weights: str, trust: bool, model: ModelConfig) -> tuple[str, str, dict[str, Tensor]]:
    """Name, SHA-256 and tensors of the weights: of a file, or those that the network comes with.

    Raises UserError if there are none.
    """
    from untrain.files import file_hash
    from untrain.models.ecosystems import ecosystem
    from untrain.models.foreign import read_weights

    found = ecosystem(model.model)
    folder = weights and Path(weights).is_dir()
    if found is not None and (folder or not weights):
        if folder and model.model != f"hf:{Path(weights).absolute()}":
            what = f"{weights} is a folder, and --model {model.model} names another network."
            raise UserError(what, "WEIGHTS", "Leave --model out, or name a file of weights.")
        return own(found)
    file = needed(weights, "WEIGHTS", "the file of weights first")
    return file.name, file_hash(file) if file.is_file() else "", read_weights(file, trust)


def own(found: Ecosystem) -> tuple[str, str, dict[str, Tensor]]:
    """Name, SHA-256 and tensors of what a network comes with."""
    from untrain.models.given import content_hash

    tensors = found.own_weights()
    return f"{found.prefix}:{Path(found.name).name}", content_hash(tensors), tensors
