"""Evidence: the signals of an image, what a model says about it, files, and views."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from synthetic import CLASS, FORGET, evidence
from torch import nn

from untrain.data.sets.splits import make_split, with_forget
from untrain.metrics import evidence as module
from untrain.metrics.evidence import Evidence, Outputs, collect, load_evidence, view
from untrain.task import Task


@pytest.fixture
def random() -> Outputs:
    chance = np.random.default_rng(0)
    logits = chance.normal(0, 3, (50, 4)).astype(np.float32)
    return Outputs(logits, chance.integers(0, 4, 50), np.arange(50).astype(str))


def slow_probability(outputs: Outputs, i: int) -> float:
    z = [math.exp(float(value)) for value in outputs.logits[i]]
    return z[outputs.labels[i]] / sum(z)


def test_confidence_is_the_probability_of_the_label(random: Outputs) -> None:
    slow = [slow_probability(random, i) for i in range(len(random))]
    assert random.confidence.dtype == np.float64
    np.testing.assert_allclose(random.confidence, slow, rtol=1e-12)


def test_margin_is_the_logit_of_the_probability(random: Outputs) -> None:
    p = np.array([slow_probability(random, i) for i in range(len(random))])
    assert random.margin.dtype == np.float64
    np.testing.assert_allclose(random.margin, np.log(p) - np.log1p(-p), rtol=1e-9)


def test_margin_keeps_its_value_where_the_probability_saturates() -> None:
    logits = np.array([[80, -80, -80], [80, -80, -80]], dtype=np.float32)
    outputs = Outputs(logits, np.array([0, 1]), np.array(["a", "b"]))
    assert outputs.confidence[0] == 1
    np.testing.assert_allclose(outputs.margin, [160 - math.log(2), -160], rtol=1e-12)
    np.testing.assert_allclose(outputs.log_probabilities[:, 1], [-160, -160], rtol=1e-12)


def test_take_accepts_masks_and_positions(random: Outputs) -> None:
    by_mask = random.take(random.labels == 2)
    by_place = random.take(np.flatnonzero(random.labels == 2))
    assert set(by_mask.labels) == {2}
    np.testing.assert_array_equal(by_mask.keys, by_place.keys)


def test_collect_is_a_forward_of_each_image_in_eval_mode(task: Task, model: nn.Module) -> None:
    found = collect(model, task.images, task.split)
    features = dict(zip(found.feature_keys, found.features, strict=True))
    positions = {"train": task.split.train} | {
        name: task.split.sets()[name] for name in ("val", "unseen", "test")
    }
    assert found.sets.keys() == positions.keys()
    model.eval()
    for name, at in positions.items():
        outputs = found.sets[name]
        assert list(outputs.keys) == list(task.images.keys[at])
        np.testing.assert_array_equal(outputs.labels, task.images.y.numpy()[at])
        for place, position in enumerate(at):
            x = task.images.x[position].permute(2, 0, 1).float() / 255
            with torch.no_grad():
                out = model((x[None] - 0.5) / 0.5)
            np.testing.assert_allclose(outputs.logits[place], out.logits[0], atol=1e-5)
            np.testing.assert_allclose(features[outputs.keys[place]], out.features[0], atol=1e-2)


@pytest.mark.parametrize("training", [True, False])
def test_collect_leaves_the_model_as_it_was(task: Task, model: nn.Module, training: bool) -> None:
    model.train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    collect(model, task.images, task.split)
    assert all(part.training is training for part in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_collect_does_not_depend_on_what_is_forgotten(task: Task, model: nn.Module) -> None:
    other = with_forget(task.split, task.split.train[-5:])
    one, two = (collect(model, task.images, split) for split in (task.split, other))
    np.testing.assert_array_equal(one.features, two.features)
    for name in one.sets:
        np.testing.assert_array_equal(one.sets[name].logits, two.sets[name].logits)
        np.testing.assert_array_equal(one.sets[name].keys, two.sets[name].keys)


def test_large_sets_are_sampled_alike_for_every_model(
    task: Task, model: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNSEEN", 6)
    monkeypatch.setattr(module, "SAMPLE", 7)
    split = make_split(task.images, holdout=0.5)
    assert task.make_model is not None
    one, two = (collect(m, task.images, split) for m in (model, task.make_model(1)))
    assert len(one.sets["unseen"]) == 6 < len(split.unseen)
    assert one.features.shape[0] == len(one.feature_keys) == 7
    assert one.features.dtype == np.float16
    np.testing.assert_array_equal(one.sets["unseen"].keys, two.sets["unseen"].keys)
    np.testing.assert_array_equal(one.feature_keys, two.feature_keys)


def test_evidence_survives_a_file(task: Task, model: nn.Module, tmp_path: Path) -> None:
    found = collect(model, task.images, task.split)
    found.save(tmp_path / "evidence.npz", "abc")
    loaded = load_evidence(tmp_path / "evidence.npz", "abc")
    assert loaded is not None
    assert loaded.sets.keys() == found.sets.keys()
    for name, outputs in found.sets.items():
        for part, array in vars(outputs).items():
            np.testing.assert_array_equal(getattr(loaded.sets[name], part), array)
    np.testing.assert_array_equal(loaded.features, found.features)
    np.testing.assert_array_equal(loaded.feature_keys, found.feature_keys)


def test_evidence_of_other_weights_is_not_loaded(tmp_path: Path) -> None:
    evidence().save(tmp_path / "evidence.npz", "abc")
    assert load_evidence(tmp_path / "evidence.npz", "abd") is None
    assert load_evidence(tmp_path / "none.npz", "abc") is None


def test_retain_and_forget_partition_train() -> None:
    found = evidence()
    seen = view(found, FORGET)
    assert set(seen.forget.keys) == set(FORGET)
    assert not set(seen.retain.keys) & set(FORGET)
    both = [*seen.retain.keys, *seen.forget.keys]
    assert sorted(both) == sorted(found.sets["train"].keys)


def test_reports_use_test_and_unseen_and_choices_use_val() -> None:
    found = evidence()
    report, choice = view(found, FORGET), view(found, FORGET, choosing=True)
    assert report.test is found.sets["test"]
    assert report.reference is found.sets["unseen"]
    assert choice.test is choice.reference is found.sets["val"]


def test_test_stands_in_for_missing_unseen_images() -> None:
    found = evidence()
    sets = found.sets | {"unseen": found.sets["unseen"].take(np.zeros(0, int))}
    seen = view(Evidence(sets, found.features, found.feature_keys), FORGET)
    assert seen.reference is found.sets["test"]


def test_a_class_is_gone_when_all_its_images_are_forgotten() -> None:
    seen = view(evidence(), CLASS)
    assert list(seen.gone) == [0]
    assert set(seen.test_kept.labels) == {1, 2}
    assert len(view(evidence(), CLASS[1:]).gone) == 0
    assert len(view(evidence(), FORGET).test_kept) == len(view(evidence(), FORGET).test)
