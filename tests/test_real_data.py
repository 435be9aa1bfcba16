"""The main job on the real CIFAR-10 files: pytest tests -m slow --data-root=FOLDER."""

from __future__ import annotations

from pathlib import Path

import pytest

from untrain.cli.main import main
from untrain.metrics.evidence import load_evidence
from untrain.metrics.membership.efficacy import attack
from untrain.runs.record import read

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = request.config.getoption("--data-root")
    if not root:
        pytest.skip("no --data-root FOLDER with cifar10/*.parquet")
    out = tmp_path_factory.mktemp("runs")
    train = ["train", "--preset", "laptop", "--data-root", root, "--limit", "2000"]
    train += ["--epochs", "12"]
    start = ["unlearn", "coun", "--preset", "laptop", "--original", f"{out}/original"]
    forget = ["--forget", "random:0.1"]
    assert main([*train, "--out", f"{out}/original"]) == 0
    assert main([*train, *forget, "--out", f"{out}/retrain"]) == 0
    assert main([*start, *forget, "--epochs", "3", "--out", f"{out}/coun"]) == 0
    return out


def test_the_audit_shows_that_something_was_forgotten(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(runs / name) for name in ("original", "coun")]
    assert main(["audit", *names, "--retrain", f"{runs}/retrain"]) == 0
    head, *lines = (line.split("\t") for line in capsys.readouterr().out.strip().splitlines())
    auc = {line[0]: float(line[head.index("AUC")]) for line in lines}
    assert auc["original"] > auc["coun"] > auc["retrain"] - 0.05


def test_the_binned_attack_decides_as_the_full_one(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most 0.5 % of decisions differ, on every model (metrics.md 3.1)."""
    names = [str(runs / name) for name in ("original", "coun")]
    assert main(["audit", *names, "--retrain", f"{runs}/retrain"]) == 0
    for name in ("original", "coun", "retrain"):
        weights = read(runs / name)["checkpoints"]["child"]
        evidence = load_evidence(runs / name / "evidence.npz", weights)
        assert evidence is not None
        members = evidence.sets["train"].confidence[:1500]
        outside, judged = (evidence.sets[part].confidence for part in ("test", "unseen"))
        fast = attack(members, outside[:1500], judged)
        exact = attack(members, outside[:1500], judged, exact=True)
        assert (fast != exact).mean() <= 0.005, name
