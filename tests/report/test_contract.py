"""What result files must hold: made-up ones do, and whatever is not of its kind is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_results
import pytest

from untrain.errors import UserError
from untrain.report.reading import contract, understood
from untrain.report.reading.together import wrong_in_joint


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contract")
    made: dict[str, Any] = {"loose": True, "seeds": 1, "methods": ["ft"], "points": 20}
    return made_results.write(folder, **made) / "ft-0"


def content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_whole_files_are_taken(run: Path) -> None:
    assert contract.wrong_in_run(content(run / "run.json")) == ""
    assert contract.wrong_in_verdict(content(run / "audit" / "verdict.json")) == ""
    measures = [content(path) for path in (run / "measures").glob("[!j]*.json")]
    assert {one["audit"] for one in measures} >= {"accuracy", "answers", "centroids"}
    assert [contract.wrong_in(one) for one in measures] == [""] * len(measures)
    assert wrong_in_joint(content(joint(run))) == ""


def joint(run: Path) -> Path:
    (found,) = (run.parent / "retrain-0" / "measures").glob("joint-*.json")
    return found


NAN, HUGE = float("nan"), 1e308
WRONG: list[tuple[str, str, Any, str]] = [
    ("run.json", "split.forget", None, "no object at split.forget"),
    ("run.json", "config.data.split_seed", "x", "of another kind at config.data.split_seed"),
    ("run.json", "config.seed", True, "of another kind at config.seed"),
    ("run.json", "images.classes", {}, "no list at images.classes"),
    ("run.json", "environment.numerics", [1], "no object at environment.numerics"),
    ("run.json", "cost.flops", NAN, "no finite number for flops at cost"),
    ("run.json", "curve", [{"epoch": "x"}], "of another kind at curve.epoch"),
    ("accuracy", "rules", None, "no list at rules"),
    ("accuracy", "values.test_accuracy", NAN, "no finite number for test_accuracy at values"),
    ("answers", "values.roc", [], "no object at values.roc"),
    ("answers", "values.roc.tpr", [0.0, 1.0], "lists of different lengths (fpr, tpr)"),
    ("answers", "values.roc.fpr.3", 1.5, "out of its range at values.roc.fpr"),
    ("answers", "values.histograms", {"loss": {}}, "lacks values.histograms.loss.low"),
    ("answers", "values.histograms.loss.counts.test.0", "x", "another kind at values.histograms"),
    ("answers", "values.histograms.loss.counts.test.0", HUGE, "out of its range at values.hist"),
    ("answers", "values.histograms.loss.counts.test", [1], "lists of different lengths (retain,"),
    ("answers", "values.histograms.loss.high", -9, "no range at values.histograms.loss"),
    ("answers", "values.accuracy.retain.1", [1], "no pair of right answers and images"),
    ("answers", "values.accuracy.retain.1", [3, 2], "no pair of right answers and images"),
    ("answers", "values.accuracy.retain.1", [-1, 2], "out of its range at values.accuracy"),
    ("answers", "values.accuracy.retain.x", [1, 2], "no class at values.accuracy.retain.x"),
    ("answers", "values.accuracy.test.10", [1, 2], "names 10 classes, and has one of number 10"),
    ("destination", "values.gone", [True], "of another kind at values.gone"),
    ("destination", "values.gone", [12], "names 10 classes, and has one of number 12"),
    ("destination", "values.forget", {"1": {"99": 3}}, "and has one of number 99"),
    ("centroids", "values.unseen.0", [1.0], "a distance too many or too few at values"),
    ("centroids", "values.forget.0.0", HUGE, "out of its range at values.forget.0"),
    ("verdict", "findings.0.state", "maybe", "of another kind at findings.state"),
    ("verdict", "findings.0.value", [], "of another kind at findings.value"),
    ("verdict", "utility.0.before", "x", "of another kind at utility.before"),
    ("joint", "layers", "x", "no object at layers"),
    ("joint", "layers.original.retrain.retain", None, "no list at layers.original.retrain.ret"),
    ("joint", "layers.original.names", [], "another number of values at layers.original"),
    ("joint", "alignment.ft", NAN, "no object at alignment.ft"),
    ("joint", "alignment.ft.eps", [1.0], "curves of different lengths at alignment.ft"),
    ("joint", "embedding.sets.1", [1], "of another kind at embedding.sets"),
    ("joint", "embedding.y.retrain.1", [], "of another kind at embedding.y.retrain"),
    ("joint", "embedding.y.retrain", [1.0], "lists of different lengths at embedding"),
    ("joint", "embedding.apart", {"retrain": {"retrain": 3}}, "no object at embedding.apart.retr"),
    ("joint", "embedding.x", {}, "lacks x of original"),
    ("joint", "embedding.labels.0", 10, "names 10 classes, and has one of number 10"),
]


@pytest.mark.parametrize(("name", "place", "value", "told"), WRONG)
def test_what_is_not_as_it_should_be_is_told(
    name: str, place: str, value: Any, told: str, run: Path
) -> None:
    files = {"run.json": run / name, "verdict": run / "audit" / "verdict.json", "joint": joint(run)}
    changed = content(files.get(name, run / "measures" / f"{name}.json"))
    *above, last = place.split(".")
    inner: Any = changed
    for key in above:
        inner = inner[int(key)] if isinstance(inner, list) else inner[key]
    inner[int(last) if isinstance(inner, list) else last] = value
    checks = {
        "run.json": contract.wrong_in_run,
        "verdict": contract.wrong_in_verdict,
        "joint": wrong_in_joint,
    }
    assert told in checks.get(name, contract.wrong_in)(changed)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("cells.0.rules", None, "no list at cells.rules"),
        ("cells.0.settings", [], "of another kind at cells.settings"),
        ("cells.0.block", 7, "a run of a block that it does not list"),
        ("cells.0.seeds", {}, "lacks cells.seeds.split"),
        ("blocks.0.data", True, "of another kind at blocks.data"),
        ("order", -1, "no list at order"),
        ("evaluate_seeds", 1, "no list at evaluate_seeds"),
    ],
)
def test_a_listing_that_is_not_as_it_should_be_is_refused(
    place: str, value: Any, told: str, tmp_path: Path
) -> None:
    made_results.write(tmp_path, seeds=1, methods=["ft"], audits=("accuracy",))
    path = tmp_path / "studies" / "synthetic-laptop.json"
    listed: Any = content(path)
    inner = listed
    *above, last = place.split(".")
    for key in above:
        inner = inner[int(key)] if isinstance(inner, list) else inner[key]
    inner[last] = value
    path.write_text(json.dumps(listed))
    with pytest.raises(UserError) as refusal:
        understood([tmp_path])
    assert told in refusal.value.what
    assert refusal.value.code == 2
