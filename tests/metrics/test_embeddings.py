"""Embeddings: the same numbers as plain forwards, samples that depend on keys alone, files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import Split
from untrain.errors import UserError
from untrain.metrics import embed as module
from untrain.metrics import embeddings as kept
from untrain.metrics.embed import embed
from untrain.metrics.embeddings import Embeddings, load_embeddings, matched, place, sample
from untrain.metrics.passes import Passes, blocks
from untrain.models.build import ModelSpec
from untrain.task import Task


def sets_of(split: Split) -> dict[str, np.ndarray]:
    return {name: split.sets()[name] for name in kept.SETS}


@pytest.fixture
def made(task: Task, model: nn.Module) -> Embeddings:
    return embed(model, task.images, sets_of(task.split))


def forward(model: nn.Module, images: Images, at: np.ndarray) -> np.ndarray:
    """Features (N, D) of single images, one by one."""
    x = images.x[torch.from_numpy(at)].permute(0, 3, 1, 2).float() / 255
    model.eval()
    with torch.no_grad():
        return np.concatenate([model((one[None] - 0.5) / 0.5).features.numpy() for one in x])


def flat(found: Embeddings) -> dict[str, np.ndarray]:
    return {k: v for one in vars(found) for k, v in kept._flat(getattr(found, one), one).items()}


def test_samples_and_class_sums_are_those_of_plain_forwards(
    made: Embeddings, task: Task, model: nn.Module
) -> None:
    images, split = task.images, task.split
    for name, found in made.samples.items():
        at = images.positions(found.keys)
        assert set(at) <= set(split.sets()[name])
        np.testing.assert_array_equal(found.labels, images.y.numpy()[at])
        np.testing.assert_allclose(found.features, forward(model, images, at), atol=1e-3)
    features, labels = forward(model, images, split.retain), images.y.numpy()[split.retain]
    np.testing.assert_array_equal(made.classes.counts, np.bincount(labels, minlength=3))
    for k in range(3):
        own = features[labels == k]
        np.testing.assert_allclose(made.classes.centroids[k], own.mean(0), atol=1e-6)
        radius = np.sqrt(np.square(own - own.mean(0)).sum(1).mean())
        assert made.classes.radius[k] == pytest.approx(radius, rel=1e-3)


def test_layers_are_what_the_blocks_give(made: Embeddings, task: Task, model: nn.Module) -> None:
    at = task.images.positions(made.samples["forget"].keys)
    x = task.images.x[torch.from_numpy(at)].permute(0, 3, 1, 2).float() / 255
    names = list(made.layers["forget"])
    assert names == ["layers.0", "layers.3", "layers.6"]
    assert made.layers.keys() == {"retain", "forget", "unseen"}
    with torch.no_grad():
        first = model.get_submodule("layers.0")((x - 0.5) / 0.5).mean((2, 3))
    np.testing.assert_allclose(made.layers["forget"]["layers.0"], first, atol=2e-3)


@pytest.mark.parametrize(
    ("name", "last"), [("resnet18", "blocks.7"), ("vgg16", "hidden.2"), ("vit", "blocks.5")]
)
def test_blocks_end_before_the_head(name: str, last: str) -> None:
    model = ModelSpec(name, classes=3, channels=3, width=64 if name == "vit" else 16).make(0)
    found = blocks(model)
    assert list(found)[-1] == last
    assert 5 < len(found) <= 10
    assert "head" not in found


def test_steadiness_norms_and_views(made: Embeddings, task: Task, model: nn.Module) -> None:
    for name in ("forget", "unseen"):
        found, at = made.steady[name], task.split.sets()[name]
        np.testing.assert_array_equal(found.keys, task.images.keys[at])
        features = forward(model, task.images, at)
        np.testing.assert_allclose(found.norm, np.linalg.norm(features, axis=1), rtol=1e-4)
        assert set(found.share * module.VIEWS) <= set(range(module.VIEWS + 1))
    assert list(made.views) == ["crop+flip", "crop+flip+color"]
    for views in made.views["crop+flip"].values():
        assert (views.moved <= 2).all()
        assert ((views.moved == 0) | (views.pixels > 0)).all()
        assert views.moved.any()


def test_a_model_that_says_one_thing_is_steady(task: Task, model: nn.Module) -> None:
    head = model.get_submodule("head")
    assert isinstance(head, nn.Linear)
    nn.init.zeros_(head.weight)
    head.bias.data = torch.tensor([0.0, 1.0, 0.0])
    found = embed(model, task.images, sets_of(task.split))
    assert (found.steady["forget"].share == 1).all()


def test_spread_is_of_images_and_not_of_the_model(made: Embeddings, task: Task) -> None:
    assert task.make_model is not None
    other = embed(task.make_model(5), task.images, sets_of(task.split))
    np.testing.assert_array_equal(made.spread.apart, other.spread.apart)
    apart, real = made.spread.apart, np.isfinite(made.spread.apart)
    assert (apart[real] >= 0).all()
    np.testing.assert_allclose(apart, apart.transpose(0, 2, 1), atol=1e-3)
    labels, counts = np.unique(made.samples["retain"].labels, return_counts=True)
    np.testing.assert_array_equal(made.spread.labels, labels)
    np.testing.assert_array_equal(
        real[:, range(len(apart[0])), range(len(apart[0]))].sum(1), counts
    )
    assert (np.linalg.norm(made.spread.means, axis=1) <= 1 + 1e-6).all()


def test_the_model_stays_as_it_is_and_again_gives_the_same(
    made: Embeddings, task: Task, model: nn.Module
) -> None:
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    again = flat(embed(model, task.images, sets_of(task.split)))
    assert all(part.training for part in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(
        np.array_equal(again[name], one, True)
        for name, one in flat(made).items()
        if one.dtype.kind == "f"
    )


def test_a_class_that_is_gone_has_no_centroid(images: Images, spec: ModelSpec) -> None:
    at = np.arange(48)
    labels = images.y.numpy()
    sets = {"retain": at[labels[:48] != 1], "forget": at[labels[:48] == 1]}
    found = embed(spec.make(0), images, sets | {"unseen": np.arange(48, 54), "test": at[:0]})
    assert found.classes.counts[1] == 0
    assert np.isnan(found.classes.centroids[1]).all()
    assert set(found.samples["unseen"].labels) == {1}  # only what the request is compared with
    assert found.samples["test"].features.shape == (0, 16)
    assert len(found.steady["unseen"].share) == 6


def test_samples_depend_on_keys_alone() -> None:
    keys = np.array([f"k{i}" for i in range(50)])
    order = np.random.default_rng(0).permutation(50)
    np.testing.assert_array_equal(
        keys[sample(keys, "x", 9)], keys[order][sample(keys[order], "x", 9)]
    )
    assert sorted(sample(keys, "x")) == list(range(50))


def test_unseen_images_are_matched_to_the_forgotten_classes() -> None:
    labels = np.repeat([0, 1, 2], 40)
    keys = np.array([f"k{i}" for i in range(120)])
    chosen = matched(keys, labels, np.array([0] * 30 + [2] * 10), 20)
    assert np.bincount(labels[chosen], minlength=3).tolist() == [15, 0, 5]
    assert len(np.unique(chosen)) == 20
    few = matched(keys, labels, np.array([0, 2, 2, 2]), 200)  # there are 40 of each
    assert np.bincount(labels[few], minlength=3).tolist() == [40, 0, 40]


def test_they_survive_a_file_of_their_weights_and_request(made: Embeddings, tmp_path: Path) -> None:
    path = place(tmp_path, made.samples["forget"].keys)
    assert path.name.startswith("embeddings-")
    made.save(path, "abc", "request")
    found = load_embeddings(path, "abc", "request")
    assert found is not None
    one, other = flat(made), flat(found)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
        assert one[name].dtype == other[name].dtype
    assert load_embeddings(path, "other", "request") is None
    assert load_embeddings(path, "abc", "another") is None
    path.write_bytes(path.read_bytes()[:1000])
    assert load_embeddings(path, "abc", "request") is None
    assert load_embeddings(tmp_path / "none.npz", "abc", "request") is None


def test_outputs_that_are_not_finite_are_refused(task: Task, model: nn.Module) -> None:
    next(model.parameters()).data.fill_(torch.nan)
    with pytest.raises(UserError, match="not finite"):
        embed(model, task.images, sets_of(task.split))


def test_images_that_are_normalised_already_are_not_recoloured(
    task: Task, model: nn.Module
) -> None:
    images = task.images
    given = replace(images, x=(images.x.float() / 255 - 0.5) / 0.5, augment="none")
    found = embed(model, given, sets_of(task.split))
    assert list(found.views) == ["crop"]  # some augmentation there must be
    same = embed(model, images, sets_of(task.split))
    np.testing.assert_allclose(
        found.samples["test"].features, same.samples["test"].features, atol=1e-3
    )


def test_steadiness_is_the_share_of_views_with_the_plain_prediction(
    task: Task, model: nn.Module
) -> None:
    """By hand for one image: each view is cut out of the padded image."""
    images, at, head = task.images, task.split.forget, model.get_submodule("head")
    features = torch.from_numpy(forward(model, images, task.split.retain))
    weight = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    head.load_state_dict({"weight": weight, "bias": -weight @ features.mean(0)})  # close calls
    found = embed(model, images, sets_of(task.split)).steady["forget"]
    passes = Passes(model, images)
    x = torch.nn.functional.pad(images.x[at[3]].permute(2, 0, 1).float() / 255, (1, 1, 1, 1))
    hits = 0
    model.eval()
    with torch.no_grad():
        plain = model(((x[:, 1:9, 1:9] - 0.5) / 0.5)[None]).logits.argmax()
        for view in range(module.VIEWS):
            draws = passes.plan(len(at), "crop+flip", "steady", "forget", view)
            dy, dx = int(draws.dy[3]), int(draws.dx[3])
            padded = x.flip(2) if draws.flip[3] else x
            one = padded[:, dy : dy + 8, dx : dx + 8]
            hits += int(model(((one - 0.5) / 0.5)[None]).logits.argmax() == plain)
    assert 0 < found.share[3] < 1
    assert found.share[3] == pytest.approx(hits / module.VIEWS)
