"""`make bench`: what its variants must have in common, and how rounds are judged; no seconds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from untrain.losses import info_nce

sys.path.append(str(Path(__file__).parents[1]))

from benchmarks.speed import __main__ as speed
from benchmarks.speed import table
from benchmarks.speed.loss import saved
from benchmarks.speed.rounds import QUICK, Bar, Case, Check, Size, judge, measure, verdict


@pytest.mark.parametrize("name", ["C2", "C3", "C4", "C5", "C8", "C9", "C11"])
def test_the_variants_of_a_bar_compute_the_same(name: str) -> None:
    checks = speed.CASES[name](QUICK).checks()
    assert checks
    for check in checks:
        assert check.holds, check


def test_little_is_saved_for_backward_at_full_size() -> None:
    """Beside 270 MB of the broadcast form, which is not run here."""
    features = torch.randn(2, Size.batch, Size.features)
    assert features.nbytes < saved(info_nce, features) < 5e6


def test_rounds_take_turns_and_warm_up() -> None:
    called: list[str] = []
    variants = {"a": lambda: called.append("a"), "b": lambda: called.append("b")}
    case = Case(variants, (), {"a": 2}, list)
    seconds = measure(case, Size(rounds=2))
    assert "".join(called) == "aab" + "baa" + "aab"
    assert {name: len(found) for name, found in seconds.items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("bar", "top", "met"),
    [
        (Bar("X", "a", "b", 2.0), [2.0, 2.1, 2.2], "yes, in every round"),
        (Bar("X", "a", "b", 2.05), [2.0, 2.1, 2.2], "yes"),
        (Bar("X", "a", "b", 2.2), [2.0, 2.1, 2.2], "no"),
        (Bar("X", "a", "b", 2.15, at_least=False), [2.0, 2.1, 2.2], "yes"),
        (Bar("X", "a", "b", 2.0, at_least=False), [2.0, 2.1, 2.2], "no"),
        (Bar("X", "a", "b", 2.0), [2.0, 2.1, 3.0], "yes, in every round"),
        (Bar("X", "a", "b", 2.05), [2.0, 2.1, 3.0], "invalid"),
        (Bar("X", "a", "b", 2.05, at_least=False), [2.0, 2.1, 3.0], "invalid"),
    ],
)
def test_a_bar_is_judged_by_every_round_or_by_the_median_of_alike_ones(
    bar: Bar, top: list[float], met: str
) -> None:
    made = judge(bar, {"a": top, "b": [1.0, 1.0, 1.0]})
    assert (made["ratio"], verdict(made)) == (2.1, met)
    assert made["spread"] == pytest.approx((max(top) - min(top)) / 2.1)


def test_the_command_writes_figures_and_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = [tmp_path / f"run-{k}.json" for k in (1, 2)]
    for path in out:
        assert speed.main(["--quick", "--only", "C3", "--out", str(path)]) == 0
    assert "pixels that differ from PIL's: 0, at most 0" in capsys.readouterr().out
    made = json.loads(out[0].read_text())
    assert made["machine"]["threads"] == 1
    assert set(made["load"]) == {"before", "after"}
    assert len(made["cases"]["C3"]["seconds"]["batched augmentation"]) == QUICK.rounds
    assert speed.main(["--table", *map(str, out)]) == 0
    written = (tmp_path / "table.md").read_text()
    assert "| bar | what | against | ratio to reach | run 1 | run 2 |" in written
    assert "| C3 | per-image PIL loop | batched augmentation | >= 30 |" in written


def test_what_is_not_equal_is_shouted() -> None:
    run = {"cases": {"X": {"checks": [vars(Check("pixels", 3, 0)) | {"holds": False}]}}}
    assert table.checks(run) == ["X: pixels: 3, at most 0  NOT HELD"]
