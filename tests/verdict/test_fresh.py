"""Without images that the model has never seen nothing is judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from world import FORGET, SPEC, TRAIN, UNSEEN, case, images, original, retrained, split, task

from untrain.api import examine as judge
from untrain.data.sets.splits import NONE, Split
from untrain.task import Task
from untrain.verdict.examine import examine
from untrain.verdict.fresh import choices, unseen
from untrain.verdict.page import markdown, text


def on(**changes: np.ndarray) -> Task:
    made: Split = replace(split(), **changes)
    return Task.of(images(), made, make_model=SPEC.make)


@pytest.fixture
def seen() -> Task:
    """Half of what the Original knows by heart is called val and unseen."""
    train = np.arange(TRAIN)
    return on(retain=train[FORGET:600], unseen=train[600:700], val=train[700:])


def test_no_unseen_images_is_not_testable() -> None:
    found = examine(case(retrained(), on(unseen=NONE)))
    assert found.word == "NOT-TESTABLE"
    assert "test images cannot stand in" in found.judgement.reasons[0]
    assert not found.findings
    for page in (text(found), markdown(found)):
        assert "nan" not in page
        assert "Task(unseen=...)" in page
    assert found.values()["terms"]["lr"] is None


def test_unseen_images_that_are_known_by_heart_are_called_out(seen: Task) -> None:
    found = examine(case(original(), seen))
    assert found.word == "NOT-TESTABLE"
    assert "unseen looks trained on: 100.0 % of unseen" in found.judgement.reasons[0]


def test_images_that_were_cut_off_before_training_are_not(seen: Task) -> None:
    """Test images may come from elsewhere, and be harder than what was cut off."""
    made = case(original(), seen, cut=frozenset({"unseen", "val"}), choices_saw_all=True)
    assert unseen(made).met
    assert choices(made) == []


def test_new_images_are_not_called_out() -> None:
    made = case(retrained())
    assert unseen(made).met
    assert f"{UNSEEN:,} images" in unseen(made).sentence
    assert choices(made) == []


def test_a_choice_on_val_that_is_known_by_heart_is_told(seen: Task) -> None:
    made = case(original(), seen, choices_saw_all=True)
    (told,) = choices(made)
    assert told.met
    assert "val looks trained on" in told.sentence
    assert choices(replace(made, choices_saw_all=False)) == []
    assert choices(case(retrained(), task(), choices_saw_all=True)) == []


def test_from_python_it_says_what_to_give_and_what_was_at_hand() -> None:
    whole = on(unseen=NONE)
    part = Task.of(whole.images, whole.split, available=whole.split.retain[:40], forget_data=False)
    found = judge(retrained(), part, original=original())
    assert found.word == "NOT-TESTABLE"
    assert "Only 40 of 400 retained images were available. No forgotten image" in " ".join(
        text(found).split()
    )
