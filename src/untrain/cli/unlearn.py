"""`untrain unlearn METHOD`: a model that has forgotten, from an Original and a forget rule."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from untrain.cli.compose import needed, option, parse, setting
from untrain.cli.selecting import selection, selection_problems
from untrain.config import path_of
from untrain.errors import Problems, UserError, raise_all
from untrain.registry import methods, terms

if TYPE_CHECKING:
    from untrain.data.sets.splits import Split
    from untrain.methods.contract import Method, Term
    from untrain.runs.load import Origin
    from untrain.runs.plan import Plan


@dataclass(frozen=True, kw_only=True)
class UnlearnOptions:
    """What the verb itself takes."""

    original: str = ""
    """Folder of the run to start from (untrain train), or of an unlearned model to go on from."""
    forget: tuple[str, ...] = ()
    """What to forget: random:0.1, random:500, class:truck, class:9,3, subclass:rocket, ids:FILE,
    indices:FILE, where:user=17, where:camera=b,year=2019. Several are requests one after the other;
    a share is of the first training set."""
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
    """TOML file of values, named like the flags, or a recipe by its name (untrain list recipes)."""
    select: Literal["none", "early", "oracle"] = "none"
    """Which checkpoint to end at. none: the last. early: the first of two in a row that treat
    forgotten images as unseen ones, seen on half of the forgotten images and val, if healing on
    retained images does not bring them back. oracle: the one nearest to --retrain, and named so."""
    margin: float = 0.05
    """How far from 1/2 the interval of the AUC may reach, in (0, 0.5). Acts if select is early."""
    max_utility_loss: float = 5.0
    """Points of val accuracy that the chosen checkpoint may lose against the model it starts from,
    from 0 to 100; 100 allows any loss. Acts if select is early."""
    retrain: str = ""
    """Folder of the Retrain of the same request, for --select oracle."""
    available: float = 1.0
    """Share of the retained images that is still available, in (0, 1]; drawn by the split seed. The
    method sees no other; the audit measures all."""
    forget_data: bool = True
    """Whether the forgotten images are available; --no-forget-data where they are gone."""

    def __post_init__(self) -> None:
        raise_all([*selection_problems(self), *share_problems(self.available)])


def run(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help"):
        print("usage: untrain unlearn METHOD --original RUN --forget RULE --out RUN ...")
        print(f"methods: {', '.join(methods.names())}\nflags: untrain unlearn METHOD --help")
        return 0 if args else 2
    from untrain.engine.device import Device
    from untrain.runs.sequence import carry_out
    from untrain.runs.tracking.trackers import Tracking

    problems = Problems()
    method = named(args[0])
    added = added_terms(args, problems)
    given = parse(
        args[1:],
        {
            "options": UnlearnOptions,
            "method": method,
            "device": Device,
            "tracking": Tracking,
            **added,
        },
        problems,
        prog=f"untrain unlearn {args[0]}",
        about=inspect.getdoc(method) or "",
        inherited=inherited(args, method, problems),
        prefixed=tuple(added),
    )
    options: UnlearnOptions = problems.settled(given.options)
    parts = [getattr(given, name) for name in added]
    plans = plans_of(options, given.method, None if None in parts else parts, problems)
    carry_out(plans, given.device, problems, given.tracking)
    return 0


def named(word: str, verb: str = "unlearn") -> type[Method]:
    """The method that the first word names. Raises UserError for a flag, or a table's label."""
    if word.startswith("-"):
        fix = f"It comes first: untrain {verb} METHOD --original RUN ..."
        raise UserError("The method is missing.", f"untrain {verb} {word}", fix)
    if "+" in word:
        name, _, term = word.partition("+")
        fix = f"Add the term with a flag: untrain {verb} {name} --add {term} ..."
        raise UserError(f"Unknown method '{word}'.", fix=fix)
    method: type[Method] = methods.get(word)
    return method


def plans_of(
    options: UnlearnOptions,
    method: Method | None,
    added: list[Term] | None,
    problems: Problems,
) -> dict[Path, Plan] | None:
    """The runs of all requests by their folders; None where something is wrong, which is among
    the problems then."""
    from untrain.data.sets.splits import forget_each
    from untrain.runs.load import origin
    from untrain.runs.place import check_place
    from untrain.runs.plan import configured
    from untrain.runs.sequence import stages

    rules = options.forget
    if not rules:
        problems.add(UserError("--forget is missing.", "--forget", "Say what: random:0.1, ..."))
    what = "the folder of the model to start from"
    folder = problems.attempt(needed, options.original, "--original", what)
    out = problems.attempt(needed, options.out, "--out", "the folder that the run is written to")
    out = problems.attempt(apart, out, folder) if folder else out
    before = problems.attempt(origin, folder, options.data_root)

    def divided(before: Origin) -> list[Split]:
        return forget_each(before.split, rules, before.images, before.data.split_seed)

    splits = problems.attempt(divided, before)
    plan = problems.attempt(planned, options, before, splits or None, method, added)
    if plan is None:
        model = before.model if before else None
        rule = rules[0] if rules else ""
        config = configured(None, model, method, added or (), forget=rule, seed=options.seed)
        problems.attempt(check_place, out, config)
    return problems.attempt(stages, plan, splits, rules, out)


def planned(
    options: UnlearnOptions,
    before: Origin,
    splits: list[Split],
    method: Method,
    added: list[Term],
) -> Plan:
    """The plan of the first request."""
    from untrain.runs.plan import Plan
    from untrain.runs.record import rules_of

    return Plan(
        images=before.images,
        split=splits[0],
        data=before.data,
        model=before.model,
        method=method,
        terms=tuple(added),
        seed=options.seed,
        forget=options.forget[0],
        earlier=rules_of(before.run),
        original=before.folder,
        select=selection(options, before),
        available=options.available,
        forget_data=options.forget_data,
    )


def share_problems(share: float) -> list[UserError]:
    """What is wrong with the share of retained images that is available."""
    if 0 < share <= 1:
        return []
    what = f"--available {share:g} is out of range."
    return [UserError(what, "--available", "It must be in (0, 1]; 1 is all of them.")]


def apart(out: Path, original: Path) -> Path:
    """The folder to write to. Raises UserError if it is that of the run to start from."""
    if original.resolve() == out.resolve():
        raise UserError(
            f"{out} is the run to start from.",
            where="--out",
            fix="Choose another folder; the run of --original stays as it is.",
        )
    return out


def added_terms(args: list[str], problems: Problems) -> dict[str, type[Term]]:
    """The terms that are added, by name; flags of others are told."""
    names = [name for name in setting(args, "add", problems) if name]
    found = {name: problems.attempt(terms.get, name) for name in names}
    for name in terms.names():
        flags = [arg.partition("=")[0] for arg in args if arg.startswith(f"--{name}.")]
        if flags and name not in names:
            fix = f"Give --add {name} as well."
            problems.add(UserError(f"{flags[0]} is a flag of a term that is not added.", "", fix))
    problems.raise_all()  # the flags that exist depend on them
    return {name: term for name, term in found.items() if term is not None}


def inherited(args: list[str], method: type[Method], problems: Problems) -> dict[str, Any]:
    """What the Original's recipe gives where no preset does: its batch, to retrain all of it."""
    from untrain.methods.contract import Trained
    from untrain.runs.load import described

    folders = [] if option(args, "--preset") else setting(args, "original", problems)
    for folder in filter(str.strip, folders):
        run = problems.attempt(described, path_of(folder))
        recipe: dict[str, Any] = run["config"]["method"] if run else {}
        if method.name == "retrain" == recipe.get("name"):
            return recipe  # the exact answer is trained as the Original was
        if issubclass(method, Trained) and "batch" in recipe:
            return {"batch": recipe["batch"]}
    return {}
