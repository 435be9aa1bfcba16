"""`untrain unlearn METHOD`: a model that has forgotten, from an Original and a forget rule."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.cli.compose import needed, option, parse, setting
from untrain.errors import UserError
from untrain.registry import methods, terms

if TYPE_CHECKING:
    from untrain.methods.contract import Method


@dataclass(frozen=True, kw_only=True)
class UnlearnOptions:
    """What the verb itself takes."""

    original: str = ""
    """Folder of the run to start from (untrain train), or of an unlearned model to go on from."""
    forget: tuple[str, ...] = ()
    """What to forget: random:0.1, random:500, class:truck, class:9,3, ids:FILE, indices:FILE.
    Several are requests one after the other; a share is of the first training set."""
    out: str = ""
    """Folder of the run; of several requests the runs are OUT/1, OUT/2, ... The same command goes
    on where an interrupted one stopped."""
    seed: int = 0
    """Seed of order and augmentation."""
    data_root: str = ""
    """Folder with local data, if it has moved since the Original was trained."""
    add: str = ""
    """Add a term to the method's loss: contrastive. Its flags follow, as --contrastive.lam 0.5."""
    preset: str = ""
    """Values by name: laptop, coun, native, or one of the method's own; without one, the Original's
    batch size is taken over (by retrain its whole recipe)."""
    recipe: str = ""
    """TOML file of values, named like the flags."""


def run(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help"):
        print("usage: untrain unlearn METHOD --original RUN --forget RULE --out RUN ...")
        print(f"methods: {', '.join(methods.names())}\nflags: untrain unlearn METHOD --help")
        return 0 if args else 2
    from untrain.config import ModelConfig, build
    from untrain.engine.device import Device
    from untrain.runs.plan import Plan
    from untrain.runs.record import read
    from untrain.runs.sequence import carry_out, forgetting, rules_of, stages

    method = methods.get(args[0])
    added = {name: terms.get(name) for name in setting(args, "add")}
    given = parse(
        args[1:],
        {"options": UnlearnOptions, "method": method, "device": Device, **added},
        prog=f"untrain unlearn {args[0]}",
        about=inspect.getdoc(method) or "",
        inherited=inherited(args, method),
        prefixed=tuple(added),
    )
    options = given.options
    original = needed(options.original, "--original", "the folder of the model to start from")
    out = needed(options.out, "--out", "the folder that the run is written to")
    if not options.forget:
        raise UserError("--forget is missing.", "--forget", "Say what to forget: random:0.1, ...")
    before = read(original)
    data, images, splits = forgetting(original, options.forget, options.data_root)
    first = Plan(
        images=images,
        split=splits[0],
        data=data,
        model=build(ModelConfig, before["config"]["model"], str(original)),
        method=given.method,
        terms=tuple(getattr(given, name) for name in added),
        seed=options.seed,
        forget=options.forget[0],
        earlier=rules_of(before),
        original=original,
    )
    carry_out(stages(first, splits, options.forget, out), given.device)
    return 0


def inherited(args: list[str], method: type[Method]) -> dict[str, Any]:
    """What the Original's recipe gives where no preset does: its batch, to retrain all of it."""
    from untrain.methods.contract import Trained
    from untrain.runs.record import read

    folders = [] if option(args, "--preset") else setting(args, "original")
    for folder in folders:
        recipe: dict[str, Any] = read(Path(folder))["config"]["method"]
        if method.name == recipe["name"] == "retrain":
            return recipe  # the exact answer is trained as the Original was
        if issubclass(method, Trained) and "batch" in recipe:
            return {"batch": recipe["batch"]}
    return {}
