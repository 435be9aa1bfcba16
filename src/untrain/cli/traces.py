"""`untrain traces RUN`: where erased images still are; `--purge` removes what it can."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from untrain.cli.doctor import size
from untrain.errors import GATE, MISSING, Problems, UserError
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.traces.erased import Erased
    from untrain.traces.holdings import Trace

REMAINS = (
    "Not covered: backups, copies elsewhere, runs and exports in other folders, names of folders, "
    "and what a disk keeps of removed files."
)
VALUES = ("--original", "--forget", "--data-root")
"""Flags that take one value."""


@dataclass(frozen=True, kw_only=True)
class TracesOptions:
    """Which images, where to look, and whether to remove what is found."""

    runs: tuple[Path, ...] = ()
    """Runs that have forgotten the images (runs beside them are searched), or folders of runs
    and exports to search; default: runs."""
    original: str = ""
    """With --forget: the run whose training images the rule selects from."""
    forget: str = ""
    """The images as the forget rule names them, in place of a run that has forgotten them."""
    data_root: str = ""
    """Folder with local data, if it has moved since."""
    purge: bool = False
    """Remove what can be removed."""
    models: bool = False
    """With --purge: also weights that were trained on the images, such as the Original's."""
    yes: bool = False
    """Purge without a PASS of the audit."""
    json: bool = False
    """Print everything as JSON."""


def run(args: list[str]) -> int:
    import tyro

    options = tyro.cli(
        Annotated[TracesOptions, tyro.conf.arg(name="")],
        args=_ordered(args),
        prog="untrain traces",
        description="Where erased images still are: RUN ..., or FOLDER ... --forget RULE",
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    check(options, args)
    erased, folders = wanted(options)
    found, others = look(erased, folders, options.data_root)
    if not options.purge:
        tell(options, erased, found, others)
        return 0
    from untrain.traces.purge import chosen, purge

    todo = chosen(found, options.models)
    if todo and not (options.yes or passed(erased, found)):
        tell(options, erased, found, others)
        raise UserError(
            "Nothing was removed: no audit of a model that has forgotten them has ended in PASS.",
            where="untrain traces --purge",
            fix="Audit it first: untrain audit RUN. Or purge all the same: --yes.",
            code=GATE,
        )
    purge(todo, erased, lambda one: say(f"{'rewrote' if one.rewrite else 'removed'} {one.path}"))
    left, others = look(erased, folders, options.data_root)
    tell(options, erased, left, others, removed=todo)
    return 0


def check(options: TracesOptions, args: Sequence[str]) -> None:
    """Raise UserError with all flags that do not go together."""
    problems = Problems()
    if not all(map(str.strip, args)):
        problems.add(UserError("A name is empty.", "untrain traces", "Name folders of runs."))
    if options.original and not options.forget:
        fix = "Give --forget RULE as well, or name a run that has forgotten them."
        problems.add(UserError("--original without --forget names no images.", "--original", fix))
    for flag, given in (("--models", options.models), ("--yes", options.yes)):
        if given and not options.purge:
            what = f"{flag} says how to purge, and --purge is missing."
            problems.add(UserError(what, flag, "Give --purge as well, or leave it out."))
    problems.raise_all()


def wanted(options: TracesOptions) -> tuple[Erased, list[Path]]:
    """The images that are meant, and the folders to look through."""
    from untrain.config import path_of
    from untrain.runs.load import described, is_run
    from untrain.traces.erased import runs_below
    from untrain.traces.exports import exports_below
    from untrain.traces.request import by_folder, by_rule, by_runs, home

    named = [path_of(str(path)) for path in options.runs]
    if not named:
        named = [home(path_of(options.original))] if options.original else [Path("runs")]
    runs = [path for path in named if is_run(path)]
    folders = list(dict.fromkeys(home(path) if path in runs else path for path in named))
    problems = Problems()
    for folder in folders:
        if not folder.is_dir():
            problems.attempt(described, folder)  # says what it may have meant
        elif not (runs_below(folder) or exports_below(folder)):
            fix = "Name a run, or a folder of runs or of exports."
            problems.add(UserError(f"{folder} holds no run.", "untrain traces", fix, MISSING))
    problems.raise_all()
    if options.forget:
        original = path_of(options.original) if options.original else None
        return by_rule(options.forget, original, folders, options.data_root), folders
    return (by_runs(runs) if runs else by_folder(folders)), folders


def look(erased: Erased, folders: Sequence[Path], root: str) -> tuple[list[Trace], int]:
    """All traces, and how many runs are of other data sets."""
    from untrain.traces.find import below
    from untrain.traces.stores import in_cache, sources

    found, others = below(folders, erased)
    return found + in_cache(erased) + sources(erased, root), others


def passed(erased: Erased, found: Sequence[Trace]) -> bool:
    """Whether the runs that were named have passed their audit; with a rule, whether any has."""
    from untrain.traces.holdings import verdict_of

    if erased.runs:
        return all(verdict_of(folder) == "PASS" for folder in erased.runs)
    return any(verdict_of(one.path.parent) == "PASS" for one in found if one.kind == "answer")


def tell(
    options: TracesOptions,
    erased: Erased,
    found: Sequence[Trace],
    others: int,
    removed: Sequence[Trace] = (),
) -> None:
    """Print what is there, what can go and what stays."""
    if options.json:
        rules, images = list(erased.rules), len(erased)
        content: dict[str, Any] = {"request": {"images": images, "rules": rules}}
        content |= {"traces": listed(found), "removed": listed(removed)}
        print(json.dumps(content | {"other_runs": others, "not_covered": REMAINS}, indent=2))
        return
    print(f"{len(erased)} erased images ({', then '.join(erased.rules)})\n")
    parts = (
        ("removed", removed),
        ("--purge removes", [one for one in found if one.purge == "yes"]),
        ("--purge --models removes", [one for one in found if one.purge == "models"]),
        ("stays", [one for one in found if one.purge == "no"]),
    )
    for title, traces in parts:
        if traces:
            print(title)
        for one in traces:
            print(f"  {one.path}  ({size(one.bytes)})\n      {one.holds}; {one.cost}")
    if not any(one.purge == "yes" for one in found):
        print("Nothing is left that --purge would remove.")
    if others:
        print(f"Runs of other data sets, which were not compared: {others}.")
    print(REMAINS)


def listed(traces: Sequence[Trace]) -> list[dict[str, Any]]:
    """The traces as plain values."""
    names = ("kind", "holds", "bytes", "purge", "cost")
    return [
        {"path": str(one.path)} | {name: getattr(one, name) for name in names} for one in traces
    ]


def _ordered(args: list[str]) -> list[str]:
    """The same, with the folders that follow no flag behind --runs."""
    runs: list[str] = []
    flags: list[str] = []
    for arg in args:
        if arg.startswith("-"):
            flags += [arg] * (arg != "--runs")
        elif flags and flags[-1] in VALUES:
            flags.append(arg)
        else:
            runs.append(arg)
    return [*(["--runs", *runs] if runs else []), *flags]
