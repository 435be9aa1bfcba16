"""What result files must hold: made-up ones do, and whatever is not of its kind is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import synthetic

from untrain.report.reading import contract


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contract")
    made: dict[str, Any] = {"loose": True, "seeds": 1, "methods": ["ft"], "points": 20}
    return synthetic.write(folder, **made) / "ft-0"


def content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_whole_files_are_taken(run: Path) -> None:
    assert contract.wrong_in_run(content(run / "run.json")) == ""
    assert contract.wrong_in_verdict(content(run / "audit" / "verdict.json")) == ""
    measures = [content(path) for path in (run / "measures").glob("[!j]*.json")]
    assert {one["audit"] for one in measures} >= {"accuracy", "answers", "centroids"}
    assert [contract.wrong_in(one) for one in measures] == [""] * len(measures)


@pytest.mark.parametrize(
    ("file", "place", "value", "told"),
    [
        ("run.json", ("split", "forget"), None, "no object at split.forget"),
        ("run.json", ("config", "data", "split_seed"), "x", "of another kind at config.data.split"),
        ("run.json", ("images", "classes"), {}, "of another kind at images.classes"),
        ("measures/accuracy.json", ("rules",), None, "no list at rules"),
        ("measures/answers.json", ("values", "roc"), [], "no object at values.roc"),
        (
            "measures/answers.json",
            ("values", "histograms"),
            {"loss": {}},
            "lacks values.histograms",
        ),
        ("measures/destination.json", ("values", "gone"), [True], "of another kind at values.gone"),
    ],
)
def test_what_is_of_another_kind_is_told(
    file: str, place: tuple[str, ...], value: Any, told: str, run: Path
) -> None:
    changed = content(run / file)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    check = contract.wrong_in_run if file == "run.json" else contract.wrong_in
    assert told in check(changed)
