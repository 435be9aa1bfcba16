"""`untrain plan METHOD`: what a request costs and what an audit of it could see, before it runs."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from untrain.cli.compose import needed, parse
from untrain.cli.unlearn import (
    UnlearnOptions,
    added_terms,
    inherited,
    named,
    planned,
    share_problems,
)
from untrain.errors import Problems, UserError, raise_all
from untrain.registry import methods

if TYPE_CHECKING:
    from untrain.engine.device import Device
    from untrain.engine.rehearsal import Forecast
    from untrain.methods.contract import Method, Term
    from untrain.runs.load import Origin
    from untrain.runs.plan import Plan
    from untrain.runs.prospect import Prospect

MOST = 20
"""Classes that are printed."""


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """What the verb itself takes."""

    original: str = ""
    """Folder of the run to start from (untrain train), or of an unlearned model to go on from."""
    forget: str = ""
    """What to forget, as in untrain unlearn: random:0.1, class:truck, ids:FILE, where:user=17."""
    data_root: str = ""
    """Folder with local data, if it has moved since the Original was trained."""
    add: str = ""
    """Add a term to the method's loss: contrastive."""
    preset: str = ""
    """Values by name, as in untrain unlearn."""
    recipe: str = ""
    """TOML file of values, named like the flags, or a recipe by its name (untrain list recipes)."""
    available: float = 1.0
    """Share of the retained images that is available, in (0, 1]."""
    forget_data: bool = True
    """Whether the forgotten images are available; --no-forget-data where they are gone."""
    margin: float = 0.05
    """How far from one half an AUC may lie in the audit, in (0, 0.5)."""
    json: bool = False
    """Print everything as JSON."""

    def __post_init__(self) -> None:
        problems = share_problems(self.available)
        if not 0 < self.margin < 0.5:
            what = f"--margin {self.margin:g} is out of range."
            problems.append(UserError(what, "--margin", "It must be in (0, 0.5)."))
        raise_all(problems)


def run(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help"):
        print("usage: untrain plan METHOD --original RUN --forget RULE ...")
        print(f"methods: {', '.join(methods.names())}\nflags: untrain plan METHOD --help")
        return 0 if args else 2
    from untrain.engine.device import Device

    problems = Problems()
    method = named(args[0], "plan")
    added = added_terms(args, problems)
    given = parse(
        args[1:],
        {"options": PlanOptions, "method": method, "device": Device, **added},
        problems,
        prog=f"untrain plan {args[0]}",
        about=inspect.getdoc(method) or "",
        inherited=inherited(args, method, problems),
        prefixed=tuple(added),
    )
    options: PlanOptions = problems.settled(given.options)
    parts = [getattr(given, name) for name in added]
    found = looked(options, given.method, None if None in parts else parts, given.device, problems)
    print(json.dumps(values(found), indent=2) if options.json else "\n".join(lines(found)))
    return 0


def looked(
    options: PlanOptions,
    method: Method | None,
    added: list[Term] | None,
    device: Device | None,
    problems: Problems,
) -> Prospect:
    """The prospect. Raises UserError with the problems found here and before."""
    from untrain.data.duplicates import twins
    from untrain.data.sets.splits import forget_each
    from untrain.engine.device import Device
    from untrain.progress import say
    from untrain.runs.load import origin
    from untrain.runs.prospect import prospect
    from untrain.verdict.rule import ALPHA, FAILING

    if not options.forget.strip():
        problems.add(UserError("--forget is missing.", "--forget", "Say what: random:0.1, ..."))
    what = "the folder of the model to start from"
    folder = problems.attempt(needed, options.original, "--original", what)
    before = problems.attempt(origin, folder, options.data_root)

    def asked(before: Origin, method: Method, added: list[Term]) -> Plan:
        splits = forget_each(before.split, [options.forget], before.images, before.data.split_seed)
        request = UnlearnOptions(
            forget=(options.forget,),
            available=options.available,
            forget_data=options.forget_data,
        )
        return planned(request, before, splits, method, added)

    plan = problems.attempt(asked, before, method, added) if options.forget.strip() else None
    problems.attempt(Device.kind, device)
    run = before.run if before else None
    if problems.found:
        problems.raise_all()
    for sentence in twins(plan.images, plan.split).sentences() if plan else []:
        say(sentence)
    alpha = ALPHA / len(FAILING)
    return problems.settled(problems.attempt(prospect, plan, run, device, options.margin, alpha))


def lines(found: Prospect) -> Iterator[str]:
    """The page."""
    split = found.split
    sizes = split.sizes()
    yield f"Request: forget {found.rule}, of {len(split.train):,} training images"
    yield f"  {_count(sizes['forget'], 'image')} of {_count(len(found.classes), 'class')}"
    wide = max(len("class"), *(len(row.name) for row in found.classes[:MOST]))
    yield f"  {'class':<{wide}}  forgotten       of    share"
    for row in found.classes[:MOST]:
        gone = "  vanishes: no image of it is left" if row.forgotten == row.of else ""
        share = f"{100 * row.share:.1f} %"
        yield f"  {row.name:<{wide}}  {row.forgotten:>9,}  {row.of:>7,}  {share:>7}{gone}"
    if len(found.classes) > MOST:
        yield f"  ... and {len(found.classes) - MOST} more classes"
    for column, (some, every) in found.columns.items():
        yield f"  {column}: {some:,} of {every:,} values"
    held = ", ".join(f"{sizes[name]:,} {name}" for name in ("val", "unseen", "test"))
    yield f"  held out: {held}" + (f"; erased before: {n:,}" if (n := sizes.get("erased")) else "")
    machine = found.machine
    where = machine["processor"] if machine["device"] == "cpu" else machine["device"]
    threads = f"{machine['threads']} thread{'s' * (machine['threads'] != 1)}"
    yield f"\nCost on this machine ({where}, {threads}), from a few timed steps"
    yield from _costs(found)
    yield "\nWhat an audit could see"
    yield from (f"  {sentence}" for sentence in found.sight.sentences())
    if found.vanishing:
        yield "  Of whole classes it needs models that never saw them, such as Retrain (--retrain)."
    yield f"\nAdvice\n  {found.advice()}"


def _costs(found: Prospect) -> Iterator[str]:
    recipe = found.recipe
    wide = max(len("retrain"), len(found.label))
    training = f"{_count(recipe.epochs, 'epoch')} in batches of {recipe.batch}"
    training += "" if found.known else " (the paper's: the Original's own are not known)"
    training += ", on all retained images" if found.part else ""
    yield f"  {'retrain':<{wide}}  {_time(found.retrain)}; {training}"
    share = f"{_part(found.share)} Retrain's time"
    if found.retrain.flops:
        share += f", {_part(found.method.flops / found.retrain.flops)} its FLOPs"
    steps = f"; {_count(found.method.steps, 'step')}" if found.method.steps else ""
    yield f"  {found.label:<{wide}}  {_time(found.method)}; {share}{steps}"
    if found.before is not None:
        place = "here" if found.same else "on another machine or setting"
        yield f"  the Original took {_seconds(found.before)} {place}"


def _part(share: float) -> str:
    percent = f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.2g}"
    return f"{share:.2g} times" if share >= 2 else f"{percent} % of"


def _time(one: Forecast) -> str:
    """The usual time, with that of fast and slow steps."""
    usual, low, high = map(_seconds, (one.seconds, one.low, one.high))
    return usual if low == high else f"{usual} ({low} to {high})"


def _seconds(value: float) -> str:
    from untrain.progress import duration

    return f"{value:.1f} s" if value < 10 else duration(value)


def _count(number: int, of: str) -> str:
    plural = "es" if of.endswith("s") else "s"
    return f"{number:,} {of}{plural * (number != 1)}"


def values(found: Prospect) -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "request": found.rule,
        "method": found.label,
        "sizes": found.split.sizes(),
        "training_images": len(found.split.train),
        "classes": [vars(row) | {"share": row.share} for row in found.classes],
        "vanishing": found.vanishing,
        "columns": {name: {"values": a, "of": b} for name, (a, b) in found.columns.items()},
        "cost": {
            "machine": found.machine,
            "retrain": found.retrain.plain(),
            "method": found.method.plain(),
            "relative": found.share,
            "recipe_known": found.known,
            "original_seconds": found.before,
            "original_here": found.same,
        },
        "audit": found.sight.plain() | {"sentences": found.sight.sentences()},
        "advice": found.advice(),
    }
