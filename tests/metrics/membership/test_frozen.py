"""The package and a second, slow implementation agree with values that are kept in a file."""

from __future__ import annotations

import numpy as np
import pytest
from slow import cases, computed, frozen

from untrain.metrics.membership.auc import delong
from untrain.metrics.membership.efficacy import mia_efficacy
from untrain.metrics.membership.reference import log_ratio, rmia


@pytest.mark.parametrize("name", cases())
def test_the_slow_loops_still_give_the_frozen_values(name: str) -> None:
    inputs, value = frozen(name)
    assert cases()[name] == inputs
    assert computed(name) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", ["delong", "delong ties"])
def test_delong(name: str) -> None:
    inputs, value = frozen(name)
    sets = (np.array(inputs[part]) for part in ("positive", "negative"))
    assert tuple(delong(*sets)) == pytest.approx(tuple(value), rel=1e-12)


@pytest.mark.parametrize("name", ["rmia", "rmia gamma 2, a 1"])
def test_rmia(name: str) -> None:
    inputs, value = frozen(name)
    ratios, population = (
        log_ratio(np.log(inputs[f"own{z}"]), np.log(inputs[f"references{z}"]), inputs["a"])
        for z in ("", "_z")
    )
    assert rmia(ratios, population, inputs["gamma"]) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("exact", [True, False])
def test_mia_efficacy(exact: bool) -> None:
    inputs, value = frozen("mia_efficacy")
    sets = (np.array(inputs[part]) for part in ("members", "nonmembers", "judged"))
    assert mia_efficacy(*sets, exact=exact) == pytest.approx(value, abs=1e-9)
