"""`untrain audit RUN ... --retrain RUN ...`: the table against Retrain."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from untrain.errors import Problems, UserError
from untrain.progress import say

SWITCHES = ("--choosing", "--exact-mia", "--json", "--md")
"""Flags without a value."""


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """Which models, and how the table is printed."""

    runs: tuple[Path, ...] = ()
    """Folders of the Original and of unlearned models; equal settings are seeds of one row."""
    retrain: tuple[Path, ...] = ()
    """Folders of Retrains of the same forgotten images; two or more show the floor of the gap."""
    data_root: str = ""
    """Folder with local data, if it has moved since."""
    choosing: bool = False
    """Measure on val instead of test and unseen: for hyper-parameters and other choices."""
    exact_mia: bool = False
    """Fit the full SVM for MIA efficacy (slow) instead of the binned one."""
    json: bool = False
    """Print everything as JSON."""
    md: bool = False
    """Print a Markdown table."""


def run(args: list[str]) -> int:
    import tyro

    options = tyro.cli(
        Annotated[AuditOptions, tyro.conf.arg(name="")],
        args=_ordered(args),
        prog="untrain audit",
        description="Measure models against Retrain: RUN ... [--retrain RUN ...]",
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    problems = Problems()
    if not options.runs:
        fix = "Name their folders first: untrain audit RUN ... --retrain RUN ..."
        problems.add(UserError("No run is named.", "untrain audit", fix))
    if not all(map(str.strip, args)):
        problems.add(UserError("A name is empty.", "untrain audit", "Name the folders of runs."))
    if options.json and options.md:
        problems.add(UserError("--json and --md are two forms.", "--md", "Ask for one of them."))
    from untrain.metrics import table
    from untrain.metrics.audit import audit
    from untrain.runs.gather import gather

    found = gather(options.runs, options.retrain, options.data_root, problems)
    made = audit(
        found.subjects,
        found.retrains,
        found.keys,
        requests=found.requests,
        title=found.title,
        choosing=options.choosing,
        exact_mia=options.exact_mia,
    )
    if options.choosing:
        made.notes.insert(0, "Measured on val: these numbers are for choosing, not for reporting.")
    if options.json:
        print(json.dumps(table.values(made), indent=2))
    elif options.md:
        print(table.markdown(made))
    elif sys.stdout.isatty():
        print(table.text(made))
    else:
        print(table.tsv(made))
        say("\n".join(table.sentences(made)))
    return 0


def _ordered(args: list[str]) -> list[str]:
    """The same, with the folders that follow no flag of their own behind --runs."""
    runs: list[str] = []
    flags: list[str] = []
    words = runs
    for arg in args:
        if arg == "--runs" or arg in SWITCHES:
            words = runs
        elif arg.startswith("-"):
            words = flags
        if arg.startswith("-"):
            flags += [arg] * (arg != "--runs")
            continue
        words.append(arg)
        if flags[-2:-1] == ["--data-root"]:  # it takes one
            words = runs
    return [*(["--runs", *runs] if runs else []), *flags]
