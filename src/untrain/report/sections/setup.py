"""How everything was made: settings, a log of each run, data, environment, and commands."""

from __future__ import annotations

import re
from collections.abc import Sequence

from untrain.bench.job import Result
from untrain.bench.kept.retold import retold
from untrain.bench.numbers.mixing import mixed
from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.main import shown_metrics
from untrain.report.content import Answer, Facts, Part, Section
from untrain.report.data import Report, listed, shown
from untrain.report.sections.hyperparameters import everything, overview
from untrain.report.sections.process import log, time
from untrain.report.sections.provenance import data, distinct, environment
from untrain.report.sections.wording import seeds

VERBS = ("train", "unlearn", "import", "tune", "bench", "demo")
"""What makes runs."""
PLACES = ("DATA", "PATH", "RUNS", "STORE")
"""What stands for a place of the reader's own in a command."""


def answer(report: Report, table: Table) -> Answer | None:
    runs = [run for row in table.rows for run in row.runs]
    if not runs:
        return None
    parts: list[Part] = [
        commands(report, table),
        overview(table),
        *everything(table),
        data(table),
        environment(runs),
        log(table),
        *([glossary(table)] if table is report.tables[0] else []),
    ]
    return Answer(sentence=sentence(table, runs), parts=[part for part in parts if _filled(part)])


def _filled(part: Part) -> bool:
    return bool(part.pairs) if isinstance(part, Facts) else True


def sentence(table: Table, runs: Sequence[Result]) -> str:
    """How many runs of what, on what, and when."""
    devices = distinct(runs, "device")
    versions = distinct(runs, "untrain")
    models = "one model" if len(table.rows) == 1 else f"{len(table.rows)} models"
    told = f"{len(runs)} runs of {models}" if len(runs) > 1 else "One run"
    told += f" with {seeds(len({run.cell.train_seed for run in runs}))}"
    told += f", on {' and '.join(devices)}" if devices else ""
    told += f", by untrain {' and '.join(versions)}" if versions else ""
    ended = sorted(filter(None, (time(run, "ended") for run in runs)))
    days = list(dict.fromkeys(one[:10] for one in (ended[:1] + ended[-1:])))
    told += f", {' to '.join(days)}." if days else "."
    return told + (' They do not share everything: see "Environment".' if mixed(runs) else "")


def commands(report: Report, table: Table) -> Facts:
    """What makes this page and the runs, told once, and each row by itself."""
    whole = [("this page", report.command), ("the runs", report.make)]
    pairs = whole if table is report.tables[0] else []
    for row in table.rows:
        own = dict.fromkeys(str(run.about.get("command", "")) for run in row.runs)
        pairs += [(shown(row.label), retold(command)) for command in own if makes(command)]
    known = [(name, command) for name, command in pairs if command]
    once = {command: name for name, command in reversed(known)}
    places = {place for place in PLACES for _, command in known if place in _words(command)}
    told = f" ({listed(sorted(places))}: places of your own)" if places else ""
    return Facts(
        key="setup-commands",
        title=f"Commands that make this again{told}",
        pairs=[(_who(name, command, known), command) for command, name in reversed(once.items())],
        code=True,
    )


def makes(command: str) -> bool:
    """Whether a recorded command is one of ours that makes runs; scripts and older verbs are not
    told, as nobody could run them."""
    words = command.split(" ")
    return words[0] == "untrain" and len(words) > 1 and words[1] in VERBS


def _words(command: str) -> set[str]:
    return set(re.split(r"[ /=]", command))


def _who(name: str, command: str, known: Sequence[tuple[str, str]]) -> str:
    """Whose command it is, with how many others share it."""
    more = len({one for one, other in known if other == command}) - 1
    return f"{name} and {more} more" if more else name


def glossary(table: Table) -> Facts:
    """Every measure in a sentence."""
    pairs = [(m.short, f"{m.definition}. Goal: {m.goal}.") for m in shown_metrics(table)]
    pairs += [
        ("gap", "|mean - Retrain's mean|, averaged over the measures that the gap names."),
        ("floor", "the gap that two groups of Retrains of these sizes would have by chance."),
        ("paired gap", "the mean over seeds of the gap to the Retrain of the same seed."),
        ("[low, high]", "95 % interval; of the gap by bootstrap over seeds, too narrow for few."),
        ("±", "standard deviation over seeds, from three seeds on."),
        ("seed", "of the training run; methods are paired with the Retrain of the same seed."),
    ]
    return Facts(key="setup-glossary", title="What the words mean", pairs=pairs, folded=True)


SECTION = Section(
    key="setup",
    question="How was this made?",
    reading=(
        "Everything needed to make this again, and to check that the same data were forgotten in "
        "each row: equal hashes are equal sets. A mark behind a setting says that it is not the "
        "default. Seconds are of training alone."
    ),
    answer=answer,
)
