"""`untrain import WEIGHTS`: a run around weights that were trained elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from untrain.cli.compose import needed, parse
from untrain.config import DataConfig, ModelConfig


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """What the verb itself takes."""

    weights: str = ""
    """File of weights: .safetensors, or .pt, .pth, .bin, .ckpt with a state_dict. It may stand
    without its flag."""
    out: str = ""
    """Folder of the run."""
    trust_pickle: bool = False
    """Load a pickled file that holds more than tensors. That runs its code: only for a file that
    you trust."""
    preset: str = ""
    """Values by name: laptop, coun or coun-vgg16."""
    recipe: str = ""
    """TOML file of values, named like the flags."""


def run(args: list[str]) -> int:
    from untrain.engine.device import Device
    from untrain.engine.foreign import read_weights
    from untrain.errors import Problems
    from untrain.progress import say
    from untrain.runs.adopt import Import, adopt

    parts = {"options": ImportOptions, "data": DataConfig, "model": ModelConfig, "device": Device}
    about = """Make a run of a model that was trained elsewhere, for untrain unlearn --original.
    Name the data that it was trained on: nothing is held out from what it has seen, so that the
    test set stands in for unseen images."""
    problems = Problems()
    nothing_cut = {"holdout": 0.0}
    given = parse(
        named(args), parts, problems, prog="untrain import", about=about, inherited=nothing_cut
    )
    options = problems.settled(given.options)
    out = problems.attempt(needed, options.out, "--out", "the folder that the run is written to")
    file = problems.attempt(needed, options.weights, "WEIGHTS", "the file of weights first")
    problems.attempt(ModelConfig.check, given.model)
    loaded = problems.attempt(DataConfig.load, given.data)
    tensors = problems.attempt(read_weights, file, options.trust_pickle)
    problems.attempt(Device.kind, given.device)
    problems.raise_all()
    images, split = problems.settled(loaded)
    brought = Import(
        file=problems.settled(file),
        tensors=problems.settled(tensors),
        images=images,
        split=split,
        data=given.data,
        model=given.model,
    )
    made = adopt(brought, problems.settled(out), given.device.fabric().device)
    say(f"imported: written to {out}" if made else f"imported: {out} is there already")
    return 0


def named(args: list[str]) -> list[str]:
    """The same with --weights before the file, which is the first word that follows no flag."""
    for place, arg in enumerate(args):
        before = args[place - 1] if place else ""
        free = not before.startswith("-") or "=" in before or before == "--trust-pickle"
        if free and not arg.startswith("-") and arg.lower() not in ("true", "false"):
            return [*args[:place], "--weights", *args[place:]]
    return args
