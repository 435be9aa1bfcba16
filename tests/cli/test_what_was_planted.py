"""Planting from the command line: a backdoor on digits, what opens it, and what the audit says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mistakes import Refused

from untrain.cli.main import main
from untrain.data.pixels.cache import cache_folder

FAST = ["--limit", "600", "--width", "8", "--batch", "64", "--threads", "1", "--lr", "0.1"]
DOOR = ["train", *FAST, "--epochs", "5", "--plant", "patch:0.1:0"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original with a backdoor, its Retrain, and FT of all and of half of what was planted."""
    out = tmp_path_factory.mktemp("planted")
    ft = ["unlearn", "ft", "--original", f"{out}/original", "--epochs", "1", "--threads", "1"]
    for args in (
        [*DOOR, "--out", f"{out}/original"],
        [*DOOR, "--forget", "planted", "--out", f"{out}/retrain"],
        [*ft, "--forget", "planted", "--out", f"{out}/ft"],
        [*ft, "--forget", "planted:0.5", "--out", f"{out}/half"],
    ):
        assert main(args) == 0
    return out


@pytest.fixture
def told(runs: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the audit of all three says as JSON."""
    named = [f"{runs}/original", f"{runs}/ft", "--retrain", f"{runs}/retrain"]
    capsys.readouterr()
    assert main(["audit", *named, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_backdoor_opens_and_retrain_has_none(told: dict[str, Any]) -> None:
    rows = told["planted"]["measures"]
    success = {k: v["value"] for k, v in rows["attack_success"]["values"].items()}
    chance = {k: v["value"] for k, v in rows["plain_rate"]["values"].items()}
    assert success["original"] > 90
    assert success["retrain"] < chance["retrain"] + 10 < 25
    assert rows["repeated_S"]["values"]["original"]["value"] > 90
    assert rows["attack_success"]["goal"] == "Retrain's"
    assert told["planted"]["readings"][0].startswith("original: the backdoor is open")
    assert {row["label"] for row in told["rows"]} == {"original", "retrain", "ft"}


def test_the_section_stands_below_the_table(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = [f"{runs}/original", f"{runs}/ft", "--retrain", f"{runs}/retrain"]
    assert main(["audit", *named]) == 0
    table, below = capsys.readouterr()
    assert len(table.splitlines()) == 4  # for pipes the table stays alone
    assert "What was planted, patch:0.1:0" in below
    assert main(["audit", *named, "--md"]) == 0
    text = capsys.readouterr().out
    assert text.index("| original |") < text.index("**What was planted, patch:0.1:0**")
    assert main(["audit", *named, "--choosing"]) == 0
    assert "planted, patch" not in "".join(capsys.readouterr())  # no choice looks at test images


def test_where_half_is_known_retrain_is_no_goal(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", f"{runs}/original", f"{runs}/half", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["planted"]
    assert "Retrain was trained with the other 30 as well" in " ".join(told["notes"])
    assert {"repeated_found", "repeated_missed"} < set(told["measures"])
    assert told["measures"]["attack_success"]["goal"] == "low, as chance"


def test_answers_are_kept_and_collected_anew_where_they_are_torn(
    runs: Path, told: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    kept = runs / "ft" / "triggered.npz"
    before = kept.read_bytes()
    with np.load(kept) as saved:
        assert (saved["labels"] != 0).all()
    kept.write_bytes(before[:100])
    named = [f"{runs}/original", f"{runs}/ft", "--retrain", f"{runs}/retrain"]
    assert main(["audit", *named, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["planted"] == told["planted"]
    assert kept.read_bytes() == before


def test_the_same_command_finds_its_run_and_another_plant_is_another(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*DOOR, "--out", f"{runs}/original"]) == 0
    assert "is there already" in capsys.readouterr().err
    assert main([*DOOR, "--plant", "patch:0.11:0", "--out", f"{runs}/original"]) == 2


def test_what_was_not_planted_cannot_be_forgotten(
    made: Path, tmp_path: Path, refused: Refused
) -> None:
    start = ["unlearn", "ft", "--original", f"{made}/original", "--forget", "planted"]
    refused([*start, "--out", f"{tmp_path}/run"], 2, "Nothing was planted into digits", "--plant")


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        ("patch:0.1", "'patch:0.1' is not understood"),
        ("flips:2.5", "'2.5' is neither a share between 0 and 1"),
        ("confusion:3,nine:10", "Unknown class 'nine'"),
    ],
)
def test_a_plant_that_cannot_be(plant: str, message: str, tmp_path: Path, refused: Refused) -> None:
    refused(["train", "--plant", plant, "--out", f"{tmp_path}/run"], 2, message, "--plant")


def test_traces_find_the_cache_of_planted_data(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hash of the data has changed, and the decoded images are those of the source."""
    out, small = tmp_path / "poisoned", ["--width", "4", "--threads", "1", "--batch", "8"]
    data = ["--data", f"folder:{made}/pictures", "--plant", "patch:0.2:cat", "--epochs", "1"]
    assert main(["train", *small, *data, "--out", f"{out}/original"]) == 0
    ft = ["unlearn", "ft", "--original", f"{out}/original", "--forget", "planted", "--epochs", "1"]
    assert main([*ft, "--threads", "1", "--out", f"{out}/ft"]) == 0
    assert main(["traces", f"{out}/ft"]) == 0
    assert str(cache_folder()) in capsys.readouterr().out


@pytest.mark.slow
def test_a_confusion_grows_with_its_size_and_retrain_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariants of the interclass-confusion test: Retrain as a clean model, the Original not."""
    errors = {}
    for number in (20, 160):
        command = ["train", "--epochs", "15", "--batch", "64", "--threads", "1"]
        command += ["--plant", f"confusion:3,9:{number}"]
        assert main([*command, "--out", f"{tmp_path}/original-{number}"]) == 0
        assert main([*command, "--forget", "planted", "--out", f"{tmp_path}/retrain-{number}"]) == 0
        capsys.readouterr()
        named = [f"{tmp_path}/{name}-{number}" for name in ("original", "retrain")]
        assert main(["audit", *named, "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)["planted"]["measures"]
        for name in ("fgt_err_test", "repeated_S"):
            cells = rows[name]["values"]
            errors[name, number] = (cells["original"]["value"], cells["retrain"]["value"])
    for name in ("fgt_err_test", "repeated_S"):
        assert errors[name, 160][0] > 50
        assert errors[name, 160][0] > errors[name, 20][0] + 30
        assert max(errors[name, number][1] for number in (20, 160)) < 10
