"""Class requests: is the class itself gone, beside a model that never saw it?

Unseen images of a class tell whether the erased images stand out among their like; they are blind
to knowledge of the class, and hiding its row of the head passes them. So the class must not be
better recovered than from a control: a Retrain, or a reference trained without it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm, t

from untrain.metrics.evidence import Outputs
from untrain.verdict.case import Case
from untrain.verdict.findings import Finding, State
from untrain.verdict.goals import Terms
from untrain.verdict.level import healed
from untrain.verdict.prototype import SHOTS, recovered

LIMIT = 0.10
"""How much more than the control may be recovered, as a share of the images."""
SPREAD, WORTH = 0.04, 3
"""Standard deviation between seeds of the recovered share in a small study (ten exact models, 0.43
to 0.57), and how many degrees of freedom it counts for beside the controls' own spread."""
DEFINITION = (
    "images of a forgotten class, unseen and forgotten ones, that are recognised after the class "
    f"is given the mean feature of {SHOTS} of its images, or after healing, less the same under "
    "models that never saw it; the larger of these"
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
        "unseen": excess(mine.unseen, [one.unseen for one in theirs], mine.images),
        "forgotten": excess(mine.forget, [one.forget for one in theirs], mine.left),
        "healed": Excess(known, allowed, _binomial(known, mine.images), np.inf),
    }
    return judged({name: one for name, one in parts.items() if not np.isnan(one.apart)}, terms)


class Excess(NamedTuple):
    """A recovered share, the controls' mean, the error of their difference, degrees of freedom."""

    mine: float
    goal: float
    error: float
    freedom: float

    @property
    def apart(self) -> float:
        return self.mine - self.goal

    def p(self) -> float:
        """One-sided, of the difference being LIMIT at most."""
        return float(t.sf((self.apart - LIMIT) / self.error, self.freedom))

    def upper(self, level: float) -> float:
        """The one-sided upper limit of the difference."""
        return float(self.apart + t.ppf(1 - level, self.freedom) * self.error)


def excess(mine: float, others: list[float], images: int) -> Excess:
    """The difference to controls of which each is a seed, as is the model itself."""
    values, more = np.array(others), len(others) - 1
    seen = float(values.var(ddof=1)) if more else 0.0
    between = (WORTH * SPREAD**2 + more * seen) / (WORTH + more)
    error = (_binomial(mine, images) ** 2 + between * (1 + 1 / len(values))) ** 0.5
    return Excess(mine, float(values.mean()), float(error), WORTH + more)


def judged(parts: dict[str, Excess], terms: Terms) -> Finding:
    """PASS where no recovery exceeds the controls' by LIMIT; FAIL where one surely does."""
    worst = max(parts, key=lambda name: parts[name].apart)
    top = parts[worst]
    p = min(1.0, len(parts) * min(one.p() for one in parts.values()))
    state: State = "open"
    if p < terms.alpha:
        state = "fail"
    elif all(one.upper(terms.level) < LIMIT for one in parts.values()):
        state = "pass"
    by = "healing" if worst == "healed" else f"the mean of {SHOTS} of its images"
    few = f"{100 * top.mine:.0f} % by {by}, {100 * top.goal:.0f} % in a model that never saw it"
    sentence = {
        "fail": f"The class is still there. It comes back to {few}.",
        "pass": f"The class comes back no better than in a model that never saw it: to {few}.",
        "open": f"The class comes back to {few}: neither in nor out for sure (limit "
        f"{100 * LIMIT:.0f} points).",
    }[state]
    half = float(t.ppf(0.975, top.freedom)) * top.error
    return Finding(
        key="control",
        title="The class",
        definition=DEFINITION,
        sentence=sentence,
        state=state,
        side="residual" if state == "fail" else "",
        value=top.apart,
        low=top.apart - half,
        high=top.apart + half,
        target=0.0,
        margin=LIMIT,
        p=p,
        sees=LIMIT + float(t.ppf(1 - terms.alpha, top.freedom) + norm.ppf(0.9)) * top.error,
        beside={
            f"{name} ({who})": getattr(one, who) for name, one in parts.items() for who in BOTH
        },
    )


BOTH = ("mine", "goal")


def _known(outputs: Outputs, case: Case) -> float:
    """Accuracy on the images of forgotten classes."""
    rows = np.isin(outputs.labels, case.task.gone_classes())
    return float((outputs.predictions == outputs.labels)[rows].mean()) if rows.any() else 0.0


def _binomial(share: float, images: int) -> float:
    smooth = (share * images + 0.5) / (images + 1)
    return float((smooth * (1 - smooth) / max(images, 1)) ** 0.5)
