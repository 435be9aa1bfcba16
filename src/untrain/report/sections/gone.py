"""Is the data really gone? The verdicts of `untrain audit`, and what they rest on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from untrain.bench.numbers.statistics import Row, Table
from untrain.report.content import Answer, Facts, Missing, Part, Section, Verdicts, Word
from untrain.report.data import Report, listed, methods, shown
from untrain.report.found.doubts import doubts
from untrain.report.found.judged import (
    MANY,
    Judged,
    judged,
    listed_of,
    seed_of,
    some,
)
from untrain.report.found.tested import figure, sheet
from untrain.report.sections.absent import unjudged

READING = (
    "A model that never learnt from the forgotten images treats them like images it has never "
    "seen. Each test asks for a difference, and a PASS needs all of them shown to be inside of "
    "their limits. A model that knows the images less than new ones fails as well: whoever looks "
    "can see which were erased. INCONCLUSIVE is not a weak PASS."
)
FEW = 2
"""Reasons that are told in full."""


def answer(report: Report, table: Table) -> Answer | None:
    """None where nothing was unlearned."""
    rows = methods(table)
    if not rows:
        return None
    found, retrain = judged(rows), judged([table.retrain] if table.retrain else [])
    left = [row for row in rows if row.label not in {one.row.label for one in found}]
    parts: list[Part] = []
    if found:
        words = [_word(one) for one in found]
        parts.append(Verdicts("verdicts", words))
        parts.append(sheet(found, retrain))
        drawn = figure([*found, *retrain])
        parts += [drawn] if drawn else []
        parts += _unmet(found, {reason for word in words for reason in word.reasons})
    if left:
        parts.append(_missing(report, table, left, bool(found)))
    sentence = _sentence(found, left)
    if found and retrain:
        sentence += f" Retrain itself, audited alike: {retrain[0].word}."
    return Answer(sentence=sentence, parts=parts)


def _word(one: Judged) -> Word:
    """The worst word of the seeds, with the reasons of the first seed that has it."""
    words = [str(values.get("verdict", "")) for _, values in one.runs]
    run, values = one.runs[words.index(one.word)]
    reasons = [
        str(reason).replace(" (see the findings)", "") for reason in values.get("reasons") or []
    ]
    if len(reasons) > FEW + 1:
        reasons = [*reasons[:FEW], f"And {len(reasons) - FEW} more: see the numbers."]
    if len(words) > 1:
        told = [f"{seed_of(r)}: {word}" for (r, _), word in zip(one.runs, words, strict=True)]
        same = len(set(words)) == 1
        reasons.append(f"All {len(words)} audited seeds." if same else f"{listed(told)}.")
    else:
        reasons.append(f"Of {seed_of(run)} alone." if len(one.row.runs) > 1 else "")
    if one.word == "PASS":
        reasons.insert(0, "No trace was found, and traces above the limits would have been.")
    return Word(one.label, one.word, one.tone, [reason for reason in reasons if reason])


def _unmet(found: Sequence[Judged], said: set[str]) -> list[Part]:
    """Conditions that do not hold and are no reason on a card, once for all models of which they
    are told alike. said: the reasons on the cards."""
    told: dict[str, list[str]] = {}
    for one in found:
        for _, values in one.runs:
            for condition in listed_of(values, "conditions"):
                text = str(condition.get("sentence", ""))
                if condition.get("met") is not True and text not in said:
                    told.setdefault(text, []).append(one.label)
    pairs = [(listed(list(dict.fromkeys(who))), sentence) for sentence, who in told.items()]
    title = "What else stood in the way of these tests"
    return [Facts(key="unmet", title=title, pairs=pairs)] if pairs else []


def _missing(report: Report, table: Table, left: Sequence[Row], others: bool) -> Missing:
    names = some(left, others)
    why = "They have no verdict yet." if others else "No verdict has been made."
    why += " The command judges the first; others go alike." * (len(left) > MANY)
    aucs = [(shown(row.label), row.mean("membership_auc")) for row in left]
    known = [f"{name} {auc:.3f}" for name, auc in aucs if math.isfinite(auc)]
    if len(known) > MANY:
        values = sorted(auc for _, auc in aucs if math.isfinite(auc))
        known = [f"{values[0]:.3f} to {values[-1]:.3f}"]
    if known:
        beside = table.retrain.mean("membership_auc") if table.retrain else math.nan
        retrain = f", Retrain {beside:.3f}" if math.isfinite(beside) else ""
        why += (
            f" The AUC of the margin alone says {', '.join(known)}{retrain} (chance 0.5). That is "
            "no verdict: a model can look clean here and remember."
        )
    return unjudged(report, left, table.retrain, f"The audit of {names}", why)


def _sentence(found: Sequence[Judged], left: Sequence[Row]) -> str:
    if not found:
        what = "the one method has not" if len(left) == 1 else f"none of {len(left)} methods has"
        return f"Not known: {what} been audited{_auc(left)}."
    passed = [one.label for one in found if one.word == "PASS"]
    told = [
        *([f"{_many(passed)} {_verb(passed, 'passes')} the audit"] if passed else []),
        *_failed(found),
        *doubts(found),
    ]
    bad = [one for one in found if one.tone == "bad"]
    text = "; ".join(told)
    if bad and not passed:
        start = f"none of {len(found)} audited methods passes" if len(found) > 1 else "it fails"
        text = f"No: {start}. {text[0].upper()}{text[1:]}"
    else:
        text = f"{text[0].upper()}{text[1:]}"
    more = f" Not audited: {some(left, True)}." if left else ""
    return f"{text}.{_few(found)}{more}"


def _few(found: Sequence[Judged]) -> str:
    """Where not all seeds were audited, how many were."""
    least = min(len(one.runs) for one in found)
    all_seeds = max(len(one.row.runs) for one in found)
    if all(len(one.runs) == len(one.row.runs) for one in found):
        return ""
    return f" Audited: {'one seed' if least == 1 else f'{least} seeds'} of {all_seeds}."


def _many(names: Sequence[str]) -> str:
    return listed(names) if len(names) <= MANY else f"{len(names)} methods"


def _failed(found: Sequence[Judged]) -> list[str]:
    kinds = (
        ("FAIL-RESIDUAL", "still shows", "traces of the forgotten images"),
        ("FAIL-OVERFORGET", "knows", "them less than new images, which gives them away as well"),
    )
    told = []
    for word, verb, what in kinds:
        who = [one.label for one in found if one.word == word]
        told += [f"{_many(who)} {_verb(who, verb)} {what}"] if who else []
    return told


def _verb(who: Sequence[str], one: str) -> str:
    """The verb for one or several."""
    if len(who) == 1:
        return one
    first, _, last = one.rpartition(" ")
    plain = last.removesuffix("es") if last == "passes" else last.removesuffix("s")
    return f"{first} {plain}".strip()


def _auc(rows: Sequence[Row]) -> str:
    """The range of what the cheapest test gives."""
    known = [row.mean("membership_auc") for row in rows]
    known = [one for one in known if math.isfinite(one)]
    if not known:
        return ""
    low, high = f"{min(known):.3f}", f"{max(known):.3f}"
    span = low if low == high else f"{low} to {high}"
    return f"; the AUC alone, {span} beside 0.5 by chance, is no verdict"


SECTION = Section(
    key="gone",
    question="Is the data really gone?",
    reading=READING,
    answer=answer,
)
