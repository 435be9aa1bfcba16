"""What a plan advises, and what it counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from untrain.cli.plan import lines
from untrain.data.images import Images
from untrain.data.sets.splits import Split, with_forget
from untrain.engine.rehearsal import Forecast
from untrain.methods.retrain import Retrain
from untrain.metrics.foresight import foresee
from untrain.runs.prospect import Prospect, class_rows, columns_of
from untrain.testing import toy_images

MACHINE = {"device": "cpu", "processor": "a processor", "threads": 1}


def forecast(seconds: float) -> Forecast:
    return Forecast(seconds, seconds / 2, seconds * 2, 1e9, 100, 10, 0.0)


def prospect(forgotten: int, retrain: float, method: float, **changes: Any) -> Prospect:
    """A request of so many of 200 images, and what Retrain and the method take."""
    images = toy_images(300)
    whole = Split(np.arange(200), *(np.arange(n, n) for n in (0, 0, 0)), np.arange(240, 300))
    split = with_forget(replace(whole, unseen=np.arange(200, 240)), np.arange(forgotten))
    made = Prospect(
        label="coun",
        rule="random:0.1",
        split=split,
        classes=class_rows(images, split),
        columns={},
        retrain=forecast(retrain),
        method=forecast(method),
        recipe=Retrain(),
        known=True,
        machine=MACHINE,
        before=None,
        same=False,
        sight=foresee(images, split),
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("made", "advice"),
    [
        (prospect(60, 30, 1), "Retrain is cheap here"),
        (prospect(10, 5000, 100), "No audit can clear a model of 10 images; if that must be shown"),
        (prospect(1, 5000, 100), "No audit can clear a model of one image"),
        (prospect(60, 5000, 4000), "coun saves little"),
        (prospect(60, 5000, 100), "Unlearn with coun (2 % of Retrain), then audit it."),
        (prospect(60, 5000, 100, part=True), "Retrain needs all retained images"),
        (prospect(60, 5000, 100, label="retrain"), "This is the exact answer."),
    ],
)
def test_the_advice(made: Prospect, advice: str) -> None:
    assert made.advice().startswith(advice)


def test_without_unseen_images_training_again_is_advised() -> None:
    made = prospect(60, 5000, 100)
    blind = foresee(toy_images(300), replace(made.split, unseen=made.split.val))
    assert replace(made, sight=blind).advice().startswith("Nothing could be shown")


def test_classes_are_counted_and_those_that_vanish_are_named() -> None:
    images = toy_images(300)
    labels = images.y.numpy()
    train = np.arange(200)
    whole = prospect(10, 1, 1).split
    split = with_forget(whole, train[(labels[train] == 1) | (train < 4)])
    rows = class_rows(images, split)
    assert [(row.name, row.forgotten) for row in rows] == [
        ("class1", 67),
        ("class0", 2),
        ("class2", 1),
    ]
    made = prospect(10, 1, 1, split=split, classes=rows)
    assert made.vanishing == ["class1"]
    page = "\n".join(lines(made))
    assert "class1         67       67  100.0 %  vanishes" in page
    assert "models that never saw them" in page


def test_values_of_a_where_rule_are_counted() -> None:
    plain = toy_images(300)
    images: Images = replace(plain, table={"user": np.arange(300) % 20, "year": np.arange(300) % 3})
    split = with_forget(prospect(10, 1, 1).split, np.arange(0, 200, 20))
    assert columns_of("where:user=0,year=1", images, split) == {"user": (1, 20), "year": (3, 3)}
    assert columns_of("random:0.1", images, split) == {}
    page = "\n".join(lines(prospect(10, 1, 1, columns={"user": (1, 20)})))
    assert "user: 1 of 20 values" in page
