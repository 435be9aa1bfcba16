"""Single images, and the attacks that the literature knows."""

from __future__ import annotations

from untrain.metrics.membership.attacks import attacks
from untrain.metrics.membership.conformal import conformal, discoveries
from untrain.metrics.membership.lowfpr import qmia, tpr_at_fpr
from untrain.verdict.case import Case
from untrain.verdict.conditions import scores
from untrain.verdict.findings import Finding, State, off
from untrain.verdict.goals import Terms
from untrain.verdict.gradients import norms

FPR, TPR = 0.01, 0.03
"""Recognised forgotten images at 1 % false ones: an upper limit of 3 % passes."""
RECORDS = (
    "forgotten images recognised when 1 % of unseen ones are, wrongly; and those whose margin "
    "unseen images of their class hardly ever reach (false discoveries 10 %)"
)
ATTACKS = (
    "AUC of the strongest of the known attacks (loss, confidence, margin, hinge, entropy, modified "
    "entropy, correctness, last-layer gradient), within classes; p of the largest of them"
)


def records(case: Case, terms: Terms) -> Finding:
    """Are single images still recognisable? Information and a limit, never a FAIL by itself."""
    seen = case.view(case.party)
    found, low_fpr = conformal(*scores(seen)), tpr_at_fpr(*scores(seen), fpr=FPR)
    title = "Single images"
    if low_fpr is None:
        return off("records", title, RECORDS, "No class is in both sets.")
    own = qmia(*scores(seen), fpr=FPR)
    n, listed = low_fpr.n, seen.forget.keys[found.listed]
    upper = low_fpr.interval[1]
    sure = discoveries(found.p, terms.level)
    state: State = "pass" if upper <= TPR and not len(sure) else "open"
    sentence = f"Individual images still recognisable: {len(listed)} of {n}"
    if found.smallest is None:
        sentence += " (with so few unseen images none could have been listed)"
    elif found.smallest > 1:
        sentence += f" (fewer than {found.smallest} together could not have been seen)"
    sentence += f"; {100 * low_fpr.rate:.1f} % look trained-on at 1 % false alarms"
    sentence += "." if upper <= TPR else f" (up to {100 * upper:.1f} %, limit {100 * TPR:.0f})."
    return Finding(
        key="records",
        title=title,
        definition=RECORDS,
        sentence=sentence,
        state=state,
        value=low_fpr.rate,
        low=low_fpr.interval[0],
        high=upper,
        target=FPR,
        margin=TPR - FPR,
        p=low_fpr.p,
        beside={"chance": FPR},
        more={
            "listed": list(map(str, listed)),
            "smallest": found.smallest,
            "mean": found.mean,
            "shape_p": found.shape_p,
            "pooled": found.pooled,
            "qmia": None if own is None else {"rate": own.rate, "interval": own.interval},
        },
    )


def known_attacks(case: Case, terms: Terms) -> Finding:
    """The attacks of the literature, together. They stand against a PASS, and fail nothing: what
    they see is what the level and the shape are judged by."""
    seen, title = case.view(case.party), "Known attacks"
    found = attacks(
        seen.forget,
        seen.reference,
        forget_norms=norms(case)[0],
        unseen_norms=norms(case)[1],
        deals=terms.deals,
    )
    best = found.strongest
    if best is None:
        return off("attacks", title, ATTACKS, "No class is in both sets.")
    inside = [
        one.auc.within(0.5 - terms.margin, 0.5 + terms.margin, terms.level) for one in found.rows
    ]
    low, high = best.auc.interval()
    words = f"the strongest, {best.name}, is right in {100 * best.auc.value:.1f} % of pairs"
    return Finding(
        key="attacks",
        title=title,
        definition=ATTACKS,
        sentence=f"Of {len(found.rows)} known attacks {words} (chance 50 %, p of all "
        f"{found.joint:.3g}){'.' if all(inside) else ': not surely inside its limit.'}",
        state="pass" if all(inside) else "open",
        value=best.auc.value,
        low=low,
        high=high,
        target=0.5,
        margin=terms.margin,
        p=found.joint,
        beside={"chance": 0.5},
        more={
            one.name: {"auc": one.auc.value, "p": one.p, "balanced": one.balanced.value}
            for one in found.rows
        },
    )
