"""Several requests one after the other, in process, on digits: stages, resuming, the union."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from untrain.cli.main import main

TWICE = ["--forget", "random:0.1", "--forget", "random:0.1"]
THREADS = ["--threads", "1"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original, two stages of FT, and the Retrain of each."""
    out = tmp_path_factory.mktemp("runs")
    train = ["train", "--epochs", "3", "--batch", "64", "--width", "8", *THREADS]
    assert main([*train, "--out", f"{out}/original"]) == 0
    assert unlearn(out, "ft", *TWICE, "--epochs", "1", "--out", f"{out}/ft") == 0
    assert unlearn(out, "retrain", *TWICE, "--out", f"{out}/retrain") == 0
    return out


def unlearn(runs: Path, method: str, *flags: str, original: str = "original") -> int:
    return main(["unlearn", method, "--original", f"{runs}/{original}", *flags, *THREADS])


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return content


def error(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_a_stage_starts_from_the_model_before_it(runs: Path) -> None:
    original, one, two = (record(runs / name) for name in ("original", "ft/1", "ft/2"))
    children = [run["checkpoints"]["child"] for run in (original, one, two)]
    assert [one["checkpoints"]["parent"], two["checkpoints"]["parent"]] == children[:2]
    assert one["checkpoints"]["root"] == two["checkpoints"]["root"] == children[0]
    assert len(set(children)) == 3


def test_a_request_erases_what_earlier_ones_forgot(runs: Path) -> None:
    whole = record(runs / "original")["split"]
    one, two = (record(runs / "ft" / stage)["split"] for stage in "12")
    assert whole.keys() == one.keys() == two.keys() - {"erased"}
    assert two["erased"] == one["forget"] != two["forget"]
    count = one["forget"]["images"]
    assert count == two["forget"]["images"] == round(0.1 * whole["retain"]["images"])
    assert two["retain"]["images"] == whole["retain"]["images"] - 2 * count
    requests = record(runs / "ft" / "2")["requests"]
    assert [request["rule"] for request in requests] == ["random:0.1", "random:0.1"]
    assert [r["keys"] for r in requests] == [one["forget"]["keys"], two["forget"]["keys"]]
    with np.load(runs / "ft" / "2" / "split.npz") as saved:
        assert saved["request"].tolist() == [1] * count
        assert not set(saved["erased"]) & set(saved["retain"])


def test_the_first_stage_is_the_run_of_a_single_request(runs: Path, tmp_path: Path) -> None:
    flags = [*TWICE[:2], "--epochs", "1", "--out", f"{tmp_path}/ft"]
    assert unlearn(runs, "ft", *flags) == 0
    assert record(tmp_path / "ft")["key"] == record(runs / "ft" / "1")["key"]


def test_going_on_by_hand_gives_the_bits_of_the_second_stage(runs: Path, tmp_path: Path) -> None:
    flags = [*TWICE[:2], "--epochs", "1", "--out", f"{tmp_path}/ft"]
    assert unlearn(runs, "ft", *flags, original="ft/1") == 0
    weights = [folder / "model.safetensors" for folder in (tmp_path / "ft", runs / "ft" / "2")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert record(tmp_path / "ft")["requests"] == record(runs / "ft" / "2")["requests"]


def test_finished_stages_are_skipped_and_missing_ones_made(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--epochs", "1", "--out", f"{tmp_path}/ft"]
    assert unlearn(runs, "ft", *TWICE, *flags) == 0
    second = tmp_path / "ft" / "2" / "run.json"
    first = (tmp_path / "ft" / "1" / "run.json").read_bytes()
    second.unlink()
    capsys.readouterr()
    assert unlearn(runs, "ft", *TWICE, "--forget", "class:3", *flags) == 0
    said = capsys.readouterr().err
    assert "ft 1/3: " + f"{tmp_path}/ft/1 is there already" in said
    assert "ft 2/3: written to" in said
    assert "ft 3/3: written to" in said
    assert (tmp_path / "ft" / "1" / "run.json").read_bytes() == first
    assert second.exists()


def test_a_recipe_lists_the_requests_and_flags_replace_them(runs: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('forget = ["class:1", "class:2"]\nepochs = 1\n')
    flags = ["--recipe", str(recipe), "--out"]
    assert unlearn(runs, "ft", *flags, f"{tmp_path}/listed") == 0
    assert record(tmp_path / "listed" / "2")["config"]["forget"] == "class:2"
    assert unlearn(runs, "ft", *flags, f"{tmp_path}/flag", "--forget", "class:4") == 0
    assert record(tmp_path / "flag")["config"]["forget"] == "class:4"
    recipe.write_text('forget = "class:5"\nepochs = 1\n')
    assert unlearn(runs, "ft", *flags, f"{tmp_path}/one") == 0
    assert record(tmp_path / "one")["config"]["forget"] == "class:5"


def test_retrain_by_stage_is_what_train_makes_without_all_of_them(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ["train", "--epochs", "3", "--batch", "64", "--width", "8", *THREADS, *TWICE]
    assert main([*train, "--out", f"{tmp_path}/retrain"]) == 0
    made, stage = record(tmp_path / "retrain"), record(runs / "retrain" / "2")
    for name in ("label", "key", "split", "requests", "checkpoints"):
        assert made[name] == stage[name], name
    assert stage["label"] == "retrain"
    assert stage["checkpoints"]["parent"] == stage["checkpoints"]["root"] == ""
    capsys.readouterr()
    assert main([*train, "--out", f"{runs}/retrain/2"]) == 0
    assert "is there already" in capsys.readouterr().err


def test_retrain_short_descends_from_no_model(runs: Path, tmp_path: Path) -> None:
    flags = ["--forget", "class:1", "--epochs", "1", "--out"]
    assert unlearn(runs, "retrain-short", *flags, f"{tmp_path}/short") == 0
    made = record(tmp_path / "short")
    assert made["label"] == "retrain-short"
    assert made["checkpoints"]["parent"] == made["checkpoints"]["root"] == ""
    term = ["--add", "contrastive"]
    assert unlearn(runs, "retrain", *term, *flags, f"{tmp_path}/with") == 0
    assert record(tmp_path / "with")["label"] == "retrain+contrastive"


def test_a_retrain_may_be_gone_on_from(runs: Path, tmp_path: Path) -> None:
    flags = ["--forget", "class:1", "--epochs", "1", "--out", f"{tmp_path}/ft"]
    assert unlearn(runs, "ft", *flags, original="retrain/2") == 0
    made, start = record(tmp_path / "ft"), record(runs / "retrain" / "2")
    assert made["checkpoints"]["root"] == start["checkpoints"]["child"]
    assert [one["rule"] for one in made["requests"]] == ["random:0.1", "random:0.1", "class:1"]


def test_a_record_of_before_sequences_is_read(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--forget", "class:1", "--epochs", "1", "--out"]
    assert unlearn(runs, "ft", *flags, f"{tmp_path}/old") == 0
    made = record(tmp_path / "old")
    del made["requests"], made["checkpoints"]["root"]
    (tmp_path / "old" / "run.json").write_text(json.dumps(made))
    assert main(["audit", f"{runs}/original", f"{tmp_path}/old"]) == 0
    start = ["unlearn", "ft", "--original", f"{tmp_path}/old", "--forget", "class:2"]
    assert main([*start, "--epochs", "1", *THREADS, "--out", f"{tmp_path}/new"]) == 0
    new = record(tmp_path / "new")
    assert [one["rule"] for one in new["requests"]] == ["class:1", "class:2"]
    assert new["checkpoints"]["root"] == record(runs / "original")["checkpoints"]["child"]


def test_the_audit_measures_the_union_and_each_request(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(runs / "ft" / "2" / "split.npz") as saved:
        parts = [saved["erased"], saved["forget"]]
    (tmp_path / "ids.txt").write_text("\n".join(np.concatenate(parts)))
    train = ["train", "--epochs", "3", "--batch", "64", "--width", "8", *THREADS, "--seed", "1"]
    once = ["--forget", f"ids:{tmp_path}/ids.txt", "--out", f"{tmp_path}/once"]
    assert main([*train, *once]) == 0
    named = [f"{runs}/original", f"{runs}/ft/2"]
    retrains = ["--retrain", f"{runs}/retrain/2", f"{tmp_path}/once"]
    capsys.readouterr()
    assert main(["audit", *named, *retrains, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    count = 2 * len(parts[0])
    assert f"forget random:0.1, then random:0.1: {count} of" in content["title"]
    assert [metric["short"] for metric in content["metrics"].values()][-2:] == ["UA 1", "UA 2"]
    for row in content["rows"]:
        mean = row["mean"]
        both = [mean[f"unlearn_accuracy_{number}"] for number in (1, 2)]
        assert np.mean(both) == pytest.approx(mean["unlearn_accuracy"], abs=1e-4)
    assert len(content["rows"][1]["seeds"]) == 2


def test_an_audit_is_of_one_stage(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", f"{runs}/ft/1", f"{runs}/ft/2"]) == 2
    said = error(capsys)
    assert "forgot 2 different sets of images" in said
    assert "runs of one stage" in said


def test_the_audit_of_a_first_stage_has_no_columns_of_requests(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", f"{runs}/ft/1", "--retrain", f"{runs}/retrain/1"]) == 0
    assert "UA 1" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["class:1", "class:1"], "erased all 135 training images of '1'"),
        (["class:1", "ids:{ids}"], "were erased by an earlier request"),
        (["random:0.5", "random:0.6"], "earlier requests have left 647"),
        (["random:0.5", "random:0.5"], "selects all of the 647 training images that are left"),
        (["class:1", "class:2", "class:12"], "Classes are 0-9"),
    ],
)
def test_a_bad_later_request_is_told_before_the_first_one_trains(
    rules: list[str],
    message: str,
    runs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with np.load(runs / "original" / "split.npz") as saved:
        (tmp_path / "ids.txt").write_text("\n".join(saved["retain"]))
    flags = [part for rule in rules for part in ("--forget", rule.format(ids=tmp_path / "ids.txt"))]
    assert unlearn(runs, "ft", *flags, "--out", f"{tmp_path}/ft") == 2
    assert message in error(capsys)
    assert not list(tmp_path.glob("ft/**/run.json"))


def test_stages_do_not_go_into_the_folder_of_a_single_request(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unlearn(runs, "ft", *TWICE, "--out", f"{runs}/ft/1") == 2
    assert "holds the run of a single request" in error(capsys)


def test_a_single_request_is_not_written_over_a_sequence(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unlearn(runs, "ft", "--forget", "random:0.1", "--out", f"{runs}/ft") == 2
    assert "holds the runs of several requests" in error(capsys)
    assert not (runs / "ft" / "run.json").exists()


def test_a_recipe_can_add_a_term_and_set_it(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(
        f'original = "{runs}/original"\nforget = "random:0.1"\nepochs = 1\nadd = "contrastive"\n'
        "[contrastive]\nlam = 0.25\n"
    )
    flags = ["--recipe", f"{tmp_path}/recipe.toml", "--out", f"{tmp_path}/ft", *THREADS]
    assert main(["unlearn", "ft", *flags]) == 0
    made = record(tmp_path / "ft")
    assert made["label"] == "ft+contrastive"
    assert made["config"]["terms"][0]["lam"] == 0.25
    assert made["config"]["method"]["batch"] == 64  # the Original's


def test_what_a_recipe_cannot_hold_is_told(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.toml").write_text('preset = "laptop"\n')
    flags = ["--recipe", f"{tmp_path}/recipe.toml", "--forget", "random:0.1"]
    assert unlearn(runs, "ft", *flags, "--out", f"{tmp_path}/ft") == 2
    assert "Give --preset as a flag" in error(capsys)
