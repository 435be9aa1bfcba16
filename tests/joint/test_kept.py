"""Joint values are found by the models that a table has, and read without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from untrain.joint import kept

RULES = ["random:0.1"]


def content(rows: dict[str, str], deep: bool = True) -> dict[str, Any]:
    values = {row: [1.0, 2.0] for row in rows}
    own = {row: {"names": [row]} for row in rows} if deep else {}
    return {
        "schema": kept.SCHEMA,
        "rules": RULES,
        "models": [{"row": row, "weights": weights, "seed": 0} for row, weights in rows.items()],
        "classes": ["cat"],
        "embedding": {
            "keys": ["a", "b"],
            "labels": [0, 0],
            "sets": ["forget", "retain"],
            "predicted": {row: [0, 0] for row in rows},
            "purity": {row: {"forget": 1.0} for row in rows},
            **dict.fromkeys(("x", "y"), values),
        },
        "layers": own,
        "alignment": own,
    }


def write(home: Path, rows: dict[str, str], deep: bool = True) -> Path:
    path = kept.place(home, RULES, rows.values())
    kept.write(path, content(rows, deep))
    return path


def test_rows_have_the_names_of_the_table_and_others_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, {"original": "o", "retrain": "r", "ft": "f", "ga": "g"})
    assert path.parent.name == "measures"
    found = kept.read(tmp_path, RULES, {"r": "retrain", "f": "ft (lr 0.1)", "x": "salun"})
    assert found is not None
    assert [one["row"] for one in found["models"]] == ["retrain", "ft (lr 0.1)"]
    for part in ("x", "y", "predicted", "purity"):
        assert list(found["embedding"][part]) == ["retrain", "ft (lr 0.1)"]
    assert list(found["layers"]) == ["retrain", "ft (lr 0.1)"]
    assert found["layers"]["ft (lr 0.1)"] == {"names": ["ft"]}
    assert found["embedding"]["apart"] == {}


def test_most_models_are_taken_and_of_as_many_those_with_layers(tmp_path: Path) -> None:
    write(tmp_path, {"retrain": "r", "ft": "f"})
    write(tmp_path, {"retrain": "r", "ft": "f", "ga": "g"}, deep=False)
    rows = {"r": "retrain", "f": "ft", "g": "ga"}
    found = kept.read(tmp_path, RULES, rows)
    assert found is not None
    assert len(found["models"]) == 3
    write(tmp_path, {"retrain": "r", "ft": "f", "coun": "c"})
    found = kept.read(tmp_path, RULES, {"r": "retrain", "f": "ft", "g": "ga"} | {"c": "coun"})
    assert found is not None
    assert found["layers"]


def test_what_is_of_other_requests_or_weights_is_not_found(tmp_path: Path) -> None:
    write(tmp_path, {"retrain": "r", "ft": "f"})
    assert kept.read(tmp_path, ["class:1"], {"r": "retrain"}) is None
    assert kept.read(tmp_path, RULES, {"q": "retrain"}) is None
    assert kept.read(tmp_path / "none", RULES, {"r": "retrain"}) is None


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("schema", 0),
        ("models", []),
        ("models", [{"row": "other", "weights": "r"}]),
        ("embedding", {}),
        ("embedding", None),
        ("rules", None),
    ],
)
def test_a_file_of_another_kind_is_none(tmp_path: Path, part: str, value: Any) -> None:
    path = tmp_path / "measures" / "joint-0.json"
    kept.write(path, content({"retrain": "r"}) | {part: value})
    assert kept.load(path) is None
    assert kept.read(tmp_path, RULES, {"r": "retrain"}) is None


@pytest.mark.parametrize("cut", [0, 40, 200])
def test_a_file_that_was_cut_is_none(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path, {"retrain": "r"})
    path.write_text(path.read_text()[:cut])
    assert kept.read(tmp_path, RULES, {"r": "retrain"}) is None


def test_lists_of_other_lengths_are_none(tmp_path: Path) -> None:
    broken = content({"retrain": "r"})
    broken["embedding"]["x"]["retrain"] = [1.0]
    path = tmp_path / "measures" / "joint-0.json"
    kept.write(path, broken)
    assert json.loads(path.read_text()) == broken
    assert kept.load(path) is None


def test_reading_takes_no_torch() -> None:
    code = "import sys, untrain.joint.kept; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
