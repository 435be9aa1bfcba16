"""Networks of one's own by `module:function`: what they get, and what is told when they fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from untrain.errors import UserError
from untrain.models.build import ModelSpec
from untrain.models.output import Wrapped

NETS = """
import torch
from torch import nn

def net(classes, channels=3, size=32):
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * size * size, classes))

class Net(nn.Sequential):
    def __init__(self, *, classes, width=4):
        super().__init__(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, classes))

def anything(**values):
    model = nn.Flatten()
    model.values = values
    return model

def spread(classes):
    return nn.DataParallel(net(classes))

def deep(classes, depth): ...
def fails(classes): raise ValueError("no such width")
def number(classes): return 3
table = {}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current folder with modules of a user; what is imported from it is forgotten again."""
    import sys

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "own_nets.py").write_text(NETS)
    (tmp_path / "broken_nets.py").write_text("import nothing_like_it")
    yield tmp_path
    for name in ("own_nets", "broken_nets"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("folder")
def test_a_function_gets_what_it_takes() -> None:
    assert ModelSpec("own_nets:net", 5, channels=1, size=8).make(0)[1].weight.shape == (5, 64)
    assert ModelSpec("own_nets:Net", 5, channels=1).make(0)[2].weight.shape == (5, 4)
    assert ModelSpec("own_nets.py:Net", 5, width=7).make(0)[2].weight.shape == (5, 7)
    values = ModelSpec("own_nets:anything", 5, channels=1, width=2).make(0).values
    assert values == {"classes": 5, "channels": 1, "width": 2}
    assert isinstance(ModelSpec("own_nets:spread", 5).make(0), nn.Sequential)


@pytest.mark.usefixtures("folder")
def test_its_weights_depend_on_the_seed_alone() -> None:
    one, again, other = (ModelSpec("own_nets:net", 3).make(seed)[1].weight for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.usefixtures("folder")
def test_its_head_can_be_named() -> None:
    made = ModelSpec("own_nets:Net", 3, head="1").make(0)
    assert isinstance(made, Wrapped)
    assert made.named == "1"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("values", "message", "code"),
    [
        ({"name": "own_net:net"}, "no module 'own_net' here", 3),
        ({"name": "own_nets.deeper:net"}, "no module 'own_nets.deeper'", 3),
        ({"name": "broken_nets:net"}, "ModuleNotFoundError: No module named 'nothing_like", 2),
        ({"name": "own_nets:sprad"}, "Unknown function 'sprad'. Did you mean 'spread'", 2),
        ({"name": "own_nets:"}, "names no function", 2),
        ({"name": ":net"}, "names no function", 2),
        ({"name": "own_nets:table"}, "is a dict, not a function", 2),
        ({"name": "own_nets:deep"}, "needs depth, which is not known", 2),
        ({"name": "own_nets:fails"}, r"fails\(classes=3\) fails: ValueError: no such width", 2),
        ({"name": "own_nets:number"}, "gives a int", 2),
        ({"name": "own_nets:net", "width": 4}, "takes no width", 2),
        ({"name": "own_nets:net", "head": "fc"}, "Unknown head 'fc'", 2),
        ({"name": "nett"}, "Unknown model 'nett'", 2),
    ],
)
def test_what_is_wrong_with_it_is_told(values: dict[str, object], message: str, code: int) -> None:
    with pytest.raises(UserError, match=message) as error:
        ModelSpec(**({"classes": 3} | values)).make(0)
    assert error.value.code == code
    assert error.value.fix
