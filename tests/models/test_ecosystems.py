"""Networks of timm and torchvision: on stand-ins of the same face, and on the real ones."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from stand_ins import write

from untrain.cli.main import main
from untrain.errors import UserError
from untrain.models.build import ModelSpec
from untrain.models.ecosystems import ECOSYSTEMS, Pictured, constants, ecosystem, listed
from untrain.models.of_timm import crop_share
from untrain.models.output import wrap

RGB = Pictured(("a", "b", "c"), 3, (8, 8), (0.5, 0.5, 0.5), (0.2, 0.2, 0.2))
FAST = ["--epochs", "1", "--batch", "64", "--threads", "1"]


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """timm and torchvision, in place of what may be installed."""
    place = tmp_path / "packages"
    place.mkdir()
    write(place)
    monkeypatch.syspath_prepend(place)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = [name for name in sys.modules if name.partition(".")[0] in ("timm", "torchvision")]
    for name in names:
        monkeypatch.delitem(sys.modules, name)
    yield place
    for name in ("timm", "torchvision", "torchvision.models"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["timm:convy", "timm:vitty", "torchvision:netty"])
def test_it_is_made_saved_and_loaded_by_its_card(
    stand_ins: Path, name: str, tmp_path: Path
) -> None:
    spec = ModelSpec(name, classes=3, channels=3, size=8)
    one, again, other = spec.make(0), spec.make(0), spec.make(1)
    x = torch.randn(4, 3, 8, 8)
    assert torch.equal(one(x), again(x))
    assert not torch.equal(one(x), other(x))
    assert wrap(one)(x).logits.shape == (4, 3)
    assert spec.ecosystem is not None
    spec.ecosystem.save(one, tmp_path, RGB)
    given: dict[str, Any] = {"FOLDER": str(tmp_path)}
    exec(spec.loading(RGB), given)
    assert torch.equal(one.eval()(x), given["model"](x))


def test_timms_own_layout(stand_ins: Path, tmp_path: Path) -> None:
    spec = ModelSpec("timm:vitty", classes=3, channels=1, size=8)
    assert spec.ecosystem is not None
    spec.ecosystem.save(spec.make(0), tmp_path, Pictured(("a", "b", "c"), 1, (8, 8), (0.5,), (1,)))
    content = json.loads((tmp_path / "config.json").read_text())
    assert (content["architecture"], content["num_classes"]) == ("vitty", 3)
    assert content["model_args"] == {"in_chans": 1, "img_size": 8}
    assert content["pretrained_cfg"]["input_size"] == [1, 8, 8]
    assert content["label_names"] == ["a", "b", "c"]


@pytest.mark.parametrize(("stored", "share"), [((0, 0), 1), ((110, 110), 96 / 110)])
def test_timm_is_told_what_becomes_of_a_photo(
    stand_ins: Path, tmp_path: Path, stored: tuple[int, int], share: float
) -> None:
    """The shorter side is brought to floor(size / crop_pct) pixels."""
    spec = ModelSpec("timm:vitty", classes=3, size=96)
    assert spec.ecosystem is not None
    about = Pictured(("a", "b", "c"), 3, (96, 96), (0.5,) * 3, (1,) * 3, stored)
    spec.ecosystem.save(spec.make(0), tmp_path, about)
    seen = json.loads((tmp_path / "config.json").read_text())["pretrained_cfg"]
    assert (seen["interpolation"], seen["crop_mode"]) == ("bicubic", "center")
    assert seen["crop_pct"] == pytest.approx(share)
    assert math.floor(96 / seen["crop_pct"]) == (stored[0] or 96)


def test_every_share_comes_to_the_stored_size() -> None:
    for size in range(1, 600):
        stored = -(-size * 8 // 7)
        assert math.floor(size / crop_share(size, stored)) == stored


@pytest.mark.parametrize("name", ["timm:convy", "torchvision:netty"])
def test_it_starts_from_its_own_weights(
    stand_ins: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = ModelSpec(name, classes=3, size=8, pretrained="hub")
    one, other = spec.make(0).state_dict(), spec.make(1).state_dict()
    differ = {key for key in one if not torch.equal(one[key], other[key])}
    assert differ == {key for key in one if key.startswith(("classifier", "fc"))}
    shown = capsys.readouterr().err
    assert "its head has 1000 outputs, not 3" in shown


CASES: list[tuple[str, dict[str, Any], int, str]] = [
    ("timm:convi", {}, 2, "Unknown timm network 'convi'. Did you mean 'convy'?"),
    ("timm:vitty", {"size": 9}, 2, "cannot be made for images of 9 x 9 pixels and 3 channels"),
    ("timm:vitty", {"pretrained": "hub"}, 3, "timm gives no weights for vitty"),
    ("timm:convy", {"width": 4}, 2, "timm:convy takes no width"),
    ("torchvision:nette", {}, 2, "Unknown torchvision network 'nette'. Did you mean 'netty'?"),
    ("torchvision:netty", {"channels": 1}, 2, "take images of 3 channels; these have 1"),
    ("torchvision:", {}, 2, "names no network"),
]


@pytest.mark.parametrize(("name", "given", "code", "message"), CASES)
def test_what_cannot_be_made_is_told(
    stand_ins: Path, name: str, given: dict[str, Any], code: int, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        ModelSpec(name, 3, **{"size": 8, **given}).make(0)
    assert message in str(caught.value)
    assert caught.value.code == code


@pytest.mark.parametrize("prefix", ECOSYSTEMS)
def test_a_package_that_is_missing_or_broken_is_told(
    prefix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = ECOSYSTEMS[prefix].package
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=f"{package} is not installed") as caught:
        ecosystem(f"{prefix}:x")
    assert (caught.value.code, caught.value.fix) == (3, f"Install it: pip install {package}")
    monkeypatch.delitem(sys.modules, package)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / f"{package}.py").write_text("raise RuntimeError('compiled for another torch')")
    with pytest.raises(UserError, match="does not import: compiled for another torch") as caught:
        ecosystem(f"{prefix}:x")
    assert caught.value.code == 3


def test_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "models"]) == 0
    shown = capsys.readouterr().out
    for row in listed():
        assert row["name"] in shown
    assert ecosystem("module:function") is None
    assert ecosystem("small") is None
    assert constants((0.5, 0.25), (1, 2)) == "0.5,0.25/1,2"


@pytest.mark.parametrize(
    ("name", "constants"),
    [("timm:convy", "0.5,0.5,0.5/0.5,0.5,0.5"), ("torchvision:netty", "imagenet")],
)
def test_training_takes_the_constants_of_its_own_weights(
    stand_ins: Path, name: str, constants: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((40, 8, 8, 3), np.uint8), y=np.arange(40) % 4)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'model = "{name}"\npretrained = "hub"\n')
    args = ["--data", f"numpy:{tmp_path}/x.npz", "--holdout", "0", "--recipe", str(recipe)]
    assert main(["train", *args, *FAST, "--out", f"{tmp_path}/run"]) == 0
    assert f"normalised as {name} says: --normalise {constants}" in capsys.readouterr().err
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["config"]["data"]["normalise"] == constants


def test_one_is_trained_unlearned_and_exported(stand_ins: Path, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    assert main(["train", "--model", "timm:convy", *FAST, "--out", str(run)]) == 0
    start = ["--original", str(run), "--forget", "class:3"]
    assert main(["unlearn", "coun", *start, *FAST, "--out", f"{tmp_path}/coun"]) == 0
    assert main(["export", f"{tmp_path}/coun", "--out", str(out)]) == 0
    card = (out / "README.md").read_text()
    assert "library_name: timm" in card
    assert "names of all classes, of forgotten ones as well" in card
    assert {path.name for path in out.iterdir()} == {
        *("README.md", "config.json", "model.safetensors", "untrain.json")
    }


def test_a_deeper_network_and_a_bare_body(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of more layers is another network; one without a head, or with other parts beside
    it, is not."""
    tensors = ModelSpec("small", 3, 1, 4).make(0).state_dict()
    body = {name: one for name, one in tensors.items() if not name.startswith("head")}
    save_file(body | {"projector.weight": torch.zeros(2, 2)}, tmp_path / "body.safetensors")
    state = {f"net.{name}": one for name, one in tensors.items()}
    save_file(state | {"class_weights": torch.zeros(3)}, tmp_path / "script.safetensors")
    save_file(tensors | {"layers.12.weight": torch.zeros(2)}, tmp_path / "deep.safetensors")

    def spec(name: str) -> ModelSpec:
        return ModelSpec("small", 3, 1, 4, pretrained=str(tmp_path / f"{name}.safetensors"))

    made = spec("body").make(0).state_dict()
    assert torch.equal(made["layers.0.weight"], tensors["layers.0.weight"])
    told = capsys.readouterr().err
    assert "it has no head: head.bias, head.weight stay fresh" in told
    assert "(1 of its tensors have no place in the network, first projector.weight)" in told
    spec("script").make(0)
    assert "its head is taken as well (1 of its tensors have no" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"1 of the file's 21 are unknown, first layers\.12"):
        spec("deep").make(0)


def test_a_run_outlives_what_it_started_from(tmp_path: Path) -> None:
    file, run = tmp_path / "start.safetensors", tmp_path / "run"
    save_file(ModelSpec("small", 4, 1, 4).make(0).state_dict(), file)
    start = ["--width", "4", "--pretrained", str(file)]
    assert main(["train", *start, *FAST, "--out", str(run)]) == 0
    content = json.loads((run / "run.json").read_text())
    assert content["config"]["model"]["pretrained"] == str(file)
    file.unlink()
    assert main(["export", str(run), "--out", f"{tmp_path}/out"]) == 0
    assert main(["train", *start, *FAST, "--out", f"{tmp_path}/again"]) == 3


@pytest.mark.parametrize(("package", "name"), [("timm", "resnet18"), ("torchvision", "resnet18")])
def test_real_ones(package: str, name: str, tmp_path: Path) -> None:
    pytest.importorskip(package)
    spec = ModelSpec(f"{package}:{name}", classes=3, size=32)
    one, x = spec.make(0), torch.randn(2, 3, 32, 32)
    assert spec.ecosystem is not None
    spec.ecosystem.save(one, tmp_path, RGB)
    given: dict[str, Any] = {"FOLDER": str(tmp_path)}
    exec(spec.loading(RGB), given)
    assert torch.equal(one.eval()(x), given["model"](x))
