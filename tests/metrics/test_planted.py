"""Measures of what was planted, on answers that are written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from untrain.data.plant_rules import parse
from untrain.metrics.evidence import Evidence, Outputs
from untrain.metrics.planted import Answers, Planting, confused, measure, share
from untrain.metrics.planted_table import compare, glossary

CLASSES = ["cat", "dog", "eel"]
TRAIN = np.asarray([f"t{i}" for i in range(8)])
GIVEN = np.asarray([1, 1, 0, 0, 0, 1, 2, 2])
TEST = np.asarray([f"e{i}" for i in range(6)])
TRUE = np.asarray([0, 0, 1, 1, 2, 2])


def outputs(said: list[int], labels: np.ndarray, keys: np.ndarray) -> Outputs:
    return Outputs(np.eye(3, dtype=np.float32)[said], labels, keys)


def answers(
    train: list[int], test: list[int], pressed: list[int] | None = None, label: str = "ft"
) -> Answers:
    sets = {"train": outputs(train, GIVEN, TRAIN), "test": outputs(test, TRUE, TEST)}
    shown = None if pressed is None else outputs(pressed, TRUE[:4], TEST[:4])
    return Answers(label, Evidence(sets, np.zeros((0, 1)), np.zeros(0)), shown)


def about(spec: str, found: int = 4) -> Planting:
    """t0 to t3, cats and dogs, were given each other's label; the first `found` are forgotten."""
    marks = np.arange(4) < found
    return Planting(spec, parse(spec, CLASSES), TRAIN[:4], np.asarray([0, 0, 1, 1]), marks, CLASSES)


def values(one: Answers, planting: Planting) -> dict[str, float]:
    return {name: estimate.value for name, estimate in measure(one, planting).items()}


def test_a_share_has_an_error_even_where_all_hit() -> None:
    half, none = share(np.arange(100) < 50), share(np.zeros(100, dtype=bool))
    assert half.value == 50
    assert half.error == pytest.approx(5, rel=0.03)
    assert none.value == 0
    assert 0.5 < none.error < 2
    assert np.isnan(share(np.zeros(0, dtype=bool)).value)


def test_confusion_by_hand() -> None:
    one = answers([1, 0, 0, 2, 0, 1, 2, 2], [0, 1, 1, 2, 2, 0])
    assert values(one, about("confusion:cat,dog:4")) == {
        "repeated_S": 50,  # t0 and t2: Fgt-Err of S
        "recovered_S": 25,  # t1
        "ic_err_S": 75,
        "fgt_err_test": 25,  # e1
        "ic_err_test": 50,  # e1 and e3
        "corrective_accuracy": 50,
        "kept_accuracy": 50,
    }
    pair = confused(np.asarray([1, 0, 2, 1]), np.asarray([0, 1, 0, 1]), 0, 1)
    assert pair.tolist() == [True, True, False, False]


def test_flips_by_hand() -> None:
    one = answers([1, 0, 0, 2, 0, 1, 2, 2], [0, 1, 1, 2, 2, 0])
    kept = {"repeated_S": 50, "recovered_S": 25}
    right = pytest.approx(50)
    assert values(one, about("flips:0.5")) == kept | {"corrective_accuracy": right}
    of_cats = {"called_test": 50, "corrective_accuracy": 50, "kept_accuracy": right}
    assert values(one, about("flips:0.5:cat>dog")) == kept | of_cats


def test_a_backdoor_by_hand() -> None:
    """Of the target only e4 and e5, so that the trigger is shown on e0 to e3."""
    one = answers([2] * 8, [0, 2, 1, 1, 2, 2], [2, 2, 2, 1])
    assert values(one, about("patch:0.5:eel")) == {
        "repeated_S": 0,
        "recovered_S": 0,
        "kept_accuracy": pytest.approx(100 * 5 / 6),
        "attack_success": 75,
        "plain_rate": 25,
        "corrective_accuracy": 25,
    }
    names = values(answers([2] * 8, [0] * 6), about("patch:0.5:eel"))
    assert "attack_success" not in names  # nobody pressed the trigger


def test_rows_are_told_apart_where_not_all_were_found() -> None:
    one = answers([1, 0, 1, 1, 0, 1, 2, 2], [0] * 6)
    found = values(one, about("flips:0.5", found=2))
    assert (found["repeated_found"], found["recovered_found"]) == (50, 50)
    assert (found["repeated_missed"], found["recovered_missed"]) == (0, 100)


def test_training_rows_are_found_by_key() -> None:
    one = answers([1, 0, 0, 2, 0, 1, 2, 2], [0] * 6)
    mixed = np.asarray([5, 0, 7, 2, 3, 1, 6, 4])
    train = one.evidence.sets["train"].take(mixed)
    other = one._replace(
        evidence=Evidence(one.evidence.sets | {"train": train}, np.zeros((0, 1)), np.zeros(0))
    )
    spec = about("flips:0.5")
    assert measure(one, spec) == measure(other, spec)
    lacking = Evidence(one.evidence.sets | {"train": train.take(mixed[:2])}, *[np.zeros(0)] * 2)
    with pytest.raises(ValueError, match="lack some of the keys"):
        measure(one._replace(evidence=lacking), spec)


@pytest.mark.parametrize(
    "spec", ["flips:0.5", "flips:0.5:cat>dog", "confusion:cat,dog:4", "patch:0.5:eel"]
)
@pytest.mark.parametrize("found", [4, 2, 0])
def test_every_measure_has_a_row(spec: str, found: int) -> None:
    planting = about(spec, found)
    one = answers([2] * 8, [0] * 6, [0] * 4)
    assert {row.name for row in glossary(planting)} == set(measure(one, planting))
    made = compare([one], [answers([0] * 8, [1] * 6, [0] * 4, "retrain")], planting)
    assert {row.measure.name for row in made.rows} == set(measure(one, planting))
    assert made.columns == ["retrain", "ft"]


def test_retrain_is_the_goal_only_where_all_was_found() -> None:
    one = answers([1] * 8, [0] * 6, label="ft")
    whole, part = (compare([one], [], about("flips:0.5", found)) for found in (4, 1))
    assert {row.measure.goal for row in whole.rows} == {"Retrain's"}
    assert "Retrain's" not in {row.measure.goal for row in part.rows}
    assert "Retrain was trained with the other 3 as well" in part.text()
    assert "Retrain was trained" not in whole.text()
    assert "1 of them (25%) were forgotten" in part.text()
    kept = answers([1] * 8, [0] * 6, label="retrain")
    assert len(compare([one], [kept], about("flips:0.5", 1)).readings) == 2
    assert len(compare([one], [kept], about("flips:0.5", 4)).readings) == 1


def test_seeds_of_a_label_are_one_column() -> None:
    first, second = answers([0] * 8, [0] * 6), answers([1] * 8, [0] * 6)
    made = compare([first, second], [], about("flips:0.5"))
    assert made.columns == ["ft"]
    assert made.row("repeated_S").cells["ft"].value == 50
    assert made.seeds == {"ft": 2}


@pytest.mark.parametrize(("hits", "told"), [(90, "the backdoor is open"), (3, "no sign")])
def test_a_door_is_open_where_it_surely_opens(hits: int, told: str) -> None:
    keys, labels = np.arange(100).astype(str), np.zeros(100, dtype=int)

    def model(label: str, count: int) -> Answers:
        said = [2 if i < count else 0 for i in range(100)]
        test = outputs([0] * 100, labels, keys)
        sets = {"train": outputs([0] * 8, GIVEN, TRAIN), "test": test}
        pressed = outputs(said, labels, keys)
        return Answers(label, Evidence(sets, np.zeros((0, 1)), np.zeros(0)), pressed)

    made = compare([model("ft", hits)], [model("retrain", 1)], about("patch:4:eel"))
    assert made.readings[0].startswith(f"ft: {told}")
    assert f"{hits}.0 % with the patch are called eel; Retrain 1.0 %" in made.readings[0]
    alone = compare([model("ft", hits)], [], about("patch:4:eel"))
    assert alone.readings[0].startswith(f"ft: {told}")
    assert "without it 0.0 %" in alone.readings[0]
