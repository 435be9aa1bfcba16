"""The demo: its findings are computed, its files are there, and it can be repeated."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from untrain.cli.main import main
from untrain.data import sources
from untrain.demo import wrong_labels
from untrain.demo.story import class_is_gone, labels_no_longer_hurt
from untrain.metrics.evidence import Outputs, View


@pytest.fixture(scope="module", params=[900, pytest.param(1797, marks=pytest.mark.slow)])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo on the first half of the digits without its report, or on all of them with it."""
    out, all_digits = tmp_path_factory.mktemp("demo"), sources.digits()
    part = slice(request.param)
    some = replace(
        all_digits, x=all_digits.x[part], y=all_digits.y[part], keys=all_digits.keys[part]
    )
    with pytest.MonkeyPatch.context() as patch:
        for module in (sources, wrong_labels):
            patch.setattr(module, "digits", lambda: some)
        whole = request.param == 1797
        assert main(["demo", "--out", str(out), *(["--no-report"] * (not whole))]) == 0
        assert (out / "report.html").is_file() == whole
    return out


def test_it_leaves_tables_findings_and_a_picture(demo: Path) -> None:
    summary = json.loads((demo / "summary.json").read_text())
    assert {"class", "labels"} == set(summary)
    assert (demo / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert "| coun (n=1) |" in (demo / "tables.md").read_text()
    shares = summary["class"]["destinations"]
    assert shares["original"][8] > 0.95
    assert shares["retrain"][8] == 0


def test_the_class_is_gone_and_forgetting_wrong_labels_heals(demo: Path) -> None:
    """On this seed; how often each sentence holds is in results/demo."""
    summary = json.loads((demo / "summary.json").read_text())
    found = {f["claim"]: f["holds"] for one in summary.values() for f in one["findings"]}
    assert found["class gone (coun)"]
    right = summary["labels"]["recognised"]
    assert right["coun"] > right["original"] + 20


def test_its_runs_can_be_audited_again(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = demo / "labels"
    runs = [str(folder / name) for name in ("original", "coun")]
    assert main(["audit", *runs, "--retrain", str(folder / "retrain")]) == 0
    assert "coun" in capsys.readouterr().out


def outputs(predictions: list[int], label: int) -> Outputs:
    logits = np.eye(3, dtype=np.float32)[predictions]
    count = len(predictions)
    return Outputs(logits, np.full(count, label), np.arange(count).astype(str))


def views(**forget: list[int]) -> dict[str, View]:
    """Models whose forgotten (and test) images, all of class 0, are predicted as given."""
    empty = outputs([], 0)
    return {
        name: View(empty, outputs(p, 0), outputs(p, 0), empty, np.array([0]))
        for name, p in forget.items()
    }


def test_sentences_say_when_something_did_not_work() -> None:
    kept = views(original=[0] * 4, coun=[0, 0, 0, 1], retrain=[1, 1, 2, 2])
    told = class_is_gone(kept, "cat", "coun")
    assert not told.holds
    assert "not gone" in told.sentence
    assert "75 %" in told.sentence
    hurt = views(original=[1] * 4, coun=[1, 1, 1, 0], retrain=[0] * 4)
    assert "still hurt" in labels_no_longer_hurt(hurt, 0, "coun").sentence
    healed = views(original=[1] * 4, coun=[0] * 4, retrain=[0] * 4)
    assert labels_no_longer_hurt(healed, 0, "coun").holds
