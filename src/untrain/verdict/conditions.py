"""Is the test meaningful? What must hold before any number of it says anything."""

from __future__ import annotations

import numpy as np

from untrain.metrics.evidence import Outputs, View
from untrain.metrics.membership.auc import stratified_auc
from untrain.metrics.membership.power import (
    noticed,
    records_needed,
    smallest_margin,
    stratified_margin,
)
from untrain.metrics.membership.strata import left_out
from untrain.metrics.membership.twosample import c2st
from untrain.verdict.blind import blind_features
from untrain.verdict.case import SMALL, Case
from untrain.verdict.findings import Condition
from untrain.verdict.goals import Terms

BLIND = 0.01
"""p-value of the blind baseline (two-sided) under which the unseen images are no match."""


def answers(case: Case) -> Condition:
    """A model that says the same of every image is not tested by asking it about images."""
    seen = case.view(case.party)
    logits = np.concatenate([seen.forget.logits, seen.reference.logits])
    constant = bool(np.ptp(logits, axis=0).max() < 1e-6 * max(1.0, float(np.abs(logits).max())))
    sentence = (
        "The model gives the same answer to every image, so that asking it shows nothing."
        if constant
        else "The model answers differently to different images."
    )
    return Condition(key="answers", title="Answers", met=not constant, sentence=sentence)


def comparable(case: Case) -> Condition:
    """The blind baseline: are forgotten and unseen images from one source?

    Told apart by features of no training at all, within classes; not met where the difference is
    significant. What it could not have seen is told.
    """
    images, labels = case.task.images, case.task.images.y.numpy()
    mine, other = case.audited, case.unseen
    found = c2st(
        blind_features(images, mine), labels[mine], blind_features(images, other), labels[other]
    )
    if np.isnan(found.value) and not np.isin(labels[mine], labels[other]).any():
        why = "No class is among both the forgotten and the unseen images."
        return Condition(key="comparable", title="Same source", met=False, sentence=why)
    if np.isnan(found.value):
        why = f"{len(mine)} forgotten images are too few to tell whether they are from one source."
        return Condition(key="comparable", title="Same source", met=None, sentence=why)
    met = not (found.value > 0.5 and found.p(0.5) < BLIND)
    if met:
        sentence = (
            f"Forgotten and unseen images look alike to a blind test ({100 * found.value:.1f} %, "
            f"chance 50 %; it would have noticed {100 * noticed(found.error):.0f} points)."
        )
    else:
        sentence = (
            "Forgotten and unseen images are not from one source: a test that knows no model tells "
            f"them apart in {100 * found.value:.1f} % of pairs (chance 50 %)."
        )
    low, high = found.interval()
    more = {"auc": found.value, "low": low, "high": high, "sees": noticed(found.error)}
    return Condition(key="comparable", title="Same source", met=met, sentence=sentence, more=more)


def exposed(case: Case, terms: Terms) -> Condition:
    """The positive control: did the model before it show these images at all?"""
    title = "Positive control"
    if case.original is None:
        why = (
            "The Original is not at hand, so that it is not known whether this test could have "
            "seen the images before: name it with --original."
        )
        return Condition(key="exposed", title=title, met=None, sentence=why)
    seen = case.view(case.original)
    found = stratified_auc(*scores(seen))
    low, high = found.interval(0.90)
    met = True if low > 0.5 + terms.margin else None if high > 0.5 + terms.margin else False
    span = f"90 % {100 * max(low, 0):.0f} to {100 * min(high, 1):.0f}"
    words = f"{100 * found.value:.1f} % of pairs (chance 50 %, {span})"
    told = {
        True: f"Before, the forgotten images could be told from unseen ones in {words}.",
        None: f"Whether the model showed these images before is not sure: {words}.",
        False: f"Even before, the model hardly showed these images: {words}. A test of behaviour "
        "cannot show that anything was removed.",
    }
    more = {"auc": found.value, "low": low, "high": high}
    return Condition(key="exposed", title=title, met=met, sentence=told[met], more=more)


def asked(case: Case, terms: Terms) -> list[Condition]:
    """Enough images, of classes that unseen images have too, which no choice has looked at."""
    seen = case.view(case.party)
    mine, other = seen.forget.labels, seen.reference.labels
    n, m = len(mine), len(other)
    least = stratified_margin(mine, other)
    plain = smallest_margin(n, m)
    made = [_enough(n, m, least, terms.margin * plain / least if least else terms.margin, terms)]
    lost = left_out(mine, other)
    if lost:
        why = f"{lost} of {n} forgotten images have no unseen image of their class beside them."
        made.append(Condition(key="covered", title="Covered", met=False, sentence=why))
    if case.choices_saw_all:
        why = (
            "A choice that made the model (its stop rule, its rewind) has looked at all forgotten "
            "images, so that they cannot clear it as well."
        )
        made.append(Condition(key="independent", title="Independent", met=False, sentence=why))
    return made


def _enough(n: int, m: int, least: float, wanted: float, terms: Terms) -> Condition:
    """least: noticed by so many images in their classes; wanted: the margin as if in one class."""
    needed = records_needed(wanted, m)
    met = bool(n >= SMALL and least <= terms.margin)
    sentence = (
        f"{n} forgotten and {m} unseen images would show a residual advantage of "
        f"{100 * least:.1f} points with 90 % probability"
    )
    if met:
        sentence += "."
    elif n < SMALL:
        sentence += (
            f": fewer than {SMALL} images cannot be cleared by asking. Only training again without "
            "them is exact (untrain train --forget RULE)."
        )
    else:
        few = needed is not None and n < needed < 10 * n
        more_of = f"; about {needed} are needed" if few else "; more unseen images are needed"
        sentence += f", more than the margin of {100 * terms.margin:.0f}{more_of}."
    more = {"forgotten": n, "unseen": m, "noticed": least, "needed": needed}
    return Condition(key="enough", title="Power", met=met, sentence=sentence, more=more)


def scores(seen: View) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Margins and labels, forgotten and unseen: what `stratified_auc` takes."""
    return (*_scored(seen.forget), *_scored(seen.reference))


def _scored(outputs: Outputs) -> tuple[np.ndarray, np.ndarray]:
    return outputs.margin, outputs.labels
