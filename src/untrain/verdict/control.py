"""Class requests: is the class itself gone, beside a model that never saw it?

Unseen images of a class tell whether the erased images stand out among their like; they are blind
to knowledge of the class, and hiding its row of the head passes them. So the class must not be
better recovered than from a control: a Retrain, or a reference trained without it.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership.power import noticed
from untrain.verdict.case import Case
from untrain.verdict.findings import Finding, State
from untrain.verdict.goals import Terms
from untrain.verdict.level import healed
from untrain.verdict.prototype import DRAWS, SHOTS, Recovered, recovered

LIMIT = 0.05
"""How much more than the control may be recovered, as a share of the images."""
DEFINITION = (
    f"unseen images of a forgotten class that are recognised after the class is given the mean "
    f"feature of {SHOTS} of its images, less the same under models that never saw it"
)


def control(case: Case, terms: Terms) -> Finding:
    """The class after prototype recovery and after healing, beside the controls."""
    mine = recovered(case.party.load(), case.task, case.unseen)
    others = [recovered(party.load(), case.task, case.unseen) for party in case.never_saw]
    theirs = [one for one in others if one is not None]
    if mine is None or not theirs:
        why = (
            "Whether the class itself is gone cannot be judged without a model that never saw it: "
            "train one (untrain train --forget RULE) and name it with --retrain or --reference."
            if mine is not None
            else "There are no unseen images of the forgotten class to recover it with."
        )
        return Finding(
            key="control", title="The class", definition=DEFINITION, sentence=why, state="open"
        )
    known = max(_known(other, case) for _, _, _, other in healed(case, terms.epochs))
    allowed = max(_known(case.view(party).reference, case) for party in case.never_saw)
    parts = {
        "after prototype recovery": (_difference(mine, theirs), mine.unseen),
        "after healing": (Estimate(known - allowed, _binomial(known, mine.images)), known),
    }
    return judged(parts, terms, float(np.mean([one.unseen for one in theirs])), mine, theirs)


def judged(
    parts: dict[str, tuple[Estimate, float]],
    terms: Terms,
    goal: float,
    mine: Recovered,
    theirs: list[Recovered],
) -> Finding:
    """PASS where no recovery exceeds the control's by LIMIT; FAIL where one surely does."""
    worst = max(parts, key=lambda name: parts[name][0].value)
    apart = parts[worst][0]
    p = min(
        1.0,
        len(parts) * min(float(norm.sf((e.value - LIMIT) / e.error)) for e, _ in parts.values()),
    )
    inside = all(one.interval(0.90)[1] < LIMIT for one, _ in parts.values())
    state: State = "fail" if p < terms.alpha else "pass" if inside else "open"
    few = f"{100 * mine.unseen:.0f} % of unseen images, {100 * goal:.0f} % under the control"
    sentence = {
        "fail": f"The class is still there: {SHOTS} of its images bring it back to {few}.",
        "pass": f"The class comes back no better than in a model that never saw it: {few}.",
        "open": f"{SHOTS} images of the class bring it back to {few}: neither in nor out for sure.",
    }[state]
    if state == "fail" and worst == "after healing":
        sentence = (
            f"The class is still there: it comes back by healing to {100 * parts[worst][1]:.0f} %."
        )
    low, high = apart.interval()
    return Finding(
        key="control",
        title="The class",
        definition=DEFINITION,
        sentence=sentence,
        state=state,
        side="residual" if state == "fail" else "",
        value=apart.value,
        low=low,
        high=high,
        target=0.0,
        margin=LIMIT,
        p=p,
        sees=noticed(apart.error),
        beside={
            "model": mine.unseen,
            "control": float(goal),
            "after healing": parts["after healing"][1],
        },
        more={"controls": [one.unseen for one in theirs], "images": mine.images},
    )


def _known(outputs: Outputs, case: Case) -> float:
    """Accuracy on the images of forgotten classes."""
    rows = np.isin(outputs.labels, case.task.gone_classes())
    return float((outputs.predictions == outputs.labels)[rows].mean()) if rows.any() else 0.0


def _binomial(share: float, images: int) -> float:
    smooth = (share * images + 0.5) / (images + 1)
    return float((smooth * (1 - smooth) / images) ** 0.5)


def _difference(mine: Recovered, theirs: list[Recovered]) -> Estimate:
    """Errors of the images, of the shots, and between controls where there are several."""
    values = np.array([one.unseen for one in theirs])
    variance = _binomial(mine.unseen, mine.images) ** 2 + mine.spread**2 / DRAWS
    within = float(
        np.mean([_binomial(o.unseen, o.images) ** 2 + o.spread**2 / DRAWS for o in theirs])
    )
    between = float(values.var(ddof=1)) if len(values) > 1 else 0.0
    variance += max(within, between) / len(values)
    return Estimate(mine.unseen - float(values.mean()), float(variance**0.5))
