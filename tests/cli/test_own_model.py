"""A network of one's own on the command line, from training to the audit."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from untrain.cli.main import main
from untrain.config import ModelConfig, changed

NET = """
from torch import nn, relu

class Residual(nn.Module):
    def __init__(self, classes, channels, size):
        super().__init__()
        self.stem = nn.Conv2d(channels, 8, 3, padding=1)
        self.block = nn.Conv2d(8, 8, 3, padding=1)
        self.fc = nn.Linear(8 * size * size // 4, classes)
        self.aux = nn.Linear(8 * size * size // 4, classes)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        x = self.stem(x)
        z = self.pool(relu(x + self.block(relu(x)))).flatten(1)
        return self.fc(z), self.aux(z)
"""


def test_it_is_trained_unlearned_and_audited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    Path("residual_net.py").write_text(NET)
    net = ["--model", "residual_net:Residual"]
    fast = ["--epochs", "1", "--batch", "64", "--threads", "1"]
    assert main(["train", *net, *fast, "--out", "run"]) == 2
    assert "it may be fc (128 to 10), aux (128 to 10)" in capsys.readouterr().err
    assert not Path("run").exists()
    net += ["--head", "fc"]
    assert main(["train", *net, *fast, "--out", "run"]) == 0
    rule = ["--forget", "random:0.1"]
    assert main(["train", *net, *fast, *rule, "--out", "rt"]) == 0
    assert main(["unlearn", "coun", "--original", "run", *rule, *fast, "--out", "coun"]) == 0
    assert main(["audit", "run", "coun", "--retrain", "rt"]) == 0
    config = json.loads(Path("coun/run.json").read_text())["config"]["model"]
    own = {"model": "residual_net:Residual", "width": 0, "head": "fc"}
    assert config == {**own, "pretrained": ""}
    assert main(["export", "coun", "--out", "public"]) == 0
    card = Path("public/README.md").read_text()
    code = card.partition("```python\n")[2].partition("```")[0].replace('"."', '"public"')
    assert "model = Residual(classes=10, channels=1, size=8)" in code
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["logits"][0].shape == (1, 10)
    sys.modules.pop("residual_net")


def test_the_keys_of_runs_without_a_named_head_stay() -> None:
    assert changed(ModelConfig(model="small")) == {"model": "small"}
    assert changed(ModelConfig(head="fc")) == {"head": "fc"}


def test_another_file_of_the_same_name_makes_another_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    Path("changing_net.py").write_text(NET)
    train = ["train", "--model", "changing_net:Residual", "--head", "fc", "--epochs", "1"]
    train += ["--batch", "256", "--threads", "1"]
    assert main([*train, "--out", "run"]) == 0
    Path("changing_net.py").write_text(NET.replace("relu", "tanh"))
    assert main([*train, "--out", "run"]) == 2
    assert "holds another finished run" in capsys.readouterr().err
    assert main(["export", "run", "--out", "public"]) == 0
    assert "the file of changing_net:Residual has changed since run" in capsys.readouterr().err
