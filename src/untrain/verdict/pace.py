"""The relearning test: are forgotten images learnt faster than equally new ones?"""

from __future__ import annotations

import numpy as np
from scipy.stats import t

from untrain.errors import UserError
from untrain.metrics.accuracy import accuracy
from untrain.verdict.case import Case
from untrain.verdict.findings import Finding, State, off
from untrain.verdict.goals import Terms
from untrain.verdict.relearn import CAP, LEAST, Times, relearn

FAST, SLOW = 0.8, 1.25
"""Between them, forgotten images are relearnt as fast as unseen ones."""
KNOWN = 0.97
"""Share of the Original's accuracy on them at which images count as known."""
SHORTEST = 1.0
"""Passes under which unseen images are known almost at once, so that nothing can be faster."""
TITLE = "Relearning"
DEFINITION = (
    "time to learn samples of forgotten images, as a share of the time that equally new ones of "
    "the same labels take (AIN without a Retrain)"
)


def relearning(case: Case, terms: Terms) -> Finding:
    """The ratio of times, with its interval over samples."""
    base = case.view(case.original or case.party)
    target = KNOWN * (accuracy(base.forget) / 100 if case.original else 1.0)

    def make() -> dict[str, np.ndarray]:
        found = relearn(
            case.party.load(),
            case.task,
            case.audited,
            case.unseen,
            target=target,
            lr=case.lr,
            samples=terms.samples,
            device=case.device,
            what=f"relearning {case.label}",
        )
        if found is None:
            return {}
        return {"forget": found.forget, "unseen": found.unseen}

    try:
        kept = case.shelf.get(
            "relearning", case.about(target=target, lr=case.lr, samples=terms.samples), make
        )
    except UserError as error:
        why = f"Relearning could not be measured: {error.what}"
        return Finding(
            key="relearning", title=TITLE, definition=DEFINITION, sentence=why, state="open"
        )
    if not kept:
        least = terms.samples * LEAST
        why = f"Relearning needs {least} forgotten images, with unseen ones of their classes."
        return off("relearning", TITLE, DEFINITION, why)
    times = Times(kept["forget"], kept["unseen"], target)
    if times.unseen.mean() < SHORTEST and times.forget.mean() < SHORTEST:
        why = "Unseen images are learnt within a pass, so that no difference could show."
        return off("relearning", TITLE, DEFINITION, why)
    if times.unseen.min() >= CAP and times.forget.min() >= CAP:
        why = f"Neither forgotten nor unseen images are learnt within {CAP} passes."
        return Finding(
            key="relearning", title=TITLE, definition=DEFINITION, sentence=why, state="open"
        )
    return judged(times, terms)


def judged(times: Times, terms: Terms) -> Finding:
    """PASS inside [0.8, 1.25]; FAIL where the whole interval at alpha lies below 0.8."""
    ratio, spare = times.ratio, len(times.forget) - 1
    error = max(ratio.error, 1e-9)
    low, high = (ratio.value + sign * t.ppf(0.975, spare) * error for sign in (-1, 1))
    inner = t.ppf(1 - terms.level, spare) * error
    p = float(t.cdf((ratio.value - FAST) / error, spare))
    state: State = "open"
    if p < terms.alpha:
        state = "fail"
    elif ratio.value - inner > FAST and ratio.value + inner < SLOW:
        state = "pass"
    beside = f"{times.forget.mean():.1f} passes beside {times.unseen.mean():.1f}"
    sentence = {
        "fail": f"Forgotten images are relearnt faster than equally new ones: {beside}.",
        "pass": f"Forgotten images are relearnt as fast as equally new ones: {beside}.",
        "open": f"Relearning took {beside} (ratio {ratio.value:.2f}, {low:.2f} to {high:.2f}): not "
        f"shown to be between {FAST} and {SLOW}.",
    }[state]
    return Finding(
        key="relearning",
        title=TITLE,
        definition=DEFINITION,
        sentence=sentence,
        state=state,
        side="residual" if state == "fail" else "",
        value=ratio.value,
        low=float(low),
        high=float(high),
        target=1.0,
        margin=SLOW - 1,
        p=p,
        sees=float(1 - FAST + (t.ppf(1 - terms.alpha, spare) + t.ppf(0.9, spare)) * error),
        more={
            "forget": times.forget,
            "unseen": times.unseen,
            "target": times.target,
        },
    )
