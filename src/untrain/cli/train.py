"""`untrain train`: the Original, or with --forget its Retrain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from untrain.cli.compose import needed, parse, setting
from untrain.cli.import_ import constants
from untrain.config import DataConfig, ModelConfig

if TYPE_CHECKING:
    from untrain.data.images import Images
    from untrain.data.sets.splits import Split
    from untrain.errors import Problems


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What the verb itself takes."""

    out: str = ""
    """Folder of the run. The same command goes on where an interrupted one stopped."""
    forget: tuple[str, ...] = ()
    """Leave these images out: random:0.1, random:500, class:truck, class:9,3, subclass:rocket,
    where:user=17, ids:FILE, indices:FILE. What is trained is then Retrain, the exact answer to
    unlearning them. Several are requests one after the other, all of which are left out."""
    seed: int = 0
    """Seed of weights, order and augmentation."""
    preset: str = ""
    """Values by name: laptop (narrow ResNet-18, 5,000 images of CIFAR-10) or coun (the paper's)."""
    recipe: str = ""
    """TOML file of values, named like the flags, or a recipe by its name (untrain list recipes)."""


def run(args: list[str]) -> int:
    from untrain.data.sets.splits import forget_each
    from untrain.engine.device import Device
    from untrain.errors import Problems
    from untrain.methods import Retrain
    from untrain.runs.place import check_place
    from untrain.runs.plan import Plan, configured
    from untrain.runs.sequence import carry_out
    from untrain.runs.tracking.trackers import Tracking

    parts = {"options": TrainOptions, "data": DataConfig, "model": ModelConfig}
    parts |= {"method": Retrain, "device": Device, "tracking": Tracking}
    about = "Train a model on a data set; with --forget, without the forgotten images (Retrain)."
    problems = Problems()
    usual = own_constants(args, problems)
    given = parse(args, parts, problems, prog="untrain train", about=about, inherited=usual)
    options: TrainOptions = problems.settled(given.options)
    rules, rule = options.forget, options.forget[-1] if options.forget else ""

    def divided(loaded: tuple[Images, Split], data: DataConfig) -> Split:
        images, split = loaded
        return [split, *forget_each(split, rules, images, data.split_seed)][-1]

    def planned(loaded: tuple[Images, Split], split: Split, *parts: Any) -> Plan:
        data, model, method = parts
        return Plan(
            images=loaded[0],
            split=split,
            data=data,
            model=model,
            method=method,
            seed=options.seed,
            forget=rule,
            earlier=rules[:-1],
        )

    out = problems.attempt(needed, options.out, "--out", "the folder that the run is written to")
    loaded = problems.attempt(DataConfig.load, given.data)
    split = problems.attempt(divided, loaded, given.data)
    problems.attempt(ModelConfig.check, given.model)
    plan = problems.attempt(planned, loaded, split, given.data, given.model, given.method)
    if plan is None:
        config = configured(None, given.model, given.method, (), forget=rule, seed=options.seed)
        problems.attempt(check_place, out, config)
    carry_out({out: plan} if out and plan else None, given.device, problems, given.tracking)
    return 0


def own_constants(args: list[str], problems: Problems) -> dict[str, object]:
    """Where a network starts from the weights that it comes with, their constants."""
    names = setting(args, "model", problems)
    if setting(args, "pretrained", problems)[-1:] != ["hub"] or not names:
        return {}
    return constants(args, names[-1], problems)
