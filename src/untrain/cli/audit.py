"""`untrain audit RUN`: the page of one model; `untrain audit RUN ...`: a table beside Retrain."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from untrain.cli.shown import show, values
from untrain.errors import GATE, Problems, UserError

if TYPE_CHECKING:
    from untrain.engine.device import Device
    from untrain.metrics.audit import Audit
    from untrain.metrics.details import Details
    from untrain.verdict.examine import Verdict

SWITCHES = (
    "--benchmark",
    "--choosing",
    "--details",
    "--exact-mia",
    "--gate",
    "--json",
    "--md",
    "--verdict",
)
"""Flags without a value."""
LISTS = ("--reference", "--retrain", "--runs")
"""Flags with any number of values."""


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """One run: a verdict with its page, kept in RUN/audit. Several: a table beside Retrain."""

    runs: tuple[Path, ...] = ()
    """Folders of the Original and of unlearned models; equal settings are seeds of one row."""
    retrain: tuple[Path, ...] = ()
    """Folders of Retrains of the same forgotten images; two or more show the floor of the gap."""
    original: str = ""
    """The model before, the positive control of a verdict; looked for beside the run."""
    reference: tuple[Path, ...] = ()
    """Models that never saw the forgotten images, of any network and training: with them small and
    unusual requests can be judged."""
    verdict: bool = False
    """Judge each of several runs, in one table."""
    gate: bool = False
    """Exit with 4 unless every verdict is PASS (and --max-utility-loss is kept)."""
    margin: float = 0.05
    """How far from its goal an AUC may lie, in (0, 0.5)."""
    healing: int = 5
    """Passes over retained images, at two rates, that try to bring the forgotten ones back."""
    healing_lr: float = 0.0
    """The higher of the two rates; 0 is the Original's."""
    max_utility_loss: float = float("nan")
    """Points of test accuracy that may be lost to the Original; said beside the verdict."""
    benchmark: bool = False
    """A table of methods, from which nothing is chosen: candidates are not counted."""
    data_root: str = ""
    """Folder with local data, if it has moved since."""
    choosing: bool = False
    """The table on val instead of test and unseen: for hyper-parameters and other choices."""
    exact_mia: bool = False
    """Fit the full SVM for MIA efficacy (slow) instead of the binned one."""
    details: bool = False
    """More measures beside Retrain's: where images go, distances, features."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where healing and relearning compute."""
    threads: int = 0
    """CPU threads; 0 is torch's choice."""
    json: bool = False
    """Print everything as JSON."""
    md: bool = False
    """Print Markdown."""

    @property
    def judges(self) -> bool:
        """Whether verdicts are asked for, rather than the table alone."""
        return self.verdict or (len(self.runs) == 1 and not self.choosing)


def run(args: list[str]) -> int:
    import tyro

    options = tyro.cli(
        Annotated[AuditOptions, tyro.conf.arg(name="")],
        args=_ordered(args),
        prog="untrain audit",
        description="Is the data gone? RUN for a verdict, RUN ... [--retrain RUN ...] for a table",
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    problems = Problems()
    problems.add(*wrong(options, args))
    device = problems.attempt(_device, options)
    verdicts = judged(options, device, problems) if options.judges else []
    single = len(options.runs) == 1
    table = more = None
    if not options.judges or (single and options.retrain):
        table = compared(options, problems)
    if options.details:
        more = detailed(options, problems)
    planted = None if options.choosing else implanted(options)
    if options.json:
        print(json.dumps(values(single, verdicts, table, more, planted), indent=2))
    else:
        show(single, options.md, verdicts, table, more, planted)
    return GATE if options.gate and not all(one.gate for one in verdicts) else 0


def wrong(options: AuditOptions, args: list[str]) -> list[UserError]:
    """What is wrong with the flags by themselves."""
    fix = "Name their folders first: untrain audit RUN ... --retrain RUN ..."
    rules = (
        (not options.runs, "No run is named.", "untrain audit", fix),
        (not all(map(str.strip, args)), "A name is empty.", "untrain audit", "Name the folders."),
        (options.json and options.md, "--json and --md are two forms.", "--md", "Ask for one."),
        (
            not 0 < options.margin < 0.5,
            f"--margin {options.margin} is not in (0, 0.5).",
            "--margin",
            "Try 0.05, which is 5 points of AUC.",
        ),
        (options.healing < 1, f"--healing {options.healing} is under 1.", "--healing", "Try 5."),
        (
            not 0 <= options.healing_lr < float("inf"),
            f"--healing-lr {options.healing_lr} is no rate.",
            "--healing-lr",
            "Leave it out: it is then that of the Original's training.",
        ),
        (
            options.gate and not options.judges,
            "--gate needs verdicts.",
            "--gate",
            "Name one run, or add --verdict.",
        ),
        (
            options.gate and options.benchmark,
            "--benchmark counts no candidates, and a gate must.",
            "--benchmark",
            "Leave one of them out.",
        ),
        (
            not (math.isnan(options.max_utility_loss) or 0 <= options.max_utility_loss <= 100),
            f"--max-utility-loss {options.max_utility_loss:g} is not in [0, 100].",
            "--max-utility-loss",
            "Name points of test accuracy, or leave it out.",
        ),
        (
            len({*options.runs, *options.retrain}) < len(options.runs) + len(options.retrain),
            "A run is named twice.",
            "untrain audit",
            "Name it once; a copy says nothing new.",
        ),
        (
            options.choosing and options.verdict,
            "A verdict is not for choosing: it would use up what it judges by.",
            "--choosing",
            "Choose with untrain tune or --select, and audit the result once.",
        ),
    )
    return [UserError(what, where, fix) for bad, what, where, fix in rules if bad]


def _device(options: AuditOptions) -> Device:
    from untrain.engine.device import Device

    (device := Device(device=options.device, threads=options.threads)).kind()
    return device


def judged(options: AuditOptions, device: Device | None, problems: Problems) -> list[Verdict]:
    """The verdict on each run, kept in its folder."""
    from untrain.verdict.examine import examine
    from untrain.verdict.files import keep
    from untrain.verdict.folders import Asked, case_of
    from untrain.verdict.goals import Terms

    terms = Terms(options.margin, epochs=options.healing, loss=options.max_utility_loss)
    made = []
    for folder in options.runs:
        asked = Asked(
            run=folder,
            original=Path(options.original) if options.original else None,
            retrains=options.retrain,
            references=options.reference,
            root=options.data_root,
            benchmark=options.benchmark,
            rate=options.healing_lr,
            **({"device": device} if device else {}),
        )
        case = case_of(asked, problems)
        made.append(examine(case, terms))
        keep(made[-1], folder)
    return made


def compared(options: AuditOptions, problems: Problems) -> Audit:
    """The table against Retrain."""
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
    return made


def detailed(options: AuditOptions, problems: Problems) -> Details:
    """More measures beside Retrain."""
    from untrain.runs import embed
    from untrain.runs.gather import gather

    runs = _with_original(options)
    found = gather(runs, options.retrain, options.data_root, problems)
    return embed.detailed(found, runs, options.retrain, options.data_root)


def implanted(options: AuditOptions) -> Details | None:
    """What became of what was planted, where something was."""
    from untrain.runs.planted import what_was_planted

    return what_was_planted(_with_original(options), options.retrain, options.data_root)


def _with_original(options: AuditOptions) -> tuple[Path, ...]:
    """The runs; of a single one, the Original before it, where it is named."""
    single = options.original and len(options.runs) == 1
    return (*([Path(options.original)] if single else ()), *options.runs)


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
        if flags[-2:-1] and flags[-2].startswith("-") and flags[-2] not in LISTS:  # it takes one
            words = runs
    return [*(["--runs", *runs] if runs else []), *flags]
