"""One sentence per surprising row: what a number means and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from untrain.metrics.evidence import View
from untrain.metrics.membership import membership_auc

if TYPE_CHECKING:
    from untrain.metrics.audit import Audit, Row

KNOWS = 99.0
"""Retain accuracy (%) under which an Original does not know its training set."""

SHORT = 5.0
"""Points of retain accuracy by which a Retrain may lie under its Original."""
LOST = 5.0
"""Points of test accuracy lost to Retrain from which on that is said."""
DESTROYED = 10.0
"""Points of test accuracy lost to Retrain beyond which a model is of no use."""


def remark(audit: Audit, sample: View, requests: Sequence[int] = ()) -> None:
    """Give surprising rows their sentence, and the audit the notes that hold for all rows.

    requests: how many images each request forgets, where there are several.
    """
    rows = {row.label: row for row in audit.rows}
    original, retrain = rows.get("original"), rows.get("retrain")
    error = membership_auc(sample.forget, sample.reference)[1]
    for row in audit.rows:
        if row is original:
            row.remark = _original(row)
        elif row is retrain:
            row.remark = _retrain(row, original, error)
        else:
            row.remark = " ".join(
                filter(
                    None,
                    (
                        forgetting(row, original, retrain, len(sample.forget)),
                        _requests(row, retrain, requests),
                        utility(row, retrain),
                        _membership(row, retrain, error),
                    ),
                )
            )
    audit.notes.append(
        f"AUC: {len(sample.forget)} forgotten against {len(sample.reference)} never seen images; "
        f"standard error at chance {error:.3f}."
    )
    if requests:
        audit.notes.append("Several requests: a model's cost is that of its last one.")
    if sample.test_stands_in:
        audit.notes.append("There is no unseen set: the test set stands in for it.")
    if retrain is None:
        audit.notes.append(
            "No Retrain is given, so gaps are not computed. Train it: untrain train --forget RULE, "
            "and name it with --retrain."
        )
    elif len(retrain.seeds) < 2:
        audit.notes.append(
            "Floor: not known with one Retrain; train another with --seed to see how far two "
            "Retrains lie apart."
        )
    if min(len(row.seeds) for row in audit.rows) < 3:
        audit.notes.append("Fewer than 3 seeds: no standard deviation or interval is shown.")


def _original(row: Row) -> str:
    if row.mean("retain_accuracy") >= KNOWS:
        return ""
    return (
        f"RA {row.mean('retain_accuracy'):.1f}, under {KNOWS:.0f}: it does not know all of its "
        "training set, so there is less to forget; train it longer."
    )


def _retrain(row: Row, original: Row | None, error: float) -> str:
    if told := cut_short(row, original):
        return told
    if not abs(row.mean("membership_auc") - 0.5) > 3 * error:
        return ""
    return (
        f"AUC {row.mean('membership_auc'):.3f}: forgotten and unseen images differ even for a "
        "model that saw neither, so 0.5 is not the goal here; Retrain's value is."
    )


def cut_short(row: Means, original: Means | None) -> str:
    """Whether a Retrain knows its own training images less than the Original does."""
    knows = row.mean("retain_accuracy")
    if original is None or not knows < original.mean("retain_accuracy") - SHORT:
        return ""
    return (
        f"RA {knows:.1f} beside the Original's {original.mean('retain_accuracy'):.1f}: it was not "
        "trained to its end, so that gaps to it mean little; train it as the Original was."
    )


class Means(Protocol):
    """A row of a table: the mean of each measure over its seeds."""

    def mean(self, name: str) -> float: ...


def forgetting(
    row: Means, original: Means | None, retrain: Means | None, images: int, why: str = ""
) -> str:
    """UA beside the Original's and Retrain's, with a binomial margin.

    images: how many are forgotten. why: what the method itself had to say where it did nothing.
    """
    if retrain is None:
        return ""
    mine, goal = row.mean("unlearn_accuracy"), retrain.mean("unlearn_accuracy")
    side = forgot(row, original, retrain, images)
    if side == "nothing":
        knows = "every forgotten image" if mine == 0 else "what it was to forget"
        told = f"did nothing: UA {mine:.1f}, the model still knows {knows}, as the Original did"
        return (
            f"{told}. {why}" if why else f"{told}; make it stronger (a higher lr, or its own flag)."
        )
    if side == "less":
        return f"UA {mine:.1f} is below Retrain's {goal:.1f}: it has not forgotten enough."
    if side == "more":
        return f"UA {mine:.1f} is above Retrain's {goal:.1f}: it over-forgets, which is no merit."
    return ""


def forgot(
    row: Means, original: Means | None, retrain: Means, images: int
) -> Literal["nothing", "less", "more", ""]:
    """Whether it has forgotten less or more than Retrain by more than a binomial margin; nothing:
    as little as the Original."""
    mine, goal = row.mean("unlearn_accuracy"), retrain.mean("unlearn_accuracy")
    margin = _margin(goal, images)
    start = original.mean("unlearn_accuracy") if original else float("nan")
    if mine < goal - margin:
        return "nothing" if abs(mine - start) <= max(1.0, 100 / images) else "less"
    return "more" if mine > goal + margin else ""


def _margin(goal: float, images: int) -> float:
    """Two standard errors of the difference of two accuracies (%) on so many images."""
    share = min(max(goal / 100, 1 / images), 1 - 1 / images)
    return 200 * math.sqrt(2 * share * (1 - share) / images)


def _requests(row: Row, retrain: Row | None, requests: Sequence[int]) -> str:
    """Which of several requests are not forgotten, or known again after a later one."""
    if retrain is None:
        return ""
    known = []
    for number, images in enumerate(requests, 1):
        mine, goal = (one.mean(f"unlearn_accuracy_{number}") for one in (row, retrain))
        if mine < goal - _margin(goal, images):
            known.append(f"UA {number} {mine:.1f} (Retrain's {goal:.1f})")
    return f"Still known by request: {', '.join(known)}." if known else ""


def utility(row: Means, retrain: Means | None) -> str:
    """What was lost on test images."""
    if retrain is None:
        return ""
    lost = retrain.mean("test_accuracy") - row.mean("test_accuracy")
    if not lost >= LOST:
        return ""
    kind = "destroyed the model: it" if lost > DESTROYED else "It"
    return (
        f"{kind} lost {lost:.1f} points of test accuracy to Retrain; make it gentler (a lower lr, "
        "or its own flag) or let it repair for longer."
    )


def _membership(row: Row, retrain: Row | None, error: float) -> str:
    value = row.mean("membership_auc")
    goal = retrain.mean("membership_auc") if retrain else 0.5
    if not value - goal > 3 * error:
        return ""
    return f"AUC {value:.3f}: forgotten images can still be told from unseen ones."
