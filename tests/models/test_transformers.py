"""Real networks of transformers: made, started from weights, unlearned, exported, loaded again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

import untrain
from untrain.cli.main import main
from untrain.data.images import Images
from untrain.data.pixels.photo import photo
from untrain.errors import UserError
from untrain.methods import CU, FT, SSD, CoUn
from untrain.models.build import ModelSpec
from untrain.models.ecosystems import Pictured, ecosystem
from untrain.models.fitting import fitted
from untrain.models.identity import contents
from untrain.models.of_transformers import Transformers
from untrain.models.output import head_name, wrap
from untrain.models.processors import constants_in, described
from untrain.models.ready import ready
from untrain.rng import numpy_rng
from untrain.task import Task

transformers = pytest.importorskip("transformers")
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "patch_size": 2,
}
CONV = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}
DRAWN = ["--test", "drawn"]
FAST = ["--epochs", "1", "--batch", "64", "--threads", "1"]
ABOUT = Pictured(("a", "b", "c"), 1, (8, 8), (0.5,), (0.5,))


def network(kind: str = "vit", seed: int = 0, **changes: Any) -> Any:
    """A tiny classifier of 8 x 8 pixels, one channel, three classes."""
    torch.manual_seed(seed)
    sizes = {"image_size": 8, **SIZES} if kind == "vit" else CONV
    config = {"num_channels": 1, "num_labels": 3, **sizes, **changes}
    made = transformers.AutoConfig.for_model(kind, **config)
    return transformers.AutoModelForImageClassification.from_config(made)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `save_pretrained` writes of a tiny ViT for digits, with an image processor."""
    place = tmp_path_factory.mktemp("saved") / "vit"
    digits = {str(label): label for label in range(10)}
    made = network(num_labels=10, label2id=digits, id2label={n: name for name, n in digits.items()})
    made.save_pretrained(place)
    said = {"image_mean": [0.4], "image_std": [0.3], "do_normalize": True}
    (place / "preprocessor_config.json").write_text(json.dumps(said))
    return place


def logits(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model.eval()(x).logits
    return found


@pytest.mark.parametrize("method", [CoUn, CU, FT, SSD])
def test_a_vit_is_unlearned_and_stays_what_it_is(method: Any, task: Task, tmp_path: Path) -> None:
    model = network(hidden_dropout_prob=0.1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    trained = {} if method is SSD else {"epochs": 1, "batch": 16, "lr": 0.1}
    small = Task.of(task.images, task.split)
    result = untrain.unlearn(model, small, method(**trained), progress=False)
    assert type(result.model) is type(model)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    result.model.save_pretrained(tmp_path / "out")
    again = type(model).from_pretrained(tmp_path / "out")
    x = torch.randn(4, 1, 8, 8)
    assert torch.equal(logits(result.model, x), logits(again, x))


@pytest.mark.parametrize(
    ("kind", "head", "plain"),
    [
        ("vit", "classifier", True),
        ("resnet", "classifier.1", True),
        ("resnet", "classifier.1", False),
    ],
)
def test_the_head_is_found_in_what_it_returns(
    kind: str, head: str, plain: bool, task: Task
) -> None:
    """Of a ModelOutput, and of a tuple."""
    wrapped = ready(network(kind, return_dict=plain), task.images, train=True)
    assert head_name(wrapped) == head
    out = wrapped(torch.randn(4, 1, 8, 8))
    assert (out.logits.shape, out.features.shape) == ((4, 3), (4, 16))


def test_a_network_with_fewer_outputs_than_labels_is_refused(task: Task) -> None:
    with pytest.raises(UserError, match="has 2 outputs, but the labels go from 0 to 2"):
        ready(network(num_labels=2), task.images)


def test_a_type_is_made_for_the_images() -> None:
    spec = ModelSpec("hf:vit", classes=5, channels=1, width=16, size=8)
    torch.manual_seed(0)
    drawn = torch.rand(1)
    torch.manual_seed(0)
    one, again, other = spec.make(0), spec.make(0), spec.make(1)
    assert torch.equal(torch.rand(1), drawn)  # torch's own randomness stays
    weights = [model.state_dict() for model in (one, again, other)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not torch.equal(weights[0]["classifier.weight"], weights[2]["classifier.weight"])
    config: Any = one.config
    assert (config.image_size, config.num_channels, config.num_labels) == (8, 1, 5)
    assert (config.patch_size, config.hidden_size, config.intermediate_size) == (2, 16, 64)
    assert logits(one, torch.zeros(2, 1, 8, 8)).shape == (2, 5)


@pytest.mark.parametrize(
    ("size", "patch"), [(8, 2), (14, 2), (28, 4), (32, 4), (64, 8), (112, 16), (224, 16)]
)
def test_patches_divide_the_images(size: int, patch: int) -> None:
    config = transformers.AutoConfig.for_model("vit")
    fitted(config, "vit", size, 3)
    assert (config.image_size, config.patch_size) == (size, patch)


def test_a_folder_keeps_its_own_sizes(folder: Path) -> None:
    made: Any = ModelSpec(f"hf:{folder}", classes=4, channels=3, size=8).make(0)
    assert made.config.hidden_size == 16
    assert logits(made, torch.zeros(2, 3, 8, 8)).shape == (2, 4)


CASES = [
    ("hf:vitt", {}, 2, "Unknown transformers type 'vitt'. Did you mean 'vit'?"),
    ("hf:", {}, 2, "names no network"),
    ("hf:vit", {"size": 31}, 2, "31 pixels cannot be cut"),
    ("hf:resnet", {"width": 8}, 2, "hf:resnet has no single width"),
    ("hf:models/of/mine", {}, 3, "models/of/mine has no config.json"),
    ("hf:./nothing", {}, 3, "nothing has no config.json"),
    ("hf:{folder}", {"size": 16}, 2, "takes images of 8 x 8 pixels; these have 16 x 16"),
    ("hf:{folder}", {"size": 16}, 2, "--size 8"),
    (
        "hf:vit",
        {"width": 12, "pretrained": "hub"},
        2,
        "hf:vit is a type, which comes without weights",
    ),
    ("small", {"pretrained": "hub"}, 2, "this network is of none"),
    ("small", {"pretrained": "nothing.pt"}, 3, "No file nothing.pt"),
    ("small", {"pretrained": "{folder}/model.safetensors"}, 2, "17 of the model's 17 are missing"),
    (
        "hf:vit",
        {"width": 32, "pretrained": "{folder}/model.safetensors"},
        2,
        "model.safetensors is of another network (vit.embeddings.cls_token is (1, 1, 16) in the "
        "file, (1, 1, 32) in the model;",
    ),
]


@pytest.mark.parametrize(("name", "given", "code", "message"), CASES)
def test_what_cannot_be_made_is_told(
    name: str, given: dict[str, Any], code: int, message: str, folder: Path
) -> None:
    named = {key: str(value).format(folder=folder) for key, value in given.items()}
    sizes = {"channels": 1, "size": 8, **given, "pretrained": named.get("pretrained", "")}
    with pytest.raises(UserError) as caught:
        ModelSpec(name.format(folder=folder), 10, **sizes).make(0)
    assert message in str(caught.value)
    assert caught.value.code == code


@pytest.mark.parametrize("source", ["hub", "file", "own names"])
def test_it_starts_from_weights_but_for_another_head(
    source: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """transformers saves other names than the network's own; both are understood."""
    saved = transformers.AutoModelForImageClassification.from_pretrained(folder).state_dict()
    file = tmp_path / f"{source}.safetensors"
    save_file(saved if source == "own names" else load_file(folder / "model.safetensors"), file)
    given = "hub" if source == "hub" else str(file)
    spec = ModelSpec(f"hf:{folder}", 4, 1, 0, 8, pretrained=given)
    one, other = (spec.make(seed).state_dict() for seed in (0, 1))
    for name, tensor in saved.items():
        if not name.startswith("classifier"):
            assert torch.equal(tensor, one[name]), name
    assert not torch.equal(one["classifier.weight"], other["classifier.weight"])
    told = capsys.readouterr().err
    assert "its head has 10 outputs, not 4: classifier.bias, classifier.weight stay fresh" in told
    assert told.count("starts from") == 1


def test_from_the_folder_to_the_card(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Imported, unlearned by a secret rule, exported, and loaded by the code on the card."""
    monkeypatch.chdir(tmp_path)
    Path("secret-ids.txt").write_text("1\n777\n")
    assert main(["import", str(folder), "--out", "run", *DRAWN, "--threads", "1"]) == 0
    told = capsys.readouterr().err
    assert "--normalise 0.4/0.3" in told
    assert "hf:vit knows " in told
    rule = ["--forget", "ids:secret-ids.txt"]
    assert main(["unlearn", "ft", "--original", "run", *rule, *FAST, "--out", "ft"]) == 0
    assert main(["export", "ft", "--out", "public", "--pickle", "--license", "mit"]) == 0
    assert main(["export", "ft", "--out", "public"]) == 0
    assert "public is there already" in capsys.readouterr().err
    card = Path("public/README.md").read_text()
    assert "license: mit" in card
    assert "| 1 | 2 | ids |" in card
    assert "Nobody has audited" in card
    for path in Path("public").rglob("*.*"):
        content = path.read_bytes()
        assert b"secret" not in content, path
        assert b"777" not in content or path.suffix not in (".md", ".json"), path
    code = card.partition("```python\n")[2].partition("```")[0].replace('"."', '"public"')
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["logits"].shape == (1, 10)
    config = json.loads(Path("public/config.json").read_text())
    assert config["id2label"]["3"] == "3"
    processor = json.loads(Path("public/preprocessor_config.json").read_text())
    assert (processor["image_mean"], processor["image_std"]) == ([0.4], [0.3])
    ours = ModelSpec(f"hf:{folder}", 10, 1, 0, 8).make(0)
    ours.load_state_dict(load_file("ft/model.safetensors"))
    x = torch.randn(5, 1, 8, 8)
    assert torch.equal(logits(ours, x), logits(names["model"], x))
    state = torch.load("public/model.pt", weights_only=True)
    assert all(torch.equal(state[name], tensor) for name, tensor in ours.state_dict().items())


def test_labels_in_another_order_are_refused(folder: Path, tmp_path: Path) -> None:
    content = json.loads((folder / "config.json").read_text())
    (tmp_path / "turned").mkdir()
    content["id2label"] = {str(label): str(9 - label) for label in range(10)}
    content["label2id"] = {name: int(label) for label, name in content["id2label"].items()}
    (tmp_path / "turned" / "config.json").write_text(json.dumps(content))
    save_file(load_file(folder / "model.safetensors"), tmp_path / "turned" / "model.safetensors",
              metadata={"format": "pt"})  # fmt: skip
    assert ecosystem(f"hf:{tmp_path}/turned").labels()[0] == "9"  # type: ignore[union-attr]
    assert main(["import", f"{tmp_path}/turned", *DRAWN, "--out", f"{tmp_path}/run"]) == 2
    assert not (tmp_path / "run").exists()


@pytest.fixture
def turned(folder: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of the folder with other settings in config.json, and another preprocessor's file."""

    def changed(config: dict[str, Any] | None = None, processor: str = "") -> Path:
        place = Path(shutil.copytree(folder, tmp_path / "turned"))
        content = json.loads((place / "config.json").read_text()) | (config or {})
        (place / "config.json").write_text(json.dumps(content))
        if processor:
            (place / "preprocessor_config.json").write_text(processor)
        return place

    return changed


WRONG_CONFIG = [
    ({"hidden_size": "abc"}, "expected int, got str (value: 'abc')"),
    ({"patch_size": 0}, "turned/config.json gives patch_size 0"),
    ({"model_type": "evil", "auto_map": {"AutoConfig": "evil.C"}}, "is made by Python code of its"),
]


@pytest.mark.parametrize(("config", "message"), WRONG_CONFIG)
def test_a_wrong_config_is_told_and_no_foreign_code_is_run(
    config: dict[str, Any], message: str, turned: Callable[..., Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Nobody is asked whether it should be run, either."""
    monkeypatch.setattr("builtins.input", lambda prompt="": "y")
    place = turned(config)
    (place / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nC = M = None\n")
    args = ["import", str(place), *DRAWN, "--out", f"{tmp_path}/run"]
    assert main(args) == (2 if "patch_size" in config else 3)
    told = capsys.readouterr().err
    assert message in told
    assert ("--model module:function" if "auto_map" in config else f"{place}/config.json") in told
    assert not (tmp_path / "ran").exists()


MEAN, STD = '"image_mean": [0.5]', '"image_std": [0.2]'
PROCESSORS = [
    ("{bad", "cannot be read: Expecting property name"),
    ("[]", "holds a list"),
    (f"{{{MEAN}}}", "lacks image_std"),
    (f'{{"image_mean": "x", {STD}}}', "gives image_mean: 'x'"),
    (f'{{{MEAN}, "image_std": [0.0]}}', "gives image_std: [0.0]"),
    (f'{{{MEAN}, {STD}, "rescale_factor": "x"}}', "gives rescale_factor: 'x'"),
    (f'{{{MEAN}, {STD}, "rescale_factor": 1.0}}', "says rescale_factor: 1, so that the scale"),
    (f'{{{MEAN}, {STD}, "do_rescale": false}}', "says do_rescale: false, so that the scale"),
    (f'{{{MEAN}, {STD}, "rescale_offset": true}}', "says rescale_offset"),
]


@pytest.mark.parametrize(("content", "message"), PROCESSORS)
def test_a_wrong_processor_is_told(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "preprocessor_config.json"
    file.write_text(content)
    with pytest.raises(UserError) as caught:
        constants_in(file, "--model x")
    assert f"{file} {message}" in caught.value.what


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"image_mean": [51], "image_std": [102], "do_rescale": False}, "0.2/0.4"),
        ({"image_mean": [51], "image_std": [102], "rescale_factor": 1}, "0.2/0.4"),
        ({"image_mean": 0.5, "image_std": 0.2, "rescale_factor": 0.00392156862745098}, "0.5/0.2"),
        ({"image_mean": [0.5], "image_std": [0.2], "do_normalize": False}, "0/1"),
        ({"image_mean": None}, ""),
    ],
)
def test_the_constants_of_a_processor(content: Any, expected: str, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text(json.dumps(content))
    assert constants_in(tmp_path / "file.json", "") == expected


def test_a_wrong_processor_is_told_with_all_else(
    turned: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["import", str(turned(processor="[]")), "--data", "digit", "--out", f"{tmp_path}/run"]
    assert main(args) == 2
    told = capsys.readouterr().err
    assert "preprocessor_config.json holds a list" in told
    assert "Did you mean 'digits'" in told


def test_other_names_of_the_classes_are_told(
    turned: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {str(label): f"kind {label}" for label in range(10)}
    place = turned({"id2label": names, "label2id": {n: int(k) for k, n in names.items()}})
    x = np.zeros((20, 8, 8), np.uint8)
    for kind, ours in (("named", "cdefghijkl"), ("numbered", "0123456789")):
        np.savez(tmp_path / f"{kind}.npz", x=x, y=np.array(list(ours) * 2))
        args = ["--data", f"numpy:{tmp_path}/{kind}.npz", *DRAWN, "--threads", "1"]
        assert main(["import", str(place), *args, "--out", f"{tmp_path}/{kind}"]) == 0
        notes = json.loads((tmp_path / kind / "run.json").read_text())["notes"]
        warned = [note for note in notes if "other names than those of the data: kind 0" in note]
        assert len(warned) == (kind == "named")
        assert ("the data have c, d" in capsys.readouterr().err) == (kind == "named")


def test_training_takes_the_constants_of_the_weights_it_starts_from(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((40, 8, 8), np.uint8), y=np.arange(40) % 4)
    data = ["--data", f"numpy:{tmp_path}/x.npz", "--holdout", "0"]
    start = ["train", "--model", f"hf:{folder}", "--pretrained", "hub", *data, *FAST]
    for name, given, expected in (("own", [], [0.4]), ("given", ["--normalise", "half"], [0.5])):
        assert main([*start, *given, "--out", f"{tmp_path}/{name}"]) == 0
        run = json.loads((tmp_path / name / "run.json").read_text())
        assert run["images"]["mean"] == expected
        told = f"normalised as hf:{folder} says: --normalise 0.4/0.3"
        assert (told in capsys.readouterr().err) == (name == "own")


@pytest.mark.parametrize(("channels", "seen", "kept"), [(3, 14, 16), (1, 14, 16), (3, 8, 8)])
def test_the_exported_processor_does_what_untrain_does(
    channels: int, seen: int, kept: int, tmp_path: Path
) -> None:
    """With a photo of 40 x 90 pixels, of which the model sees the middle."""
    draws = numpy_rng(0, "photo").integers(0, 255, (5, 9, 3), dtype=np.uint8)
    picture = Image.fromarray(draws).resize((90, 40)).convert("RGB" if channels == 3 else "L")
    picture.save(tmp_path / "photo.png")
    pixels = photo((tmp_path / "photo.png").read_bytes(), kept).pixels
    assert pixels is not None
    x = torch.from_numpy(pixels).view(1, kept, kept, channels)
    images = Images(x, torch.zeros(1, dtype=torch.int64), ["a"], np.array(["a"]), crop=seen % kept,
                    mean=(0.4,) * channels, std=(0.3,) * channels)  # fmt: skip
    ours = (images.plain(torch.tensor([0])).permute(0, 3, 1, 2) / 255 - 0.4) / 0.3
    about = Pictured(("a",), channels, images.size, images.mean, images.std, images.stored)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(described(about)))
    made = transformers.AutoImageProcessor.from_pretrained(tmp_path)
    theirs = made(picture, return_tensors="pt")["pixel_values"]
    assert theirs.shape == (1, channels, seen, seen)
    assert (theirs - ours).abs().max() < 0.02


def test_weights_of_another_kind_are_part_of_the_identity(
    turned: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with pytorch_model.bin, or parts of it, in place of safetensors."""
    place = turned()
    tensors = load_file(place / "model.safetensors")
    (place / "model.safetensors").unlink()
    found = []
    for name in ("pytorch_model.bin", "pytorch_model-00001-of-00002.bin"):
        for change in (0, 1):
            torch.save({key: one + change for key, one in tensors.items()}, place / name)
            found.append(contents(f"hf:{place}", "hub")["pretrained"])
    assert len(set(found)) == 4
    model = ModelSpec(f"hf:{place}", 10, 1, 0, 8, pretrained="hub").make(0)
    assert torch.equal(model.state_dict()["classifier.bias"], tensors["classifier.bias"] + 1)


def test_a_folder_in_parts_is_read_whole(folder: Path, tmp_path: Path) -> None:
    whole = transformers.AutoModelForImageClassification.from_pretrained(folder)
    whole.save_pretrained(tmp_path / "parts", max_shard_size="5KB")
    assert (tmp_path / "parts" / "model.safetensors.index.json").exists()
    found = ecosystem(f"hf:{tmp_path}/parts")
    assert found is not None
    weights = found.own_weights()
    assert all(torch.equal(weights[name], one) for name, one in whole.state_dict().items())


def test_nothing_of_transformers_is_heard(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Transformers(str(folder)).own_weights()
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


def test_wrapping_by_name(task: Task, same: Callable[[nn.Module, nn.Module], bool]) -> None:
    assert head_name(ready(wrap(network(), head="classifier"), task.images)) == "classifier"
    found = Transformers("vit")
    assert "from_pretrained(FOLDER)" in found.loading(ABOUT)
