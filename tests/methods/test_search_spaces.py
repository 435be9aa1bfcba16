"""What tuning studies try: as much for every method that they tune, and nothing that it refuses."""

from __future__ import annotations

from dataclasses import fields
from itertools import product

import pytest

from untrain.registry import methods

SEARCHED = [name for name in methods.modules if methods.get(name).search]


def test_all_that_are_compared_are_searched() -> None:
    assert SEARCHED == ["coun", "cu", "ft", "l1-sparse", "neggrad-plus", "not", "salun"]


@pytest.mark.parametrize("name", SEARCHED)
def test_each_has_eight_combinations_that_it_takes(name: str) -> None:
    method = methods.get(name)
    made = set()
    for values in product(*method.search.values()):
        given = dict(zip(method.search, values, strict=True))
        for preset in ("native", "coun", "laptop"):
            made.add((preset, method(**{**method.presets[preset], **given})))
    assert len(made) == 3 * 8
    assert set(method.search) <= {field.name for field in fields(method)}


@pytest.mark.parametrize("name", SEARCHED)
def test_a_space_holds_the_laptop_preset_or_lies_around_it(name: str) -> None:
    method = methods.get(name)
    usual = method(**method.presets["laptop"])
    for field, values in method.search.items():
        if isinstance(values[0], float):
            assert min(values) <= getattr(usual, field) <= max(values)
        else:
            assert getattr(usual, field) in values
