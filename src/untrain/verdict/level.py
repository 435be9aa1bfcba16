"""The healing test: the level after healing, judged by equivalence and by permutation."""

from __future__ import annotations

import numpy as np

from untrain.errors import UserError
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs, View
from untrain.metrics.membership.auc import stratified_auc
from untrain.metrics.membership.permutation import auc_column, mean_column, permutation_test
from untrain.metrics.membership.power import fails_at
from untrain.verdict.case import Case
from untrain.verdict.findings import Finding, Side, State
from untrain.verdict.goals import Goal, Terms
from untrain.verdict.healing import EPOCHS, RATES, heal

POINTS, WIDEST = 0.03, 0.05
"""Least margin of the level, and the widest one that still says something."""
FINE = 0.0105
"""Standard error with which an exact model passes in four of five audits."""
DEFINITION = (
    "accuracy on forgotten minus accuracy on unseen images of the same classes, after fine-tuning "
    "a copy on retained images alone, at the worse of two rates"
)


def level(forget: Outputs, unseen: Outputs) -> Estimate:
    """Accuracy on forgotten minus class-stratified accuracy on unseen images, as fractions.

    NaN where no class is in both.
    """
    value, variance = 0.0, 0.0
    labels = np.intersect1d(forget.labels, unseen.labels)
    total = int(np.isin(forget.labels, labels).sum())
    for label in labels:
        signs = {1: forget.take(forget.labels == label), -1: unseen.take(unseen.labels == label)}
        share = len(signs[1]) / total
        for sign, outputs in signs.items():
            right, count = int((outputs.predictions == label).sum()), len(outputs)
            smooth = (right + 0.5) / (count + 1)  # 100 % right is not without error
            value += sign * share * right / count
            variance += share**2 * smooth * (1 - smooth) / count
    return Estimate(value, variance**0.5) if total else Estimate(np.nan, np.nan)


def healed(case: Case, epochs: int) -> list[tuple[float, int, Outputs, Outputs]]:
    """Rate, passes, and answers on forgotten and unseen images; both rates, in time."""
    moments = tuple(sorted({one for one in EPOCHS if one < epochs} | {epochs}))
    base = case.view(case.party)
    watched = {"forget": base.forget, "unseen": base.reference}

    def make() -> dict[str, np.ndarray]:
        found = []
        for lr in (ratio * case.lr for ratio in RATES):
            found += heal(
                case.party.load(),
                case.task,
                {"forget": case.audited, "unseen": case.unseen},
                lr=lr,
                epochs=moments,
                batch=case.batch,
                device=case.device,
                what=f"healing {case.label}, lr {lr:g}",
            )
        logits = {name: np.stack([one.sets[name].logits for one in found]) for name in watched}
        lrs, at = np.array([one.lr for one in found]), np.array([one.epoch for one in found])
        return {**logits, "lr": lrs, "epoch": at}

    about = case.about(epochs=moments, lr=case.lr, batch=case.batch, rates=RATES)
    kept = case.shelf.get("healing", about, make)
    sets = [
        [Outputs(logits, of.labels, of.keys) for logits in kept[name]]
        for name, of in watched.items()
    ]
    return list(zip(map(float, kept["lr"]), map(int, kept["epoch"]), *sets, strict=True))


def healing(case: Case, terms: Terms, goal: Goal, auc_goal: Goal) -> Finding:
    """Do the forgotten images come back when the model is trained on the others?

    Judged after the last pass, at both rates; earlier passes are in `curve`.
    """
    try:
        points = healed(case, terms.epochs)
    except UserError as error:
        why = f"Healing could not be measured: {error.what}"
        return Finding(
            key="healing", title="Healing", definition=DEFINITION, sentence=why, state="open"
        )
    last = [(mine, other) for _, epoch, mine, other in points if epoch == terms.epochs]
    levels = [goal.apart(level(*pair)) for pair in last]
    aucs = [auc_goal.apart(_auc(*pair)) for pair in last]
    worst = levels[int(np.argmax([abs(one.value) for one in levels]))]
    margin = max(POINTS, 1.645 * max(one.error for one in levels) + 0.01)
    inside = all(one.within(-margin, margin, terms.level) for one in levels)
    inside = inside and all(one.within(-terms.margin, terms.margin, terms.level) for one in aucs)
    outside = [one.value / margin for one in levels if abs(one.value) > margin]
    outside += [one.value / terms.margin for one in aucs if abs(one.value) > terms.margin]
    both = (*levels, *aucs)
    p = (
        _joint(last, terms.deals)
        if goal.chance
        else min(1.0, len(both) * min(one.p(0) for one in both))
    )
    state: State = "pass" if inside and margin <= WIDEST else "open"
    side: Side = ""
    if p < terms.alpha and outside and goal.fails:
        state, side = "fail", "residual" if max(outside, key=abs) > 0 else "over"
    needed = round(len(last[0][0]) * max(1.0, (worst.error / FINE) ** 2))
    plain = _pair(case.view(case.party))
    before = goal.apart(level(*plain))
    known = abs(auc_goal.apart(_auc(*plain)).value) > terms.margin or before.value > margin
    low, high = worst.interval()
    return Finding(
        key="healing",
        title="Healing",
        definition=DEFINITION,
        sentence=_sentence(state, side, worst, margin, terms.epochs, known, aucs, needed),
        state=state,
        side=side,
        value=worst.value,
        low=low,
        high=high,
        target=0.0,
        margin=margin,
        p=p,
        sees=fails_at(worst.error, margin, terms.alpha),
        more={
            "before": before.value,
            "clears": max(abs(one.value) + 1.645 * one.error for one in levels),
            "needed": needed,
            "levels": [one.value for one in levels],
            "aucs": [one.value + auc_goal.value for one in aucs],
            "curve": [_row(*point) for point in points],
        },
    )


def _pair(seen: View) -> tuple[Outputs, Outputs]:
    return seen.forget, seen.reference


def _auc(forget: Outputs, unseen: Outputs) -> Estimate:
    return stratified_auc(forget.margin, forget.labels, unseen.margin, unseen.labels)


def _row(lr: float, epoch: int, forget: Outputs, unseen: Outputs) -> dict[str, float]:
    found = level(forget, unseen)
    own = float((forget.predictions == forget.labels).mean())
    values = {"forget": own, "unseen": own - found.value, "level": found.value}
    return {"lr": lr, "epoch": epoch, **values, "auc": _auc(forget, unseen).value}


def _joint(pairs: list[tuple[Outputs, Outputs]], deals: int) -> float:
    """Permutation p of the largest departure, over both rates, in accuracy and in margin."""
    labels = np.concatenate([pairs[0][0].labels, pairs[0][1].labels])
    mine = np.arange(len(labels)) < len(pairs[0][0])
    columns = []
    for pair in pairs:
        right = np.concatenate([one.predictions == one.labels for one in pair])
        margins = np.concatenate([one.margin for one in pair])
        columns += [
            mean_column(right.astype(np.float64), mine, labels),
            auc_column(margins, mine, labels),
        ]
    return permutation_test(np.stack(columns, 1), mine, labels, deals=deals).joint


def _sentence(
    state: State,
    side: Side,
    worst: Estimate,
    margin: float,
    epochs: int,
    known: bool,
    aucs: list[Estimate],
    needed: int,
) -> str:
    after = f"After {epochs} passes over retained images alone, the forgotten ones"
    by = f"{100 * worst.value:+.1f} points from unseen ones (limit ±{100 * margin:.1f})"
    far = max(aucs, key=lambda one: abs(one.value)).value
    if abs(worst.value) <= margin and state == "fail":
        by = f"{by}, but {100 * abs(far):.1f} points of AUC from the goal"
    if state == "fail" and side == "residual" and known:
        return f"{after} are known as before: {by}."
    if state == "fail" and side == "residual":
        return f"{after} stand out: {by}. Their memory was hidden, not gone."
    if state == "fail":
        return f"{after} stay less known than unseen ones: {by}."
    if state == "pass":
        return f"{after} did not come back: {by}."
    if margin > WIDEST:
        return (
            f"Healing cannot be judged with so few images: the narrowest limit is "
            f"±{100 * margin:.1f} points, wider than ±{100 * WIDEST:.0f}."
        )
    return (
        f"{after} lie {by}, AUC {far:+.3f} from its goal: neither in nor out for sure. A clean "
        f"model passes in four of five audits with about {needed} forgotten images."
    )
