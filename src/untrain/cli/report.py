"""`untrain report RESULTS`: one offline page that answers who is closest, at what cost, is it gone.

Reads what lies in the results; what is missing there and cheap is measured first.
"""

from __future__ import annotations

import shlex
import sys
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from untrain.cli.bench.asked import USUAL
from untrain.cli.page_file import exported, installed, target, write
from untrain.config import path_of
from untrain.errors import Problems, UserError
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.report.content import Section
    from untrain.report.data import Report
    from untrain.report.reading import Understood

SWITCHES = ("--thumbnails", "--open")
"""Flags without a value."""
FIRST = ("closest", "cost", "gone")
"""The answers that are printed."""


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """One page: of a run, of runs, of a study; of two result sets, how they differ."""

    results: tuple[str, ...] = ()
    """Folders of runs, or a folder that holds some; a store; a study by its name or file. A single
    run stands beside its Original and Retrains. Two sets: a comparison."""
    title: str = ""
    """What stands above the page, instead of data, network and request."""
    out: str = "report.html"
    """The page. A report that is there already is written anew; no other file is touched."""
    store: str = USUAL
    """Folder of the runs of studies."""
    size: str = "laptop"
    """The study's size: laptop or paper."""
    measure: Literal["quick", "all", "none"] = "quick"
    """What is measured first where it is missing. quick: accuracies, answers and destinations, from
    outputs that are kept; all: distances, layers and embeddings as well, which takes minutes; none:
    nothing."""
    export: str = ""
    """Folder into which tables (CSV, Markdown, LaTeX) and figures (SVG, PDF) are written too."""
    thumbnails: bool = False
    """Put up to 60 forgotten images into the page. Think of who will see it."""
    data_root: str = ""
    """Folder with local copies of the images, where something is to be measured."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where models run that have to be asked again."""
    open: bool = False
    """Show it in the browser."""


def run(args: list[str]) -> int:
    import tyro

    options = tyro.cli(
        Annotated[ReportOptions, tyro.conf.arg(name="")],
        args=ordered(args),
        prog="untrain report",
        description="One offline page: untrain report RUN | FOLDER | STUDY [-o report.html]",
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    problems = Problems()
    out = problems.attempt(target, options.out)
    problems.attempt(installed, "untrain report")
    problems.attempt(named, options.results)
    export = problems.attempt(exported, options.export)
    sets = problems.attempt(sets_of, options) if options.results else None
    problems.raise_all()
    sets, out = problems.settled(sets), problems.settled(out)
    if options.thumbnails and len(sets) > 1:
        fix = "Make a page of one of them."
        raise UserError("A comparison of two sets has no pictures.", "--thumbnails", fix)
    report, sections = told(sets, options)
    write(out, report, sections)
    summary(out, report, sections)
    if options.export and export is not None:
        from untrain.report.export import export as files

        written = files(report, sections, export)
        say(f"{len(written)} files in {export}")
    if options.open:
        webbrowser.open(out.resolve().as_uri())
    return 0


def told(sets: Sequence[Understood], options: ReportOptions) -> tuple[Report, Sequence[Section]]:
    """The report and its sections; of two sets those of a comparison."""
    from untrain.cli.measuring import Measuring
    from untrain.report.reading import read_understood
    from untrain.report.reading.portable import portable
    from untrain.report.sections import sections

    asked = Measuring(options.measure, options.data_root, options.device)
    notes = [] if options.measure == "none" else [asked.fill(found) for found in sets]
    for note in filter(None, dict.fromkeys(notes)):
        say(note)
    reports = [read_understood(found) for found in sets]
    if options.thumbnails:
        from untrain.cli.thumbnails import with_thumbnails

        say("warning: the page will hold forgotten images; whoever has it can see them")
        reports = [
            with_thumbnails(report, found, options.data_root)
            for report, found in zip(reports, sets, strict=True)
        ]
    if len(reports) == 1:
        return _titled(reports[0], options.title), sections()
    from untrain.report.comparing import compare

    one, other = reports
    first, second = (portable(path_of(word)) for word in options.results)
    words = ["untrain", "report", first, second]
    words += ["--store", portable(path_of(options.store))] if options.store != USUAL else []
    words += ["--size", options.size] if options.size != "laptop" else []
    made, chosen = compare(one, other, names=(first, second), command=shlex.join(words))
    return _titled(made, options.title), chosen


def _titled(report: Report, title: str) -> Report:
    """Under another title, which the command that makes the page again holds as well."""
    if not title:
        return report
    command = f"{report.command} {shlex.join(['--title', title])}"
    return replace(report, title=title, command=command)


def sets_of(options: ReportOptions) -> list[Understood]:
    """What the words mean: one set, or two to be compared.

    Raises UserError with everything that is wrong with any of them.
    """
    from untrain.cli.studied import studied
    from untrain.report.reading import understood
    from untrain.report.reading.places import is_run

    words = options.results
    paths = [path_of(word) for word in words]
    places = [path for path in paths if path.exists() and path.suffix != ".toml"]
    if len(places) == len(words) and (len(words) != 2 or any(map(is_run, places))):
        return [understood(places)]
    if len(words) > 2:
        fix = "Name two to compare them, or folders of runs to show them together."
        raise UserError(f"{len(words)} result sets are named.", "RESULTS", fix)
    problems = Problems()
    asked = [word for word, path in zip(words, paths, strict=True) if path not in places]
    found = []
    for word, path in zip(words, paths, strict=True):
        if path not in places:
            found.append(problems.attempt(studied, word, options.store, options.size))
        elif len(asked) == 1 and (path / "store.json").is_file():  # the same study in it
            found.append(problems.attempt(studied, asked[0], str(path), options.size))
        else:
            found.append(problems.attempt(understood, [path]))
    problems.raise_all()
    return [one for one in found if one is not None]


def named(results: Sequence[str]) -> None:
    """Raise UserError if nothing is named."""
    if not results or not all(word.strip() for word in results):
        raise UserError(
            "No results are named." if not results else "A name is empty.",
            where="untrain report",
            fix="Name a run's folder, a folder of runs, or a study: untrain report coun-table2",
        )


def summary(out: Path, report: Report, sections: Sequence[Section]) -> None:
    """The page's first answers, and where it is."""
    from untrain.report.answered import answered

    chosen = [one for one in sections if one.key in FIRST] or list(sections)[:3]
    print(report.title)
    for table in report.tables:
        if len(report.tables) > 1:
            print(f"\n{table.block}")
        for section in chosen:
            answer = answered(section, report, table)
            if answer is not None:
                print(f"  {section.question}\n    {answer.sentence}")
    for warning in report.warnings:
        say(f"warning: {warning}")
    print(f"\n{out} ({out.stat().st_size / 1e6:.1f} MB, opens without a network)")
    sys.stdout.flush()


def ordered(args: list[str]) -> list[str]:
    """The same with -o as --out, and words that follow no flag of their own behind --results."""
    words: list[str] = []
    flags: list[str] = []
    takes = False
    for arg in args:
        arg = "--out" + arg[2:] if arg == "-o" or arg.startswith("-o=") else arg
        if arg.startswith("-") and arg != "-":
            takes = "=" not in arg and arg not in (*SWITCHES, "--results", "-h", "--help")
            flags += [arg] * (arg != "--results")
        elif takes:
            flags.append(arg)
            takes = False
        else:
            words.append(arg)
    return [*(["--results", *words] if words else []), *flags]
