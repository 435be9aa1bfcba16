"""What is said of rows that surprise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import run

from untrain.bench.numbers.statistics import Table, tables
from untrain.bench.tables.remarks import surprising

ORIGINAL = (100.0, 0.2, 62.0, 3.0)
RETRAIN = (100.0, 38.0, 61.0, 57.0)


@pytest.mark.parametrize(
    ("four", "told"),
    [
        ((100.0, 0.2, 62.0, 3.0), "ft: did nothing: UA 0.2, the model still knows what it was to"),
        ((100.0, 25.0, 62.0, 40.0), "ft: UA 25.0 is below Retrain's 38.0: it has not forgotten"),
        ((100.0, 60.0, 62.0, 70.0), "ft: UA 60.0 is above Retrain's 38.0: it over-forgets"),
        ((80.0, 38.0, 40.0, 57.0), "ft: destroyed the model: it lost 21.0 points of test"),
    ],
)
def test_a_row_that_surprises_is_told(four: tuple[float, ...], told: str) -> None:
    (said,) = surprising(table(four))
    assert said.startswith(told)


def test_the_method_itself_says_why_it_did_nothing() -> None:
    (said,) = surprising(table(ORIGINAL, "Selected 0 of 9 weights. Lower --alpha."))
    assert said.endswith("as the Original did. Selected 0 of 9 weights. Lower --alpha.")


def test_a_row_near_retrain_is_not_told() -> None:
    assert surprising(table(RETRAIN, "Negated conv1.weight.")) == []


def table(four: tuple[float, ...], *notes: str) -> Table:
    """A table of the Original, Retrain and one row of 500 forgotten images."""
    results = [run("original", ORIGINAL), run("retrain", RETRAIN), run("ft", four)]
    more = {"requests": [{"rule": "random:0.1", "images": 500}], "notes": list(notes)}
    return tables([replace(one, about={**one.about, **more}) for one in results])[0]
