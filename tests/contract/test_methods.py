"""Every registered method keeps the contract; a new file in `methods/` is tested by this one."""

from __future__ import annotations

from dataclasses import fields
from functools import cache

import pytest

from untrain.registry import methods
from untrain.testing import (
    CHECKS,
    Subject,
    check_field,
    every_hyper_parameter_moves_the_result,
)

NAMES = methods.names()


@cache
def subject(name: str) -> Subject:
    return Subject(methods.get(name))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_keeps_the_contract(name: str, check: object) -> None:
    if check is not every_hyper_parameter_moves_the_result:  # field by field below
        check(subject(name))


@pytest.mark.parametrize(
    ("name", "field"),
    [(name, field.name) for name in NAMES for field in fields(methods.get(name))],
)
def test_every_hyper_parameter_moves_the_result(name: str, field: str) -> None:
    check_field(subject(name), field)


@pytest.mark.parametrize("name", NAMES)
def test_offers_the_presets(name: str) -> None:
    assert set(methods.get(name).presets) >= {"native", "coun", "laptop"}
