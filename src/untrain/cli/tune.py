"""`untrain tune METHOD`: hyper-parameters chosen without Retrain, on tune halves only."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from untrain.cli.compose import needed, parse
from untrain.cli.selecting import margin_problems, oracle_problems
from untrain.cli.unlearn import UnlearnOptions, added_terms, apart, inherited, named, planned
from untrain.config import path_of
from untrain.errors import Problems, UserError, raise_all
from untrain.registry import methods

if TYPE_CHECKING:
    from untrain.engine.device import Device
    from untrain.methods.contract import Method, Term
    from untrain.runs.load import Origin
    from untrain.runs.plan import Plan
    from untrain.tune.search import Search
    from untrain.tune.space import Range


@dataclass(frozen=True, kw_only=True)
class TuneOptions:
    """What the verb itself takes."""

    original: str = ""
    """Folder of the run to start from (untrain train), or of an unlearned model to go on from."""
    forget: str = ""
    """What to forget, as in untrain unlearn: random:0.1, class:truck, where:user=17, ..."""
    out: str = ""
    """Folder of the search: trials.json, and the best run as OUT/best. The same command goes on
    where an interrupted one stopped; with more --trials it tries more."""
    trials: int = 20
    """How many settings to try, at least 1; the first is the method's own."""
    search: tuple[str, ...] = ()
    """Ranges, as lr=0.001:0.1,lam=0.1:6; default: the learning rate around its value, and what the
    method's help says is tuned."""
    select: Literal["tune", "oracle"] = "tune"
    """tune: how far forgotten images are from unseen ones, on half of the forgotten images and val,
    if healing does not bring them back. oracle: the average gap to --retrain, and named so."""
    margin: float = 0.05
    """How far from 1/2 the interval of the AUC may reach for the best to count as converged."""
    max_utility_loss: float = 5.0
    """Points of val accuracy that a trial may lose against the model it starts from, from 0 to 100;
    100 allows any loss. Acts if select is tune."""
    retrain: str = ""
    """Folder of the Retrain of the same request, for --select oracle."""
    seed: int = 0
    """Seed of order, augmentation and proposals."""
    data_root: str = ""
    """Folder with local data, if it has moved since the Original was trained."""
    add: str = ""
    """Add a term to the method's loss: contrastive. Search its fields as contrastive.lam=0.1:6."""
    preset: str = ""
    """Values by name: laptop, coun, native, or one of the method's own."""
    recipe: str = ""
    """TOML file of values, named like the flags, or a recipe by its name (untrain list recipes)."""

    def __post_init__(self) -> None:
        raise_all(problems_of_options(self))


def problems_of_options(options: TuneOptions) -> list[UserError]:
    """What is wrong with the flags by themselves."""
    problems = list(margin_problems(options.margin, options.max_utility_loss))
    if options.trials < 1:
        what = f"--trials {options.trials} is out of range."
        problems.append(UserError(what, "--trials", "It must be at least 1."))
    problems += oracle_problems(options.select, options.retrain, "leave --select out")
    return problems


def run(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help"):
        print("usage: untrain tune METHOD --original RUN --forget RULE --out FOLDER ...")
        print(f"methods: {', '.join(methods.names())}\nflags: untrain tune METHOD --help")
        return 0 if args else 2
    from untrain.engine.device import Device
    from untrain.tune.proposals import check_optuna
    from untrain.tune.search import summary
    from untrain.tune.trials import table

    problems = Problems()
    method = named(args[0], "tune")
    added = added_terms(args, problems)
    given = parse(
        args[1:],
        {"options": TuneOptions, "method": method, "device": Device, **added},
        problems,
        prog=f"untrain tune {args[0]}",
        about=inspect.getdoc(method) or "",
        inherited=inherited(args, method, problems),
        prefixed=tuple(added),
    )
    problems.attempt(check_optuna)
    options: TuneOptions = problems.settled(given.options)
    parts = [getattr(given, name) for name in added]
    terms = None if None in parts else parts
    search = composed(options, given.method, terms, given.device, problems)
    start, *rows = search.run()
    print(table(start, rows))
    print("\n".join(summary(search, rows)))
    return 0


def composed(
    options: TuneOptions,
    method: Method | None,
    terms: list[Term] | None,
    device: Device | None,
    problems: Problems,
) -> Search:
    """The search. Raises UserError with the problems found here and before."""
    from untrain.data.sets.splits import forget_each
    from untrain.engine.device import Device
    from untrain.runs.load import origin
    from untrain.tune.search import Search
    from untrain.tune.selection import Settings, healing_rate
    from untrain.tune.trials import check_folder

    if not options.forget.strip():
        problems.add(UserError("--forget is missing.", "--forget", "Say what: random:0.1, ..."))
    what = "the folder of the model to start from"
    folder = problems.attempt(needed, options.original, "--original", what)
    out = problems.attempt(needed, options.out, "--out", "the folder that the search is written to")
    out = problems.attempt(apart, out, folder) if folder else out
    before = problems.attempt(origin, folder, options.data_root)
    ranges = problems.attempt(searched, options, method, terms)
    retrain = path_of(options.retrain) if options.retrain.strip() else None

    def asked(before: Origin, method: Method, terms: list[Term]) -> Plan:
        splits = forget_each(before.split, [options.forget], before.images, before.data.split_seed)
        single = UnlearnOptions(forget=(options.forget,), seed=options.seed)
        plan = planned(single, before, splits, method, terms)
        return replace(plan, select=Settings(by=options.select, retrain=retrain))

    def made(plan: Plan, ranges: list[Range], out: Path, device: Device) -> Search:
        lr, batch = healing_rate(before.run) if before else (0.0, 0)
        return Search(
            plan=plan,
            ranges=ranges,
            trials=options.trials,
            out=out,
            device=device,
            margin=options.margin,
            loss=options.max_utility_loss,
            lr=lr,
            batch=batch,
        )

    plan = problems.attempt(asked, before, method, terms) if options.forget.strip() else None
    search = problems.attempt(made, plan, ranges, out, device)
    if search is not None:
        problems.add(*search.obstacles())
        key = problems.attempt(search.key)
        problems.attempt(check_folder, out, key)
    problems.attempt(Device.kind, device)
    problems.raise_all()
    return problems.settled(search)


def searched(options: TuneOptions, method: Method, terms: list[Term]) -> list[Range]:
    """The ranges to search. Raises UserError if there are none."""
    from untrain.tune.space import named, usual

    if options.search:
        return named(options.search, method, terms)
    found = usual(method, terms)
    if not found:
        raise UserError(
            f"'{method.name}' has nothing to search.",
            where="untrain tune",
            fix=f"Run it as it is: untrain unlearn {method.name} ...",
        )
    return found
