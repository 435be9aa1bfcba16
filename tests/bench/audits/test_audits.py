"""Audits of a study: the numbers of `untrain audit`, kept beside the run, measured once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from untrain.bench import audits
from untrain.bench.audits import accuracy
from untrain.bench.audits.measured import Measured
from untrain.bench.audits.packing import packed, unpacked
from untrain.cli.main import main
from untrain.data.images import Images
from untrain.errors import UserError
from untrain.metrics.audit import GAP, audit
from untrain.metrics.distance.centroids import profile
from untrain.metrics.distance.destination import hard
from untrain.metrics.distance.measures import Side
from untrain.metrics.evidence import Outputs, View
from untrain.metrics.plain import plain
from untrain.metrics.readings import tables
from untrain.runs.gather import gather
from untrain.runs.load import data_of
from untrain.runs.record import read

SEEDS = (0, 1)
RULE = "random:20"


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("untrain.metrics.evidence.UNSEEN", 50)
        patch.setattr("untrain.metrics.embed.VIEWS", 2)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original, and FT that has forgotten 20 digits."""
    folder = tmp_path_factory.mktemp("audits")
    common = ["--limit", "200", "--width", "4", "--epochs", "2", "--batch", "50"]
    assert main(["train", *common, "--out", str(folder / "original")]) == 0
    start = ["unlearn", "ft", "--original", str(folder / "original"), "--epochs", "1"]
    assert main([*start, "--forget", RULE, "--out", str(folder / "ft")]) == 0
    return folder


@pytest.fixture(scope="module")
def images(runs: Path) -> Images:
    return data_of(read(runs / "ft"))[1]


@pytest.fixture(scope="module")
def found(runs: Path, images: Images) -> dict[str, Any]:
    return audits.measure_all(runs / "ft", images, audits.NAMES, SEEDS)


@pytest.fixture(scope="module")
def run(runs: Path, images: Images) -> Measured:
    return Measured(runs / "ft", images)


def test_accuracies_are_those_of_the_audit(
    runs: Path, images: Images, found: dict[str, Any]
) -> None:
    known = gather((runs / "original", runs / "ft"), ())
    original = audits.measure_all(runs / "original", images, ["accuracy"], rules=[RULE])
    for label, mine in (("ft", found["accuracy"]), ("original", original["accuracy"])):
        for choosing, values in ((False, mine), (True, mine["choosing"])):
            table = audit(known.subjects, (), known.keys, choosing=choosing)
            for name in (*GAP, "membership_auc"):
                expected = table.row(label).values[name]
                told = values["draws"][name][:1] if name == "mia_efficacy" else [values[name]]
                assert told == pytest.approx(expected, abs=1e-6)
    assert "gone_test_accuracy" not in found["accuracy"]


def outputs(n: int, seed: int, loc: float = 0) -> Outputs:
    """Random logits of three classes, those of the true one higher by loc."""
    chance = np.random.default_rng(seed)
    logits, labels = chance.normal(size=(n, 3)), np.arange(n) % 3
    logits[np.arange(n), labels] += loc
    return Outputs(logits.astype(np.float32), labels, np.array([f"{seed}-{k}" for k in range(n)]))


def test_only_what_is_drawn_differs_between_seeds() -> None:
    parts = {"retain": outputs(300, 0, 1), "forget": outputs(200, 1), "test": outputs(90, 2)}
    seen = View(**parts, reference=outputs(90, 3), gone=np.zeros(0, np.int64))
    one, several = accuracy.values(seen, (), (0,)), accuracy.values(seen, (), range(4))
    draws = several["draws"]["mia_efficacy"]
    assert draws[:1] == one["draws"]["mia_efficacy"]
    assert len(set(draws)) > 1
    assert several["mia_efficacy"] == pytest.approx(np.mean(draws), abs=1e-5)
    same = audits.numbers(one).keys() - {"mia_efficacy"}
    assert {name: one[name] for name in same} == {name: several[name] for name in same}
    assert audits.numbers(one).keys() == {*GAP, "membership_auc"}


def test_each_request_of_a_sequence_has_its_own_ua(runs: Path, images: Images) -> None:
    rules = [RULE, "class:3"]
    found = audits.measure_all(runs / "original", images, ["accuracy", "destination"], rules=rules)
    values, where = found["accuracy"], found["destination"]
    assert where["gone"] == [3]
    assert set(where["unseen"]) <= set(where["forget"])
    parts = [values[f"unlearn_accuracy_{number}"] for number in (1, 2)]
    counts = [len(keys) for keys in Measured(runs / "original", images, tuple(rules)).requests]
    assert counts[0] == 20
    assert values["unlearn_accuracy"] == pytest.approx(np.average(parts, weights=counts), abs=1e-5)
    assert values["gone_test_accuracy"] >= 0


def test_destinations_count_each_image_once(run: Measured, found: dict[str, Any]) -> None:
    where, table = found["destination"], hard(run.view.forget)
    for c, size, row in zip(table.classes, table.counts, table.rows, strict=True):
        counts = where["forget"][str(c)]
        assert {int(k): n / size for k, n in counts.items()} == {
            int(k): row[k] for k in np.flatnonzero(row)
        }
    assert where["classes"] == list(map(str, range(10)))
    assert where["gone"] == []


def test_centroids_are_those_of_the_details(run: Measured, found: dict[str, Any]) -> None:
    values, made = found["centroids"], run.embeddings
    far = profile(made.samples["forget"], made.classes, "none")
    assert values["retained"] == far.retained.tolist()
    assert values["radius"] == pytest.approx(made.classes.radius.tolist(), abs=1e-3)
    for c, row in zip(far.classes, far.rows, strict=True):
        assert values["forget"][str(c)] == pytest.approx(row.tolist(), abs=2e-3)
    assert set(values["unseen"]) <= set(values["forget"])
    assert values["own_class"]["error"] > 0


def test_the_lemma_is_that_of_the_details(run: Measured, found: dict[str, Any]) -> None:
    values = found["lemma"]
    known = tables(Side("", run.view, run.embeddings, float("nan")), run.names)
    assert values["theorem"] == plain(known["theorem"])
    for augment, sets in known["misaligned"].items():
        assert set(sets) == {"retain", "forget", "test"}
        for name, one in sets.items():
            drawn = values["curves"][augment][name]
            assert drawn["n"] == one["n"]
            assert drawn["share"] == pytest.approx(one["share"], abs=1e-4)
            assert all(a <= b <= c for a, b, c in zip(*(drawn[k] for k in ORDER), strict=True))
    assert len(values["sigma"]["delta"]) == len(values["sigma"]["sigma"])


ORDER = ("low", "share", "high")


def test_predictions_come_back(run: Measured, found: dict[str, Any]) -> None:
    values, forget = found["predictions"], run.view.forget
    order = np.argsort(forget.keys.astype(str), kind="stable")
    back = unpacked(values["predicted"], values["images"])
    np.testing.assert_array_equal(back, forget.predictions[order])


@pytest.mark.parametrize("classes", [2, 256, 257, 1000])
def test_many_classes_take_two_bytes(classes: int) -> None:
    labels = np.array([classes - 1, 0, 1])
    assert unpacked(packed(labels, classes), 3).tolist() == [classes - 1, 0, 1]
    with pytest.raises(ValueError, match="buffer"):
        unpacked(packed(labels, classes), 7)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "measures").iterdir())


def test_files_are_small_whole_and_read_back(runs: Path, found: dict[str, Any]) -> None:
    paths = {name: audits.place(runs / "ft", name, seeds=SEEDS) for name in audits.NAMES}
    assert files(runs / "ft") == sorted(paths.values())
    for name, path in paths.items():
        content = json.loads(path.read_text())
        assert path.stat().st_size < 30_000
        assert content["schema"] == audits.SCHEMA
        assert content["weights"] == read(runs / "ft")["checkpoints"]["child"]
        assert content["values"] == found[name] == audits.read(runs / "ft", name, seeds=SEEDS)
        assert audits.read(runs / "ft", name, [RULE], SEEDS) == found[name]
        assert audits.read(runs / "ft", name, seeds=(0, 2)) is None


def test_nothing_is_measured_twice(
    runs: Path, images: Images, found: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(run: Measured, seeds: Sequence[int]) -> dict[str, Any]:
        asked.append(tuple(seeds))
        return {"of": list(seeds)}

    asked: list[tuple[int, ...]] = []
    audits.audits.get("destination")
    monkeypatch.setitem(audits.audits.objects, "destination", counted)
    path = audits.place(runs / "ft", "destination", seeds=SEEDS)
    whole = path.read_text()

    def measure(seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
        return audits.measure_all(runs / "ft", images, ["destination"], seeds)["destination"]

    assert measure() == found["destination"]
    assert not asked
    path.write_text(whole[: len(whole) // 2])
    assert audits.read(runs / "ft", "destination", seeds=SEEDS) is None
    assert measure() == {"of": [0, 1]}
    assert measure((3,)) == {"of": [3]}
    weights = read(runs / "ft")["checkpoints"]["child"]
    path.write_text(whole.replace(weights, "0" * 64))
    assert audits.read(runs / "ft", "destination", seeds=SEEDS) is None
    measure()
    assert asked == [(0, 1), (3,), (0, 1)]
    path.write_text(whole)


def test_an_original_has_a_file_for_each_request(runs: Path, images: Images) -> None:
    names = ["accuracy", "destination"]
    alone = audits.measure_all(runs / "original", images, names)
    assert alone["destination"] == {} == audits.read(runs / "original", "destination")
    assert "unlearn_accuracy" not in alone["accuracy"]
    audits.measure_all(runs / "original", images, names, rules=["class:1"])
    one, other = (audits.read(runs / "original", "destination", [rule]) for rule in ("class:1", ""))
    assert one is not None
    assert one["gone"] == [1]
    assert other is None
    assert audits.read(runs / "nowhere", "accuracy") is None


def test_on_another_device_the_model_is_measured_there(
    runs: Path, images: Images, tmp_path: Path, found: dict[str, Any]
) -> None:
    shutil.copytree(runs / "ft", tmp_path / "ft")
    for path in (*files(tmp_path / "ft"), tmp_path / "ft" / "evidence.npz"):
        path.unlink()
    names = ["accuracy", "centroids"]
    told = audits.measure_all(tmp_path / "ft", images, names, SEEDS, device="cpu:0")
    assert told == {name: found[name] for name in names}
    assert (tmp_path / "ft" / "evidence.npz").exists()


def test_a_run_of_an_older_version_has_one_request(
    runs: Path, images: Images, tmp_path: Path, found: dict[str, Any]
) -> None:
    folder = shutil.copytree(runs / "ft", tmp_path / "ft")
    content = json.loads((folder / "run.json").read_text())
    del content["requests"]
    (folder / "run.json").write_text(json.dumps(content))
    path = audits.place(folder, "destination", seeds=SEEDS)
    path.unlink()
    told = audits.measure_all(folder, images, ["destination"], SEEDS)
    assert told == {"destination": found["destination"]}
    assert audits.read(folder, "destination", seeds=SEEDS) == found["destination"]
    assert json.loads(path.read_text())["rules"] == [RULE]


def test_an_unknown_audit_is_refused(runs: Path, images: Images) -> None:
    with pytest.raises(UserError, match="Did you mean 'accuracy'"):
        audits.measure_all(runs / "ft", images, ["destination", "acuracy"])


def test_plain_values() -> None:
    given = {"a": np.float32(1.23456789), 2: (np.nan, np.inf, np.int64(3)), "c": np.array([True])}
    assert plain(given) == {"a": 1.234568, "2": [None, None, 3], "c": [True]}
    assert plain({"b": "text", "n": None}) == {"b": "text", "n": None}
