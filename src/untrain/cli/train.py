"""`untrain train`: the Original, or with --forget its Retrain."""

from __future__ import annotations

from dataclasses import dataclass

from untrain.cli.compose import needed, parse
from untrain.config import DataConfig, ModelConfig


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What the verb itself takes."""

    out: str = ""
    """Folder of the run. The same command goes on where an interrupted one stopped."""
    forget: tuple[str, ...] = ()
    """Leave these images out: random:0.1, random:500, class:truck, class:9,3, ids:FILE,
    indices:FILE. What is trained is then Retrain, the exact answer to unlearning them. Several are
    requests one after the other, all of which are left out."""
    seed: int = 0
    """Seed of weights, order and augmentation."""
    preset: str = ""
    """Values by name: laptop (narrow ResNet-18, 5,000 images of CIFAR-10) or coun (the paper's)."""
    recipe: str = ""
    """TOML file of values, named like the flags."""


def run(args: list[str]) -> int:
    from untrain.data.splits import forget_each
    from untrain.engine.device import Device
    from untrain.methods import Retrain
    from untrain.runs.plan import Plan
    from untrain.runs.sequence import carry_out

    parts = {"options": TrainOptions, "data": DataConfig, "model": ModelConfig}
    parts |= {"method": Retrain, "device": Device}
    about = "Train a model on a data set; with --forget, without the forgotten images (Retrain)."
    given = parse(args, parts, prog="untrain train", about=about)
    options = given.options
    out = needed(options.out, "--out", "the folder that the run is written to")
    images, split = given.data.load()
    if options.forget:
        split = forget_each(split, options.forget, images, given.data.split_seed)[-1]
    plan = Plan(
        images=images,
        split=split,
        data=given.data,
        model=given.model,
        method=given.method,
        seed=options.seed,
        forget=options.forget[-1] if options.forget else "",
        earlier=options.forget[:-1],
    )
    carry_out({out: plan}, given.device)
    return 0
