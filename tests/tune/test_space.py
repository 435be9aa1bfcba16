"""Where a search looks: what methods say of themselves, what --search names, what it refuses."""

from __future__ import annotations

import re

import pytest

from untrain.errors import UserError
from untrain.fields import field_texts
from untrain.methods import FT, SSD, CoUn, MaskClass, NegGradPlus, Unsir
from untrain.methods.contract import Method, Trained
from untrain.methods.terms import Contrastive
from untrain.registry import methods
from untrain.tune.proposals import propose
from untrain.tune.space import Range, applied, named, numbers, usual


def ranges(method: Method, *terms: Contrastive) -> dict[str, tuple[float, float]]:
    return {one.name: (one.low, one.high) for one in usual(method, terms)}


def test_what_is_searched_is_what_the_method_says() -> None:
    assert ranges(CoUn(lr=0.02)) == {"lr": (0.002, 0.2), "lam": (0.1, 6), "tau": (0.003, 0.3)}
    assert ranges(NegGradPlus())["beta"] == (0.95, 0.9999)
    assert ranges(SSD()) == {"alpha": (0.1, 100), "lam": (0.1, 5)}
    assert ranges(MaskClass()) == {}
    assert ranges(FT(), Contrastive())["contrastive.lam"] == (0.1, 6)


def test_a_range_holds_the_value_that_is_set_and_lr_stays_above_its_end() -> None:
    assert ranges(CoUn(lam=9.0))["lam"] == (0.1, 9)
    assert ranges(FT(lr=0.01, lr_min=0.005))["lr"] == (0.005, 0.1)


@pytest.mark.parametrize("name", sorted(methods.modules))
def test_the_usual_range_of_every_method_can_be_run(name: str) -> None:
    method = methods.get(name)()
    found = usual(method, ())
    assert {one.name for one in found} <= numbers(method, ()).keys()
    assert ("lr" in {one.name for one in found}) == isinstance(method, Trained)
    for one in found:
        assert one.low < one.high
        for end in (one.low, one.high):
            applied(method, (), {one.name: one.near(end)})


@pytest.mark.parametrize("name", sorted(methods.modules))
def test_every_text_that_names_a_tuned_range_is_understood(name: str) -> None:
    method = methods.get(name)()
    told = {n for n, text in field_texts(type(method)).items() if re.search(r"\btune[sd]\b", text)}
    assert told <= {one.name for one in usual(method, ())}


def test_ranges_are_named_by_flags() -> None:
    found = named(["lr=1e-3:0.1,omega=1:8", "lam=0.5:1"], methods.get("cu")(), ())
    assert found == [
        Range("lr", 0.001, 0.1),
        Range("omega", 1, 8, whole=True),
        Range("lam", 0.5, 1),
    ]
    assert [one.log for one in found] == [True, False, False]
    (weight,) = named(["contrastive.lam=0.1:6"], FT(), (Contrastive(),))
    assert weight == Range("contrastive.lam", 0.1, 6)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", r"--search \(empty\) is no range"),
        ("lr", "--search lr is no range"),
        ("lr=0.1", "--search lr=0.1 is no range"),
        ("lr=a:b", "lr=a:b is no range of numbers"),
        ("lr=0.1:inf", "lr=0.1:inf has no end"),
        ("lr=0.1:0.1", "The range lr=0.1:0.1 is empty"),
        ("lr=0.1:0.01", "lower end above its upper one"),
        ("lamb=0.1:1", "Unknown field 'lamb'. Did you mean 'lam'"),
        ("schedule=0.1:1", "schedule is no number"),
        ("second-view=0.1:1", "second_view is no number"),
        ("epochs=1.5:3", "epochs is a whole number"),
        ("lr=-1:0.1", "--lr -1.0 is out of range"),
        ("lr=0.01:0.1,lr=0.1:1", "names lr twice"),
        ("contrastive.lam=0.1:1", "Unknown field 'contrastive.lam'"),
    ],
)
def test_what_is_no_range_is_refused(words: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        named([words], CoUn(), ())


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UserError) as told:
        named(["lr=2:1,lam", "what=1:2,epochs=0:3"], CoUn(), ())
    assert all(word in str(told.value) for word in ("lr=2:1", "lam", "what", "--epochs 0"))


SPACE = [Range("lr", 0.001, 0.1), Range("copies", 5, 80, whole=True), Range("beta", 0.9, 1.0)]
USUAL = numbers(Unsir(lr=0.5, copies=20), ()) | {"beta": 0.95}


def test_proposals_start_at_the_usual_values_and_stay_within() -> None:
    before: list[tuple[dict[str, float], float]] = []
    for number in range(12):
        values = propose(SPACE, before, USUAL, seed=0)
        if not number:
            assert values == {"lr": 0.1, "copies": 20, "beta": 0.95}
        assert all(one.low <= values[one.name] <= one.high for one in SPACE)
        assert isinstance(values["copies"], int)
        before.append((values, values["lr"]))
    assert len({tuple(values.values()) for values, _ in before}) == 12
    # what was good is looked at more closely: the last ones are below the middle of the range
    assert sorted(values["lr"] for values, _ in before[-4:])[1] < 0.01


def test_a_search_that_goes_on_proposes_the_same() -> None:
    before = [({"lr": 0.1 / k, "copies": 5 * k, "beta": 0.9}, 1.0 / k) for k in range(1, 9)]
    assert propose(SPACE, before, USUAL, seed=3) == propose(SPACE, before, USUAL, seed=3)
    assert propose(SPACE, before, USUAL, seed=3) != propose(SPACE, before, USUAL, seed=4)
