"""Three models of digits measured together: what is kept is what the models say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from untrain.cli.main import main
from untrain.data.images import Images
from untrain.data.sets.splits import load_split
from untrain.errors import UserError
from untrain.joint import alignment, kept, layers, layout
from untrain.joint.measure import Member, measure
from untrain.metrics.distance.cka import cka
from untrain.metrics.embeddings import Features, load_embeddings
from untrain.metrics.embeddings import place as place_of
from untrain.metrics.evidence import load_evidence
from untrain.progress import silence
from untrain.runs.load import data_of
from untrain.runs.record import read

RULE = "random:40"


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("untrain.metrics.evidence.UNSEEN", 50)
        patch.setattr("untrain.metrics.embed.VIEWS", 2)
        patch.setattr(layout, "POINTS", 360)
        patch.setattr(layout, "ROUNDS", 250)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joint")
    common = ["--limit", "200", "--width", "4", "--epochs", "1", "--batch", "50"]
    assert main(["train", *common, "--out", str(folder / "original")]) == 0
    assert main(["train", *common, "--forget", RULE, "--out", str(folder / "retrain")]) == 0
    start = ["unlearn", "ft", "--original", str(folder / "original"), "--epochs", "1"]
    assert main([*start, "--forget", RULE, "--out", str(folder / "ft")]) == 0
    return folder


@pytest.fixture(scope="module")
def images(runs: Path) -> Images:
    return data_of(read(runs / "ft"))[1]


def members(runs: Path) -> list[Member]:
    return [Member(row, runs / row) for row in ("original", "retrain", "ft")]


@pytest.fixture(scope="module")
def shallow(runs: Path, images: Images) -> dict[str, Any]:
    with silence():
        return measure(members(runs), images)


@pytest.fixture(scope="module")
def deep(runs: Path, images: Images, shallow: dict[str, Any]) -> dict[str, Any]:
    with silence():
        return measure(members(runs), images, deep=True)


def test_what_evidence_has_is_laid_out(runs: Path, images: Images, shallow: dict[str, Any]) -> None:
    found = shallow["embedding"]
    assert found["about"]["source"] == "evidence"
    assert shallow["layers"] == shallow["alignment"] == {}
    assert not list(runs.rglob("embeddings-*"))
    check(found, runs, images)


def check(found: dict[str, Any], runs: Path, images: Images) -> None:
    """Labels, sets and predictions of each image are those of the runs."""
    split = load_split(runs / "ft" / "split.npz", images)
    sets = {
        "forget": images.keys[split.forgotten],
        "retain": images.keys[np.setdiff1d(split.train, split.forgotten)],
        "unseen": images.keys[split.unseen],
    }
    assert len(set(found["keys"])) == len(found["keys"])
    at = images.positions(np.array(found["keys"]))
    assert found["labels"] == images.y.numpy()[at].tolist()
    for key, name in zip(found["keys"], found["sets"], strict=True):
        assert key in sets[name]
    assert set(found["sets"]) == set(sets)
    for row in ("original", "retrain", "ft"):
        evidence = load_evidence(
            runs / row / "evidence.npz", read(runs / row)["checkpoints"]["child"]
        )
        assert evidence is not None
        said = {
            str(key): int(logits.argmax())
            for outputs in evidence.sets.values()
            for key, logits in zip(outputs.keys, outputs.logits, strict=True)
        }
        assert found["predicted"][row] == [said[key] for key in found["keys"]]
        assert len(found["x"][row]) == len(found["y"][row]) == len(found["keys"])
        assert abs(np.array([found["x"][row], found["y"][row]])).max() <= 100
        assert 0 <= found["purity"][row]["forget"] <= 1
    assert found["apart"]["retrain"]["retrain"] is None
    assert found["apart"]["ft"]["original"]["retain"] < found["apart"]["ft"]["retrain"]["retain"]


def test_embeddings_give_layers_and_alignment(
    runs: Path, images: Images, deep: dict[str, Any]
) -> None:
    check(deep["embedding"], runs, images)
    assert deep["embedding"]["about"]["source"] == "embeddings"
    known = {}
    for row in ("original", "retrain", "ft"):
        keys = images.keys[load_split(runs / "ft" / "split.npz", images).forgotten]
        path = place_of(runs / row, keys)
        with np.load(path) as saved:
            known[row] = load_embeddings(
                path, read(runs / row)["checkpoints"]["child"], str(saved["request"])
            )
    names = deep["layers"]["ft"]["names"]
    assert len(names) > 1
    for reference in ("original", "retrain"):
        told = deep["layers"]["ft"][reference]
        mine, theirs = known["ft"], known[reference]
        assert mine is not None
        assert theirs is not None
        for part in ("forget", "retain", "unseen"):
            name = names[0]
            expected = cka(mine.layers[part][name], theirs.layers[part][name]).value
            assert told[part][0] == pytest.approx(expected, abs=1e-4)
            expected = cka(mine.samples[part].features, theirs.samples[part].features).value
            assert told[part][-1] == pytest.approx(expected, abs=1e-4)
    assert deep["layers"]["original"]["original"] is None
    views = deep["alignment"]["ft"]
    moved = known["ft"] and next(iter(known["ft"].views.values()))["forget"].moved
    assert views["sets"]["forget"]["alignment"] == pytest.approx(np.mean(moved**2), abs=1e-5)
    assert views["curves"].keys() >= {views["augment"]}
    json.dumps(deep, allow_nan=False)


def test_what_is_kept_is_read_and_not_measured_again(
    runs: Path, images: Images, deep: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = {read(runs / row)["checkpoints"]["child"]: row for row in ("retrain", "ft")}
    found = kept.read(runs / "retrain", [RULE], weights)
    assert found is not None
    assert found["embedding"]["x"]["ft"] == deep["embedding"]["x"]["ft"]
    monkeypatch.setattr(layout, "fitted", None)
    assert measure(members(runs), images) == deep
    assert measure(list(reversed(members(runs))), images, deep=True) == deep
    others = [*members(runs)[:2], Member("ft (lr 0.1)", runs / "ft")]
    named = measure(others, images)["embedding"]["x"]
    assert named["ft (lr 0.1)"] == deep["embedding"]["x"]["ft"]


def test_a_sequence_of_models_is_refused(runs: Path, images: Images, tmp_path: Path) -> None:
    for folders in (["ft"], ["ft", "ft"]):
        with pytest.raises(UserError, match="At least two models of different names"):
            measure([Member(row, runs / row) for row in folders], images)
    shutil.copytree(runs / "original", tmp_path / "twin")
    with pytest.raises(UserError, match="None of the runs has forgotten anything"):
        measure([Member("a", runs / "original"), Member("b", tmp_path / "twin")], images)


def test_a_layer_that_the_other_has_not_and_one_that_is_the_features(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = np.random.default_rng(0)
    outputs = {name: chance.normal(size=(30, 4)) for name in ("stem", "one", "last")}
    none = np.zeros(30, np.int64)

    class Made:
        def __init__(self, *names: str) -> None:
            blocks = {name: outputs[name] for name in names}
            self.layers = dict.fromkeys(layers.SETS, blocks)
            self.samples = dict.fromkeys(layers.SETS, Features(outputs["last"], none, none))

    models: Any = {"original": Made("stem"), "retrain": Made("stem", "one", "last")}
    found = layers.compared(models | {"ft": Made("stem", "one")})
    assert found["retrain"]["names"] == ["stem", "one", "last"]
    assert found["ft"]["names"] == ["stem", "one", "features"]
    assert found["ft"]["original"]["forget"] == [1, None, 1]
    assert found["ft"]["retrain"]["forget"] == [1, 1, None]
    alone = layers.compared({"ft": models["original"]})
    assert alone["ft"]["original"] is alone["ft"]["retrain"] is None


def test_uniformity_is_that_of_a_loop() -> None:
    x = np.random.default_rng(0).normal(size=(12, 5))
    unit = [row / np.sqrt((row**2).sum()) for row in x]
    pairs = [np.exp(-2 * ((unit[i] - unit[j]) ** 2).sum()) for i in range(12) for j in range(i)]
    assert alignment.uniformity(x) == pytest.approx(np.log(np.mean(pairs)))
    assert np.isnan(alignment.uniformity(x[:1]))
