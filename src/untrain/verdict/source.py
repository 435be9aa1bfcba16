"""Requests that are like no unseen set, and small ones: models that never saw the images decide.

One person's photographs are not drawn like the rest of the data, so that one half is the wrong
goal: what a model gives that never saw them is the right one. And few images are judged one by
one, each by its likelihood beside that under such models (RMIA).
"""

from __future__ import annotations

import numpy as np

from untrain.metrics import signals
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership.power import fails_at
from untrain.metrics.membership.reference import exposure, log_ratio
from untrain.verdict.case import Case, rows_of
from untrain.verdict.conditions import comparable
from untrain.verdict.findings import Condition, Finding, Side, State, off
from untrain.verdict.goals import Goal, Terms, measured_goal
from untrain.verdict.level import level
from untrain.verdict.population import margin_auc

FEWEST = 2
"""Models without which the goal of another source has no error."""
DEFINITION = (
    "AUC of the likelihood relative to models that never saw the forgotten images, forgotten "
    "against unseen of the same class; chance is 50 %"
)
LISTED = 50
"""Images whose rank is told one by one."""


def goals(case: Case, alpha: float) -> tuple[Condition, Goal, Goal]:
    """Whether the sets may be compared, and the goals of the AUC and of the level.

    Sets of different sources can be compared where at least FEWEST models never saw the forgotten
    images: their values are the goals then.
    """
    found = comparable(case)
    if found.met is not False or len(case.never_saw) < FEWEST:
        fix = (
            ""
            if found.met is not False
            else f" Name {FEWEST} or more models that never saw them, which say what is usual "
            "(--reference; cheaper ones will do)."
        )
        told = Condition(
            key=found.key,
            title=found.title,
            met=found.met,
            sentence=found.sentence + fix,
            more=found.more,
        )
        return told, Goal(0.5), Goal(0.0)
    views = [case.view(party) for party in case.never_saw]
    fails = not case.references
    sentence = f"{found.sentence} They are judged by {len(views)} models that never saw them."
    told = Condition(key=found.key, title=found.title, met=True, sentence=sentence, more=found.more)
    return (
        told,
        measured_goal(views, lambda seen: margin_auc(seen).value, alpha, fails),
        measured_goal(views, lambda seen: level(seen.forget, seen.reference).value, alpha, fails),
    )


def references(case: Case, terms: Terms) -> Finding:
    """The request as a whole and each image of it, beside models that never saw them."""
    title = "Beside models that never saw them"
    if not case.never_saw:
        why = "No model that never saw the images is named (--reference, --retrain)."
        return off("references", title, DEFINITION, why)
    seen = case.view(case.party)
    ratios = []
    for outputs, name in ((seen.forget, "forget"), (seen.reference, "reference")):
        others = [getattr(case.view(party), name) for party in case.never_saw]
        lined = [signals.loss(_in_order(one, outputs)) for one in others]
        ratios.append(log_ratio(signals.loss(outputs), np.stack(lined), a=1))
    found = exposure(
        ratios[0],
        seen.forget.labels,
        ratios[1],
        seen.reference.labels,
        references=len(case.never_saw),
        deals=terms.deals,
    )
    apart = Goal(0.5).apart(found.auc)
    state: State = "pass" if apart.within(-terms.margin, terms.margin, terms.level) else "open"
    side: Side = ""
    if found.p_differs < terms.alpha and abs(apart.value) > terms.margin:
        state, side = "fail", "residual" if apart.value > 0 else "over"
    low, high = found.auc.interval()
    words = (
        f"Beside {_count(len(case.never_saw))} that never saw them, forgotten images look more "
        f"known than unseen ones in {100 * found.auc.value:.1f} % of pairs (chance 50 %, 95 % "
        f"{100 * max(low, 0):.1f} to {100 * min(high, 1):.1f}, p {found.p_differs:.3g})"
    )
    exposed = [str(seen.forget.keys[at]) for at in found.records.listed]
    order = np.argsort(found.records.p)[:LISTED]
    return Finding(
        key="references",
        title=title,
        definition=DEFINITION,
        sentence=words + (f"; {len(exposed)} stand out by themselves." if exposed else "."),
        state=state,
        side=side,
        value=found.auc.value,
        low=low,
        high=high,
        target=0.5,
        margin=terms.margin,
        p=found.p_differs,
        sees=fails_at(apart.error, terms.margin, terms.alpha),
        beside={"chance": 0.5},
        more={
            "references": len(case.never_saw),
            "p_known": found.p_known,
            "listed": exposed,
            "ranks": {
                str(seen.forget.keys[at]): float(found.records.p[at])
                for at in order
                if len(seen.forget) <= LISTED
            },
        },
    )


def _count(models: int) -> str:
    return "a model" if models == 1 else f"{models} models"


def _in_order(outputs: Outputs, like: Outputs) -> Outputs:
    """The same images in the order of another model's."""
    return outputs.take(rows_of(outputs, like.keys))
