"""`untrain unlearn METHOD`: a model that has forgotten, from an Original and a forget rule."""

from __future__ import annotations

from dataclasses import dataclass

from untrain.cli.compose import needed, option, parse
from untrain.errors import UserError
from untrain.progress import Progress, say
from untrain.registry import methods, terms


@dataclass(frozen=True, kw_only=True)
class UnlearnOptions:
    """What the verb itself takes."""

    original: str = ""
    """Folder of the run to start from (untrain train)."""
    forget: str = ""
    """What to forget: random:0.1, random:500, class:truck, class:9,3, ids:FILE, indices:FILE."""
    out: str = ""
    """Folder of the run. The same command goes on where an interrupted one stopped."""
    seed: int = 0
    """Seed of order and augmentation."""
    data_root: str = ""
    """Folder with local data, if it has moved since the Original was trained."""
    add: str = ""
    """Add a term to the method's loss: contrastive. Its flags follow, as --contrastive.lam 0.5."""
    preset: str = ""
    """Values by name: laptop or coun; without one, the Original's batch size is taken over."""
    recipe: str = ""
    """TOML file of values, named like the flags."""


def run(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help"):
        print("usage: untrain unlearn METHOD --original RUN --forget RULE --out RUN ...")
        print(f"methods: {', '.join(methods.names())}\nflags: untrain unlearn METHOD --help")
        return 0 if args else 2
    from pathlib import Path

    from untrain.config import ModelConfig, build
    from untrain.engine.device import Device
    from untrain.runs import Plan, execute, forgetting, read

    method = methods.get(args[0])
    added = {name: terms.get(name) for name in option(args, "--add")}
    inherited = {}
    for folder in option(args, "--original"):
        before = read(Path(folder))["config"]
        inherited = {"batch": before["method"].get("batch", 256)}
    given = parse(
        args[1:],
        {"options": UnlearnOptions, "method": method, "device": Device, **added},
        prog=f"untrain unlearn {args[0]}",
        about=method.__doc__ or "",
        inherited=inherited,
        prefixed=tuple(added),
    )
    options = given.options
    original = needed(options.original, "--original", "the folder of the model to start from")
    out = needed(options.out, "--out", "the folder that the run is written to")
    if not options.forget:
        raise UserError("--forget is missing.", "--forget", "Say what to forget: random:0.1, ...")
    data, images, split = forgetting(original, options.forget, options.data_root)
    plan = Plan(
        images=images,
        split=split,
        data=data,
        model=build(ModelConfig, before["model"], str(original)),
        method=given.method,
        terms=tuple(getattr(given, name) for name in added),
        seed=options.seed,
        forget=options.forget,
        original=original,
    )
    with Progress(plan.label, plan.method.length) as progress:
        made = execute(plan, out, given.device, progress.observe)
    progress.tell(out, made)
    for note in read(out).get("notes", []):
        say(f"{plan.label}: {note}")
    return 0
