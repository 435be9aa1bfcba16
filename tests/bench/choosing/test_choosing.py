"""What a tuning study chooses, what it refuses to choose from, and the recipe it writes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made import MEASURES, run

from untrain.bench.asking.study import Study
from untrain.bench.choosing.chosen import grid, recipe
from untrain.bench.choosing.fairness import combinations, overlaps
from untrain.bench.choosing.tune import choose
from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Lack
from untrain.config import DataConfig, ModelConfig, build
from untrain.errors import UserError
from untrain.methods.coun import CoUn
from untrain.methods.ft import FT
from untrain.methods.retrain import Retrain
from untrain.methods.terms import Contrastive
from untrain.recipes.recipe import read, values
from untrain.recipes.writing import write

RETRAIN = (100.0, 30.0, 60.0, 50.0)


def on_val(result: Result, by: float) -> Result:
    """The same run, which is `by` points from Retrain in each measure on val."""
    seen = {name: value + by for name, value in zip(MEASURES, RETRAIN, strict=True)}
    return replace(result, audits={"accuracy": {"choosing": {**seen, "draws": {"x": [1]}}}})


def retrain(**more: Any) -> Result:
    return on_val(run("retrain", RETRAIN, train=100, split=1, unlearn=100, **more), 0.0)


def trials(
    label: str, gaps: Iterable[float], tested: Iterable[float] = (), **more: Any
) -> list[Result]:
    """A trial for each combination of FT or CoUn; tested: gaps on test images, all 0 if none."""
    method = {"ft": FT, "coun": CoUn}[label]
    points, gaps = combinations(method()), list(gaps)  # type: ignore[abstract]
    four = [[value + by for value in RETRAIN] for by in tested or [0.0] * len(points)]
    given = {"train": 100, "split": 1, "unlearn": 100} | more
    return [
        on_val(run(label, four[n], settings=point, **given), gap)
        for n, (point, gap) in enumerate(zip(points, gaps, strict=True))
    ]


FT_GAPS = (9.0, 8.0, 7.0, 6.0, 5.0, 2.0, 3.0, 4.0)
COUN_GAPS = (5.0, 4.0, 1.0, 1.004, 1.0, 6.0, 7.0, 8.0)
STUDY = [retrain(), *trials("ft", FT_GAPS), *trials("coun", COUN_GAPS)]


def test_the_smallest_gap_on_val_is_chosen_whatever_test_images_say() -> None:
    (choice,) = choose([retrain(), *trials("ft", FT_GAPS, tested=reversed(FT_GAPS))])
    assert choice.best.values == {"lr": 0.15}
    assert choice.best.gap == pytest.approx(2.0)
    assert choice.best.means["test_accuracy"] == pytest.approx(62.0)
    assert [trial.gap for trial in choice.trials] == pytest.approx(FT_GAPS)
    assert not choice.at_end


def test_a_tie_falls_to_the_smaller_rate_then_to_the_first() -> None:
    choice = choose(STUDY)[0]
    assert choice.label == "coun"
    assert choice.best.values == {"lr": 0.05, "lam": 0.3}  # 1.004 and the larger rate's 1.0 as well
    assert choose(list(reversed(STUDY)))[0].best.values == choice.best.values


def test_the_gap_is_of_means_over_seeds() -> None:
    runs = [retrain(), *trials("ft", [10.0] * 8)]
    runs += [*trials("ft", [-10.0, *[0.0] * 7], unlearn=101)]
    (choice,) = choose(runs)
    assert choice.best.values == {"lr": 0.01}
    assert choice.best.gap == pytest.approx(0.0)
    assert choice.at_end == ["lr"]


def test_a_failed_trial_counts_and_is_told() -> None:
    done = [one for one in STUDY if one.cell.settings != {"lr": 0.15}]
    (lost,) = [one for one in STUDY if one.cell.settings == {"lr": 0.15}]
    coun, ft = choose(done, [Lack(lost.cell, "the loss is not finite")])
    assert (len(ft.trials), ft.failed, ft.best.values) == (8, 1, {"lr": 0.2})
    table = grid([coun, ft], done, "title")
    row = next(row for row in table.rows if row[0] == "ft lr 0.15")
    assert row[1:] == ["-"] * 5 + ["failed: the loss is not finite"]
    assert "ft: 1 of 8 trials failed; they count." in table.notes


def test_every_trial_stands_in_the_table_and_an_end_is_told() -> None:
    best_at_end = trials("ft", [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    runs = [retrain(), *best_at_end, *trials("coun", COUN_GAPS)]
    table = grid(choose(runs), runs, "title")
    assert len(table.rows) == 1 + 16
    assert table.rows[0] == ["retrain", "-", "100.00", "30.00", "60.00", "50.00", ""]
    (chosen,) = [row for row in table.rows if row[0].startswith("ft") and row[-1]]
    assert chosen == [
        "ft lr 0.3",
        "1.00",
        "101.00",
        "31.00",
        "61.00",
        "51.00",
        "chosen, lr at the end",
    ]
    assert any("the chosen lr lies at the end of its range" in note for note in table.notes)


def test_the_noise_of_a_gap_is_told_where_it_is_known() -> None:
    runs = [retrain(), *trials("ft", FT_GAPS)]
    assert any("With one Retrain" in note for note in grid(choose(runs), runs, "").notes)
    second = on_val(run("retrain", RETRAIN, train=101, split=1, unlearn=101), 2.0)
    runs.append(second)
    (choice,) = choose(runs)
    spread = math.sqrt(math.pi)  # of two values 2 apart, unbiased
    assert choice.best.floor == pytest.approx(spread * math.sqrt(1.5) * math.sqrt(2 / math.pi))
    assert f"floor: {choice.best.floor:.2f}; " in " ".join(grid([choice], runs, "").notes)


def refused(runs: list[Result], *messages: str, code: int = 2, lacks: Iterable[Lack] = ()) -> None:
    with pytest.raises(UserError) as error:
        choose(runs, lacks, "my-study")
    for message in messages:
        assert message in str(error.value)
    assert error.value.code == code


def test_trials_that_are_missing_are_refused() -> None:
    lost = STUDY[3]
    rest = [one for one in STUDY if one is not lost]
    waiting = "Runs that the study still lacks: 1 (ft (lr 0.03))."
    refused(rest, waiting, "untrain bench run my-study", code=3, lacks=[Lack(lost.cell)])
    refused(rest, "ft has 7 of its 8 trials: lr 0.03 is not in the study.")


def test_a_study_without_retrain_or_val_or_search_is_refused() -> None:
    refused(STUDY[1:], "The study has no Retrain.", code=3)
    lack = Lack(STUDY[0].cell, "the disk is full")
    refused(STUDY[1:], "A Retrain has failed: the disk is full", code=3, lacks=[lack])
    refused(STUDY[:1], "The study searches no method.")
    unseen = replace(STUDY[1], audits={})
    refused(
        [STUDY[0], unseen, *STUDY[2:]], "No measures on val: 1 of 17 runs, among them ft (lr 0.01)."
    )
    other = on_val(run("retrain", RETRAIN, train=100, split=2), 0.0)
    refused([other, *STUDY[1:]], "There is no Retrain for cifar10 / resnet18", code=3)


def test_methods_that_were_not_tried_alike_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"lr": 0.7}
    more = on_val(run("ft", RETRAIN, settings=settings, train=100, split=1, unlearn=100), 0.0)
    refused([*STUDY, more], "ft was tried with lr 0.7, which it does not search.")
    longer = replace(more.cell.job, method=FT(lr=0.1, epochs=2))
    twice = replace(more, cell=replace(more.cell, job=longer))
    refused([*STUDY, twice], "ft was tried twice with lr 0.1, as its other values differ.")
    again = trials("coun", COUN_GAPS, unlearn=101)
    refused([*STUDY, *again], "Trials were made with different seeds.")
    named = [replace(one, cell=replace(one.cell, label="mine")) for one in STUDY[1:9]]
    refused([*STUDY, *named], "ft is tuned 2 times: ft, mine.")
    lacks = [Lack(one.cell, "diverged") for one in STUDY[1:9]]
    refused([STUDY[0], *STUDY[9:]], "All 8 trials of ft have failed: diverged", lacks=lacks)
    monkeypatch.setattr(CoUn, "search", {"lr": (0.03, 0.05, 0.1, 0.2)})
    half = [one for one in STUDY if one.cell.settings.get("lam") != 1.0]
    refused(half, "Methods have different numbers of trials: ft 8, coun 4.")


def test_seeds_that_are_reported_are_refused() -> None:
    tuning = [one.cell for one in STUDY]
    apart = [run("ft", RETRAIN, train=seed, split=0, unlearn=seed).cell for seed in (0, 1)]
    assert not overlaps(tuning, apart, "table")
    same = [run("ft", RETRAIN, train=0, split=1, unlearn=100).cell]
    found = [problem.what for problem in overlaps(tuning, same, "table")]
    assert found == [
        "Seeds 100 of the tuning study are those of table.",
        "Split seeds 1 of the tuning study are those of table.",
    ]


def test_the_recipe_says_what_was_chosen_and_from_what(tmp_path: Path) -> None:
    study = Study(
        name="tune-me",
        title="A tuning study",
        seeds=(100,),
        forget=(("random:0.1",),),
        data=(DataConfig(),),
        model=(ModelConfig(),),
        train=Retrain(),
        methods=(),
    )
    term = Contrastive(lam=0.5)
    runs = [
        replace(one, cell=replace(one.cell, job=replace(one.cell.job, terms=(term,))))
        if one.cell.label == "ft"
        else one
        for one in STUDY
    ]
    tables = recipe(choose(runs), runs, study, command="untrain bench tune tune-me", date="today")
    write(tmp_path / "mine.toml", tables)
    found = read(str(tmp_path / "mine.toml"))
    assert build(CoUn, values(found, "coun"), "") == CoUn(lr=0.05, lam=0.3)
    assert values(found, "ft", ["contrastive"]) == {"lr": 0.15, "contrastive": {"lam": 0.5}}
    about = found.about
    seeds = [about[name] for name in ("split_seeds", "tuning_seeds", "retrain_seeds")]
    assert seeds == [[1], [100], [100]]
    assert (about["study"], about["data"], about["forget"]) == ("tune-me", "cifar10", "random:0.1")
    assert about["commit"] == "0" * 40
    ft = about["ft"]
    assert (ft["trials"], ft["failed"], ft["gap"], ft["searched"]) == (8, 0, 2.0, ["lr"])
    assert [one["gap"] for one in ft["tried"]] == list(FT_GAPS)
