"""Whole audits in a small world: what is there is found, what was never there is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from world import FORGET, RECIPE, SPEC, TRAIN, case, images, original, retrained, run, task

from untrain.data.images import Images
from untrain.methods.ft import FT
from untrain.methods.ga import GA
from untrain.methods.mask_class import MaskClass
from untrain.metrics.evidence import Outputs
from untrain.verdict import relearn
from untrain.verdict.case import rows_of
from untrain.verdict.conditions import asked, exposed
from untrain.verdict.control import control
from untrain.verdict.examine import Verdict, examine
from untrain.verdict.goals import Terms
from untrain.verdict.page import markdown, text
from untrain.verdict.summary import grid


def verdict(model: nn.Module, *parts: object, **changes: object) -> Verdict:
    return examine(case(model, *parts, **changes), Terms(deals=1000, epochs=3, samples=3))


@pytest.fixture(scope="module")
def nothing_done() -> Verdict:
    return verdict(original())


@pytest.fixture(scope="module")
def exact() -> Verdict:
    return verdict(retrained(), references=[retrained(1)])


@pytest.fixture
def short_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relearning is given up early where a test asks for other findings."""
    monkeypatch.setattr(relearn, "CAP", 3)


def test_a_model_that_forgot_nothing_fails(nothing_done: Verdict) -> None:
    assert nothing_done.word == "FAIL-RESIDUAL"
    failed = {one.key for one in nothing_done.findings if one.state == "fail"}
    assert failed >= {"level", "shape", "destination", "healing", "relearning"}
    assert nothing_done.finding("relearning").value == 0
    assert not nothing_done.gate


@pytest.mark.usefixtures("short_lessons")
def test_fine_tuning_alone_fails() -> None:
    assert verdict(run(FT(epochs=2, batch=50, lr=0.02), original(), task())).word == "FAIL-RESIDUAL"


def test_an_exact_model_does_not_fail(exact: Verdict) -> None:
    assert not exact.word.startswith("FAIL")
    assert exact.finding("level").state == "pass"


@pytest.mark.slow
def test_an_exact_model_fails_in_one_seed_of_twenty_at_most() -> None:
    words = [verdict(retrained(seed)).word for seed in range(20)]
    assert sum(word.startswith("FAIL") for word in words) <= 1


@pytest.mark.usefixtures("short_lessons")
def test_pushing_an_exact_model_on_is_over_forgetting() -> None:
    pushed = run(GA(epochs=5, batch=50, lr=0.01), retrained(), task())
    found = verdict(pushed)
    assert found.word == "FAIL-OVERFORGET"
    assert found.finding("level").value < 0.5


@pytest.mark.usefixtures("short_lessons")
def test_a_class_that_is_only_masked_never_passes() -> None:
    on = task(np.flatnonzero(images().y.numpy()[:TRAIN] == 0))
    masked = run(MaskClass(), original(), on)
    terms = Terms(epochs=1)
    alone = control(case(masked, on), terms)
    assert alone.state == "open"
    assert "never saw it" in alone.sentence
    without, again = (run(RECIPE, SPEC.make(0), on, seed) for seed in (3, 4))
    assert control(case(again, on, retrains=[without]), terms).state != "fail"
    found = verdict(masked, on, retrains=[without])
    assert found.word == "FAIL-RESIDUAL"
    assert found.finding("control").value > 0.1


@pytest.mark.usefixtures("short_lessons")
def test_twenty_images_cannot_be_cleared_and_retrain_is_named() -> None:
    found = verdict(retrained(), task(np.arange(20)), references=[retrained(1), retrained(2)])
    assert found.word == "INCONCLUSIVE"
    assert "untrain train --forget" in found.judgement.reasons[0]
    ranks = found.finding("references").more["ranks"]
    assert set(ranks) == {f"i{number}" for number in range(20)}


def test_one_image_is_judged_without_a_crash() -> None:
    found = verdict(retrained(), task(np.arange(1)), references=[retrained(1)])
    assert found.word in ("INCONCLUSIVE", "NOT-TESTABLE")


@pytest.fixture
def other_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forgotten images are brighter than all others."""
    x = images().x.clone()
    x[:FORGET] = (x[:FORGET].float() * 0.6 + 90).to(torch.uint8)
    monkeypatch.setattr("world.images", lambda: world_of(x))


def world_of(x: torch.Tensor) -> Images:
    return replace(ORDINARY, x=x)


ORDINARY = images()


@pytest.mark.usefixtures("other_source")
def test_another_source_is_judged_by_models_that_never_saw_it() -> None:
    on = task()
    models = [run(RECIPE, SPEC.make(0), task(np.arange(FORGET)), seed) for seed in range(3)]
    alone = verdict(models[0], on)
    assert alone.word == "INCONCLUSIVE"
    assert not alone.findings
    assert "not from one source" in alone.judgement.reasons[0]
    beside = verdict(models[0], on, references=models[1:])
    assert [one.key for one in beside.findings] == ["level", "healing"]
    assert not beside.word.startswith("FAIL")
    whole = run(RECIPE, SPEC.make(0), task(np.zeros(0, dtype=int)))
    known = verdict(whole, on, before=whole, retrains=models)
    assert known.word != "PASS"
    assert known.finding("level").value > beside.finding("level").value + 0.1


class Constant(nn.Module):
    """The same answer to everything."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(64, 3)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(x.flatten(1))
        return logits


def test_a_model_that_always_says_the_same_is_not_cleared() -> None:
    found = verdict(Constant())
    assert found.word == "INCONCLUSIVE"
    assert "the same answer" in found.judgement.reasons[0]


def test_no_original_and_an_original_that_shows_nothing() -> None:
    missing = exposed(replace(case(retrained()), original=None), Terms())
    assert missing.met is None
    assert "--original" in missing.sentence
    twin = case(retrained(), before=retrained(1))  # neither saw them, so that nothing can show
    assert exposed(twin, Terms()).met is False


def test_what_choices_have_seen_is_not_audited() -> None:
    reasons = [one.sentence for one in asked(case(Constant(), choices_saw_all=True), Terms())]
    assert any("looked at all forgotten images" in reason for reason in reasons)
    seen = images().keys[:150]
    half = case(retrained(), chosen_on=seen)
    assert len(half.forgotten) == FORGET - 150
    assert not np.isin(half.forgotten, seen).any()
    assert len(half.view(half.party).forget) == len(half.forgotten)


def test_every_candidate_has_its_share_of_alpha(exact: Verdict) -> None:
    twin = case(Constant())  # void, so that nothing is trained
    for changes, part in (({"candidates": 4}, 4), ({"candidates": 4, "corrected": False}, 1)):
        found = examine(replace(twin, **changes))
        assert found.terms.alpha == pytest.approx(examine(twin).terms.alpha / part)
        assert "4 models" in text(found)
    assert exact.terms.alpha == pytest.approx(0.05 / 6)


def test_the_page_has_every_part(nothing_done: Verdict, exact: Verdict) -> None:
    for found in (nothing_done, exact):
        page, plain = markdown(found), text(found)
        for part in ("Result: ", "What we tested", "Findings", "Sensitivity", "Not covered"):
            assert part in page
            assert part in plain
        assert "Behaviour cannot prove deletion" in page
        for one in found.findings:
            assert one.sentence in page
            assert one.definition in page
    assert "must be destroyed" in markdown(nothing_done)
    assert max(map(len, text(exact).split("Process log")[0].splitlines())) <= 110


def test_several_verdicts_are_a_table(nothing_done: Verdict, exact: Verdict) -> None:
    rows = grid([nothing_done, exact])
    assert rows[1][1] == "FAIL-RESIDUAL"
    assert rows[1][2].endswith("*")
    assert not rows[2][2].endswith("*")


def test_rows_are_found_by_key() -> None:
    outputs = Outputs(np.eye(3, dtype=np.float32), np.arange(3), np.array(["c", "a", "b"]))
    assert outputs.take(rows_of(outputs, np.array(["a", "c"]))).keys.tolist() == ["a", "c"]
