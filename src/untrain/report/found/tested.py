"""All tests of the audit side by side: as a sheet, a drawing, and every number in full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from untrain.bench.tables.grid import Grid, number
from untrain.report.charts.gone import FURTHEST, tests
from untrain.report.charts.spec import rounded
from untrain.report.content import Control, Figure, Mark, Sheet
from untrain.report.data import nearest_first
from untrain.report.found.judged import (
    NAN,
    STATES,
    Judged,
    Values,
    listed_of,
    mean_of,
    number_of,
    seed_of,
    worst,
)

SIGNS = {"pass": "✓", "open": "?", "fail": "✗"}
STATED = {"pass": "passed", "open": "open", "fail": "failed", "off": "not applicable"}


@dataclass(frozen=True)
class Test:
    """A column: key in verdict.json, header, factor and digits of its numbers, what it is.

    most: the largest departure from the goal that there can be.
    """

    key: str
    head: str
    factor: float
    digits: int
    hint: str
    most: float = 0.5

    __test__ = False  # for pytest

    def text(self, value: float) -> str:
        return number(self.factor * value, self.digits)


TESTS = (
    Test("level", "told apart", 1, 3, "AUC, forgotten against unseen; a clean model gives 0.5"),
    Test("shape", "any answer", 1, 3, "AUC of a classifier of all answers; goal 0.5"),
    Test("attacks", "best attack", 1, 3, "AUC of the strongest known attack; goal 0.5"),
    Test("records", "recognised, %", 100, 1, "forgotten images recognised at 1 % false alarms"),
    Test("destination", "sent elsewhere", 1, 3, "total variation of the classes they go to", 1),
    Test("healing", "healed, points", 100, 1, "forgotten minus unseen after healing; goal 0", 1),
    Test("relearning", "relearning", 1, 2, "time to relearn over the time of new ones; goal 1", 1),
    Test("references", "beside Retrain", 1, 3, "AUC beside models that never saw them; goal 0.5"),
    Test("control", "class, points", 100, 1, "recovery of the class beyond models without it", 1),
)


def used(found: Sequence[Judged]) -> list[Test]:
    """Tests that any of the models was asked."""
    return [test for test in TESTS if any(one.of(test.key) for one in found)]


def sheet(found: Sequence[Judged], retrain: Sequence[Judged] = ()) -> Sheet:
    """A row per method, a column per test, seeds behind each row; goals and Retrain on top.

    retrain: its own verdicts, where it was audited as well.
    """
    everybody = [*retrain, *found]
    columns = used(everybody)
    top = _top(everybody, columns, {one.label for one in retrain})
    rows = [_row(one, columns) for one in everybody]
    opened = {
        len(top) + place: [_seed(one, at, columns) for at in range(len(one.runs))]
        for place, one in enumerate(everybody)
        if len(one.runs) > 1
    }
    sees = [_sees(everybody, test) for test in columns]
    return Sheet(
        key="tests",
        title="Every test of every method",
        head=["model", "verdict", *(test.head for test in columns), "test accuracy lost"],
        hints=[
            "",
            "of the audit",
            *(test.hint for test in columns),
            "points, beside the Original; no part of the verdict",
        ],
        rows=[*top, *rows],
        first=len(top) + len(retrain),
        opened=opened,
        notes=[
            "✓ shown to be inside its limit, ✗ shown to be outside, ? neither was shown. Several "
            "seeds: the mean, and the worst sign.",
            *_seen([one for one in sees if one]),
        ],
    )


def _top(found: Sequence[Judged], columns: Sequence[Test], judged: set[str]) -> list[list[Mark]]:
    """What the goals are, and what the tests gave for models that were named beside and are not
    judged themselves."""
    goals = [Mark("Goal"), Mark("", sort="")]
    for test in columns:
        known = [number_of(value, "target") for one in found for value in one.of(test.key)]
        goals.append(Mark(test.text(mean_of(known)), style="muted"))
    rows = [[*goals, Mark("")]]
    for name, label in (("original", "Original"), ("retrain", "Retrain")):
        cells = []
        for test in columns:
            known = [number_of(v, "beside", name) for one in found for v in one.of(test.key)]
            value = mean_of(known)
            hint = "" if math.isfinite(value) else "not measured of this model by the audit"
            cells.append(Mark(test.text(value), style="muted", hint=hint))
        if label not in judged and any(cell.text != "-" for cell in cells):
            rows.append([Mark(label), Mark("", sort=""), *cells, Mark("")])
    return rows


def _row(one: Judged, columns: Sequence[Test]) -> list[Mark]:
    cells = [_cell(one.of(test.key), test) for test in columns]
    lost = [_lost(values) for _, values in one.runs]
    return [Mark(one.label), Mark(one.word, sort=one.word), *cells, _points(mean_of(lost))]


def _seed(one: Judged, at: int, columns: Sequence[Test]) -> list[Mark]:
    run, values = one.runs[at]
    alone = Judged(one.row, ((run, values),))
    return [Mark(seed_of(run)), *_row(alone, columns)[1:]]


def _cell(values: Sequence[Values], test: Test) -> Mark:
    if not values:
        return Mark("-", hint="not asked of this model", style="muted")
    value = mean_of(number_of(one, "value") for one in values)
    state = worst([str(one.get("state")) for one in values], STATES)
    hint = " ".join(str(one.get("sentence", "")) for one in values[:1])
    text = f"{test.text(value)}\N{NO-BREAK SPACE}{SIGNS.get(state, '?')}"
    return Mark(text, sort=value if math.isfinite(value) else None, hint=hint)


def _lost(values: Values) -> float:
    found = [one for one in listed_of(values, "utility") if one.get("name") == "test"]
    return number_of(found[0], "before") - number_of(found[0], "after") if found else NAN


def _points(value: float) -> Mark:
    return Mark(number(value, 1), sort=value if math.isfinite(value) else None)


def _sees(found: Sequence[Judged], test: Test) -> str:
    """From where on a departure would have been noticed."""
    known = [number_of(value, "sees") for one in found for value in one.of(test.key)]
    known = [one for one in known if math.isfinite(one)]
    if not known:
        return ""
    name = test.head.partition(",")[0]
    if min(known) >= test.most:
        return f"{name} none, with so few images"
    low, high = (test.text(end) for end in (min(known), max(known)))
    span = low if low == high else f"{low} to {high}"
    return f"{name} {low} or more" if max(known) >= test.most else f"{name} {span}"


def _seen(told: Sequence[str]) -> list[str]:
    if not told:
        return []
    return [f"Departures from the goal that fail with 90 % probability: {'; '.join(told)}."]


def figure(found: Sequence[Judged]) -> Figure | None:
    """How far each test lies from its goal, a method at a time; None without a number."""
    order = [row.label for row in nearest_first([one.row for one in found])]
    rows = [
        row for one in sorted(found, key=lambda j: order.index(j.row.label)) for row in _dots(one)
    ]
    if not rows:
        return None
    names = list(dict.fromkeys(row["who"] for row in rows))
    return Figure(
        key="gone",
        title="How far each test lies from what a clean model gives",
        description=(
            f"A dot with its 95 % interval for each test of {names[0]}, in units of the limit of "
            "that test; inside of one limit passes. Other methods can be chosen."
        ),
        specs=[tests(rows, names[0])],
        captions=["{who}"],
        controls=[Control("who", "Method", {name: name for name in names}, kind="list")],
        table=numbers(found),
    )


def _dots(one: Judged) -> list[dict[str, Any]]:
    """The tests of the first audited seed, in units of their limits."""
    run, values = one.runs[0]
    rows = []
    for test in TESTS:
        for found in Judged(one.row, ((run, values),)).of(test.key):
            goal, limit = number_of(found, "target"), number_of(found, "margin")
            if not limit > 0:
                continue
            ends = [(number_of(found, end) - goal) / limit for end in ("value", "low", "high")]
            if math.isfinite(ends[0]):
                x, low, high = (
                    max(-FURTHEST, min(FURTHEST, end)) if math.isfinite(end) else ends[0]
                    for end in ends
                )
                state = str(found.get("state"))
                rows.append(
                    {
                        "who": one.label,
                        "test": test.head.partition(",")[0],
                        "state": state if state in SIGNS else "open",
                        "x": rounded(x),
                        "low": rounded(low),
                        "high": rounded(high),
                        "told": f"{test.head} {test.text(number_of(found, 'value'))}",
                    }
                )
    return rows


def numbers(found: Sequence[Judged]) -> Grid:
    """A line per model, seed and test: value, interval, goal, limit, and what it could see."""
    head = ["model", "seed", "test", "result", "value", "95 %", "goal", "limit", "noticed from"]
    rows = []
    for one in found:
        for run, values in one.runs:
            for value in listed_of(values, "findings"):
                rows.append([one.label, seed_of(run), *_line(value)])
    title = "Tests of the audit"
    return Grid(title, [*head, "p", "Original", "Retrain", "chance"], rows)


def _line(value: Values) -> list[str]:
    low, high = (number_of(value, end) for end in ("low", "high"))
    span = f"{low:.3f} to {high:.3f}" if math.isfinite(low + high) else "-"
    limit = number_of(value, "margin")
    return [
        str(value.get("title", value.get("key", ""))),
        STATED.get(str(value.get("state")), "open"),
        number(number_of(value, "value"), 3),
        span,
        number(number_of(value, "target"), 3),
        f"±{limit:.3f}" if math.isfinite(limit) else "-",
        number(number_of(value, "sees"), 3),
        number(number_of(value, "p"), 4),
        *(number(number_of(value, "beside", who), 3) for who in ("original", "retrain", "chance")),
    ]
