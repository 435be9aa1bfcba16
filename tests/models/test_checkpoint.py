"""Checkpoints: ours are whole, and those from elsewhere are read without running code."""

from __future__ import annotations

import pickle
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from untrain.errors import UserError
from untrain.models import checkpoint
from untrain.models.checkpoint import load, load_weights, save
from untrain.models.foreign import beside, read_weights, renamed, without

WEIGHTS = {"fc.weight": torch.arange(6.0).view(3, 2), "fc.bias": torch.zeros(3)}


class Evil:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("evil"),)


def test_tied_weights_and_views_are_written_in_full(tmp_path: Path) -> None:
    weight = torch.arange(12.0).view(3, 4)
    tensors = {"a": weight, "b": weight, "rows": weight[1:], "across": weight.t()}
    save(tmp_path / "x.safetensors", tensors, {"n": 1})
    found, about = load(tmp_path / "x.safetensors")
    assert about == {"n": 1}
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


def test_what_does_not_fit_is_counted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"weight": torch.zeros(5, 2), "other": torch.zeros(1)}, path)
    with pytest.raises(UserError) as error:
        load_weights(nn.Linear(2, 3), path)
    for part in (
        "weight is (5, 2) in the file, (3, 2) in the model",
        "1 of the model's 2 are missing, first bias",
        "1 of the file's 2 are unknown, first other",
    ):
        assert part in error.value.what


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        {"epoch": 3, "state_dict": WEIGHTS, "optimizer": {"lr": 0.1}},
        {"model_state_dict": WEIGHTS, "step": torch.tensor(3)},
        {"model": {"state_dict": WEIGHTS}},
        {"net": WEIGHTS},
    ],
    ids=["plain", "state_dict", "model_state_dict", "twice", "net"],
)
@pytest.mark.parametrize("suffix", [".pt", ".PTH", ".bin", ".ckpt"])
def test_weights_are_found_in_what_scripts_save(content: Any, suffix: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / f"x{suffix}")
    found = read_weights(tmp_path / f"x{suffix}")
    assert found.keys() == WEIGHTS.keys()
    assert torch.equal(found["fc.weight"], WEIGHTS["fc.weight"])


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "x.safetensors")
    assert read_weights(tmp_path / "x.safetensors").keys() == WEIGHTS.keys()


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "_orig_mod.module.", "model."])
def test_prefixes_of_wrappers_are_taken_off(prefix: str) -> None:
    tensors: dict[str, Tensor] = {prefix + name: tensor for name, tensor in WEIGHTS.items()}
    assert renamed(tensors, WEIGHTS).keys() == WEIGHTS.keys()
    assert renamed(tensors, tensors).keys() == tensors.keys()


EXTRA = {"metric.total": torch.zeros(1), "class_weights": torch.ones(3)}


@pytest.mark.parametrize("prefix", ["net.", "model._orig_mod."])
def test_a_prefix_that_other_entries_lack_is_taken_off(prefix: str) -> None:
    tensors = EXTRA | {prefix + name: tensor for name, tensor in WEIGHTS.items()}
    found = renamed(tensors, WEIGHTS)
    assert found.keys() == WEIGHTS.keys() | EXTRA.keys()
    assert without(WEIGHTS, found, tensors) == EXTRA.keys()
    assert without(WEIGHTS, WEIGHTS | EXTRA, WEIGHTS | EXTRA) == set()


def test_a_prefix_stays_where_it_is_not_clear_which_is_meant() -> None:
    one, other = ({f"{p}{n}": t for n, t in WEIGHTS.items()} for p in ("net.", "model."))
    assert renamed(one | other, WEIGHTS).keys() == one.keys() | other.keys()
    part = dict(list(one.items())[:1]) | EXTRA
    assert renamed(part, WEIGHTS).keys() == part.keys()


@pytest.mark.parametrize(
    ("key", "loose"),
    [
        ("metric.total", True),
        ("aux.fc.weight", True),
        ("class_weights", False),  # it may be a part of the network that is missing here
        ("fc.scale", False),
        ("fc.norm.weight", False),  # inside of a module of the network
        ("fc2.weight", False),  # a further layer in a row
        ("blocks.2.weight", False),
    ],
)
def test_what_is_of_no_module_of_the_network(key: str, loose: bool) -> None:
    own = {
        "fc.weight": torch.ones(1),
        "fc1.weight": torch.ones(1),
        "blocks.1.weight": torch.ones(1),
    }
    assert beside(own, {**own, key: torch.ones(1)}) == ({key} if loose else set())


def test_the_counter_of_an_averaged_model_is_left_out() -> None:
    tensors = {"n_averaged": torch.tensor(3)} | {f"module.{n}": t for n, t in WEIGHTS.items()}
    assert renamed(tensors, WEIGHTS).keys() == WEIGHTS.keys()


def damaged(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])


def script(path: Path) -> None:
    with pytest.warns(DeprecationWarning, match="TorchScript|torch.jit"):
        torch.jit.script(nn.Linear(2, 3)).save(path)


BAD: dict[str, tuple[Callable[[Path], Any], str, int]] = {
    "missing.pt": (lambda path: None, "does not exist", 3),
    "folder.pt": (Path.mkdir, "is a folder", 3),
    "weights.h5": (lambda path: path.write_text("x"), "is none of .safetensors, .pt", 2),
    "text.pt": (lambda path: path.write_text("hello world"), "no checkpoint", 2),
    "empty.pt": (Path.touch, "no checkpoint", 2),
    "half.pt": (lambda p: (torch.save(WEIGHTS, p), damaged(p, 0.5)), "cut short", 2),
    "half.safetensors": (lambda p: (save_file(WEIGHTS, p), damaged(p, 0.9)), "not a whole", 2),
    "other.pt": (lambda p: torch.save({"a": 1}, p), r"a dict \(a\) without weights", 2),
    "list.pt": (lambda p: torch.save([1, 2], p), "a list without weights", 2),
    "args.pt": (
        lambda p: torch.save({"args": Namespace(a=1), "state_dict": WEIGHTS}, p),
        "more than tensors, such as argparse.Namespace, and loading it can run code",
        3,
    ),
    "whole.pt": (lambda p: torch.save(nn.Linear(2, 3), p), "torch.nn.modules.linear.Linear", 3),
    "evil.pt": (lambda p: torch.save({"a": Evil()}, p), "can run code", 3),
    "plain.pkl": (lambda p: p.write_bytes(pickle.dumps({"a": Evil()})), "can run code", 3),
    "script.pt": (script, "can run code", 3),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_told_and_runs_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make, message, code = BAD[name]
    make(tmp_path / name)
    with pytest.raises(UserError, match=message) as error:
        read_weights(tmp_path / name)
    assert error.value.code == code
    assert ("--trust-pickle" in error.value.fix) == (message.endswith("code") or name == "whole.pt")
    assert not Path("evil").exists()


def test_a_trusted_file_is_loaded(tmp_path: Path) -> None:
    whole = nn.Linear(2, 3)
    torch.save(whole, tmp_path / "whole.pt")
    torch.save({"args": Namespace(a=1), "state_dict": WEIGHTS}, tmp_path / "args.pt")
    assert torch.equal(read_weights(tmp_path / "whole.pt", trust=True)["weight"], whole.weight)
    assert read_weights(tmp_path / "args.pt", trust=True).keys() == WEIGHTS.keys()


def test_a_trusted_file_whose_code_is_not_here_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(b"\x80\x04cno_such_module\nNet\n.")
    with pytest.raises(UserError, match=r"needs code that is not here .*no_such_module") as error:
        read_weights(tmp_path / "x.pt", trust=True)
    assert error.value.code == 3


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may save the state of a run at any time."""
    path, read = tmp_path / "x.safetensors", checkpoint.described
    save(path, {"w": torch.zeros(3)}, {"number": 0})

    def replaced(text: str) -> dict[str, Any]:
        monkeypatch.setattr(checkpoint, "described", read)
        save(path, {"w": torch.ones(5)}, {"number": 1})
        return read(text)

    monkeypatch.setattr(checkpoint, "described", replaced)
    tensors, about = load(path)
    assert about == {"number": 1}
    assert torch.equal(tensors["w"], torch.ones(5))
