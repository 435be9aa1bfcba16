"""Can it come back? Levels after healing, and times of relearning, from the audit."""

from __future__ import annotations

from collections.abc import Sequence

from untrain.bench.numbers.statistics import Row, Table
from untrain.report.content import Answer, Missing, Part, Section
from untrain.report.data import Report, listed, methods
from untrain.report.found.healed import figure as healing_figure
from untrain.report.found.healed import told as healed_told
from untrain.report.found.judged import Judged, judged, known, listed_of, some
from untrain.report.found.relearnt import figure as relearning_figure
from untrain.report.found.relearnt import told as relearnt_told
from untrain.report.sections.absent import unjudged

READING = (
    "Healing: a copy is trained further on retained images alone. If the forgotten ones then gain "
    "on unseen ones, the memory was hidden, not gone; a model that never saw them stays at 0. "
    "Relearning: forgotten images that are learnt faster than equally new ones (below 1) have left "
    "a trace. Shaded: inside of the limit. The sentence above has the worse of two learning rates."
)


def answer(report: Report, table: Table) -> Answer | None:
    """None where nothing was unlearned."""
    rows = methods(table)
    if not rows:
        return None
    found = judged(rows)
    healed = [one for one in found if known(one, "healing")]
    relearnt = [one for one in found if known(one, "relearning")]
    beside = judged([table.retrain]) if table.retrain else []
    parts: list[Part] = []
    if healed:
        drawn = healing_figure(table, [*beside, *healed])
        parts += [drawn] if drawn else []
    if relearnt:
        parts.append(relearning_figure(table, [*beside, *relearnt]))
    parts += _missing(report, table, found, healed, relearnt)
    return Answer(sentence=_sentence(healed, relearnt), parts=parts)


def _missing(
    report: Report,
    table: Table,
    found: Sequence[Judged],
    healed: Sequence[Judged],
    relearnt: Sequence[Judged],
) -> list[Part]:
    """Who was not audited, and whose audit could not measure it, with its own words."""
    audited = {one.row.label for one in found}
    left: list[Row] = [row for row in methods(table) if row.label not in audited]
    parts: list[Part] = []
    if left:
        names = some(left, bool(found))
        why = "Healing and relearning train copies of the model; the audit does it."
        parts.append(unjudged(report, left, table.retrain, f"Healing of {names}", why))
    for key, there in (("healing", healed), ("relearning", relearnt)):
        told: dict[str, list[str]] = {}
        for one in found:
            if one not in there:
                told.setdefault(_why(one, key), []).append(one.label)
        parts += [Missing(f"{key.capitalize()} of {listed(who)}", why) for why, who in told.items()]
    return parts


def _why(one: Judged, key: str) -> str:
    """What the audit itself had to say."""
    for _, values in one.runs:
        for value in listed_of(values, "findings"):
            if value.get("key") == key and value.get("sentence"):
                return str(value["sentence"])
    return "The audit has not made this test: it does not apply, or the audit ended before it."


def _sentence(healed: Sequence[Judged], relearnt: Sequence[Judged]) -> str:
    if not healed and not relearnt:
        return "Not known: no method was trained further to see whether its memory comes back."
    return " ".join(filter(None, (healed_told(healed), relearnt_told(relearnt))))


SECTION = Section(
    key="healing",
    question="Can it come back?",
    reading=READING,
    answer=answer,
)
