"""Tests of the answers as they are: loss level, shape, where they go."""

from __future__ import annotations

import numpy as np

from untrain.metrics.distance.shift import between_sets
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import View
from untrain.metrics.membership.auc import stratified_auc
from untrain.metrics.membership.permutation import auc_column, permutation_test
from untrain.metrics.membership.power import fails_at
from untrain.metrics.membership.twosample import c2st, outputs_features
from untrain.verdict.case import Case, Party
from untrain.verdict.conditions import scores
from untrain.verdict.findings import Finding, Side, State, off
from untrain.verdict.goals import Goal, Terms
from untrain.verdict.gradients import gradients

STRAY = 0.05
"""How much further than by chance the destinations of the two sets may differ."""
LEVEL = "AUC of the margin, forgotten against unseen images of the same class; chance is 50 %"
SHAPE = "AUC of a classifier that learns from all of the answers to tell the two sets apart"
DESTINATION = (
    "total variation between the classes that forgotten images are sent to and those that unseen "
    "images of the same class are"
)


def margin_auc(seen: View) -> Estimate:
    """Stratified AUC of the margin."""
    return stratified_auc(*scores(seen))


def level_test(case: Case, terms: Terms, goal: Goal) -> Finding:
    """Is the loss of forgotten images that of unseen ones?"""
    seen = case.view(case.party)
    found = margin_auc(seen)
    apart = goal.apart(found)
    if np.isnan(found.value):
        return off("level", "Telling them apart", LEVEL, "No class is in both sets.")
    p = _permuted(seen, terms.deals) if goal.chance else apart.p(0)
    state: State = "pass" if apart.within(-terms.margin, terms.margin, terms.level) else "open"
    side: Side = ""
    if p < terms.alpha and abs(apart.value) > terms.margin and goal.fails:
        state, side = "fail", "residual" if apart.value > 0 else "over"
    low, high = found.interval()
    words = f"{100 * found.value:.1f} % of pairs ({_goal(goal)}, {_between(low, high)})"
    sentence = {
        "pass": f"Forgotten images can be told from unseen ones in {words}.",
        "open": f"Forgotten images can be told from unseen ones in {words}: neither in nor out of "
        f"{_between(goal.value - terms.margin, goal.value + terms.margin, '')} for sure.",
        "fail": f"Forgotten images can still be told from unseen ones, in {words}."
        if side == "residual"
        else f"Forgotten images stand out by being less known than unseen ones: {words}.",
    }[state]
    return Finding(
        key="level",
        title="Telling them apart",
        definition=LEVEL,
        sentence=sentence,
        state=state,
        side=side,
        value=found.value,
        low=low,
        high=high,
        target=goal.value,
        margin=terms.margin,
        p=p,
        sees=fails_at(apart.error, terms.margin, terms.alpha),
        beside=_beside(case),
        more={"clears": abs(apart.value) + 1.645 * apart.error, "error": found.error},
    )


def _between(low: float, high: float, level: str = "95 % ") -> str:
    return f"{level}{100 * low:.1f} to {100 * high:.1f}"


def _goal(goal: Goal) -> str:
    return f"{goal.words} {100 * goal.value:.0f} %"


def _permuted(seen: View, deals: int) -> float:
    margins, labels = (np.concatenate(pair) for pair in zip(*_two(seen), strict=True))
    mine = np.arange(len(labels)) < len(seen.forget)
    return permutation_test(auc_column(margins, mine, labels), mine, labels, deals=deals).joint


def _two(seen: View) -> list[tuple[np.ndarray, np.ndarray]]:
    a, b, c, d = scores(seen)
    return [(a, b), (c, d)]


def _beside(case: Case) -> dict[str, float]:
    """The same AUC for the Original and the Retrains, and chance."""

    def mean(parties: tuple[Party, ...]) -> float:
        return float(np.mean([margin_auc(case.view(one)).value for one in parties]))

    known = {"original": (case.original,) if case.original else (), "retrain": case.retrains}
    known["reference"] = case.references
    return {name: mean(of) for name, of in known.items() if of} | {"chance": 0.5}


def shape(case: Case, terms: Terms) -> Finding:
    """Does anything in the answers tell the two sets apart?"""
    seen = case.view(case.party)
    mine, other = seen.forget, seen.reference
    known = gradients(case)
    sets = [outputs_features(one, extra) for one, extra in zip((mine, other), known, strict=True)]
    found = c2st(sets[0], mine.labels, sets[1], other.labels)
    if np.isnan(found.value):
        why = "There are too few images to train and test a classifier on."
        return off("shape", "All answers together", SHAPE, why)
    low, high = found.interval()
    _, upper = found.interval(1 - 2 * terms.level)
    over = Estimate(found.value - terms.margin, found.error)
    p = over.p(0.5) / 2 if over.value > 0.5 else 1.0
    state: State = "pass" if upper <= 0.5 + terms.margin else "open"
    if p < terms.alpha:
        state = "fail"
    words = f"{100 * found.value:.1f} % (chance 50 %, {_between(low, high)})"
    ends = {"pass": ".", "open": ": not surely inside its limit.", "fail": ": they can be told."}
    return Finding(
        key="shape",
        title="All answers together",
        definition=SHAPE,
        sentence=f"A classifier of all answers tells the two sets apart in {words}{ends[state]}",
        state=state,
        side=_side(seen) if state == "fail" else "",
        value=found.value,
        low=low,
        high=high,
        target=0.5,
        margin=terms.margin,
        p=p,
        sees=fails_at(found.error, terms.margin, terms.alpha) + terms.margin,
        beside={"chance": 0.5},
    )


def destination(case: Case, terms: Terms) -> Finding:
    """Are forgotten images sent where unseen images of their class are?"""
    seen = case.view(case.party)
    found = between_sets(seen.forget, seen.reference)
    title = "Where they go"
    if np.isnan(found.distance.value):
        return off("destination", title, DESTINATION, "No class is in both sets.")
    limit = STRAY + found.floor
    state: State = "pass" if found.p > terms.level and found.distance.value <= limit else "open"
    if found.p < terms.alpha and found.distance.value > found.floor:
        state = "fail"
    share = 100 * found.distance.value
    words = f"differ by {share:.1f} points of share (by chance {100 * found.floor:.1f})"
    ends = {
        "pass": ".",
        "open": f": p {found.p:.3f}.",
        "fail": f", more than chance (p {found.p:.4f}).",
    }
    return Finding(
        key="destination",
        title=title,
        definition=DESTINATION,
        sentence=f"The classes that forgotten and unseen images are sent to {words}{ends[state]}",
        state=state,
        side=_side(seen) if state == "fail" else "",
        value=found.distance.value,
        low=found.interval[0],
        high=found.interval[1],
        target=found.floor,
        margin=STRAY,
        p=found.p,
        more={"left_out": found.left_out},
    )


def _side(seen: View) -> Side:
    """A difference of destinations is one of being known, or of being unknown."""
    return "residual" if margin_auc(seen).value >= 0.5 else "over"
