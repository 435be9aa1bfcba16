"""A model is made ready: what stands in the way is told, and nothing of it is moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from untrain.data.images import Images
from untrain.errors import UserError
from untrain.methods import BoundaryExpand, CFk, Fisher, MaskClass
from untrain.methods.contract import Method
from untrain.models.given import core, put_back
from untrain.models.output import wrap
from untrain.models.ready import like, ready
from untrain.task import Task


def net(channels: int = 1, outputs: int = 3) -> nn.Sequential:
    """Batch norm, dropout, and a head for images of 8 pixels or more."""
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(4, outputs),
    )


def partly_on_meta() -> nn.Module:
    model = net()
    model[6] = nn.Linear(4, 3, device="meta")
    return model


def with_a_computed_tensor() -> nn.Module:
    model = net()
    model.scaled = model[6].weight * 2
    return model


class Tokens(nn.Module):
    """A named head that gets more than one row per image."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(1, 3, 1)
        self.head = nn.PReLU(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).flatten(2).transpose(1, 2).flatten(0, 1)).view(
            len(x), -1, 3
        ).mean(1)  # fmt: skip


class Convolutional(nn.Module):
    """A head that is pooled, and an unused layer after it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(1, 4, 3)
        self.cls = nn.Conv2d(4, 3, 1)
        self.unused = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.cls(torch.relu(self.body(x))).mean((2, 3))


PROBLEMS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "channels": (lambda: net(channels=3), r"cannot take images of shape \(1, 8, 8\).*RuntimeError"),
    "outputs": (lambda: net(outputs=2), "has 2 outputs, but the labels go from 0 to 2: 3 classes"),
    "lazy": (
        lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(3)),
        r"2 weights of the model are not initialised yet \(first: 1.weight\)",
    ),
    "meta": (partly_on_meta, r"2 weights .* meta device and hold no values \(first: 6.weight\)"),
    "no weights": (nn.Flatten, "has no weights"),
    "no copy": (with_a_computed_tensor, "cannot be copied"),
    "rows": (lambda: wrap(Tokens(), head="head"), r"The input of the classifier head has shape"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_stands_in_the_way_is_told(case: str, images: Images) -> None:
    make, message = PROBLEMS[case]
    with pytest.raises(UserError, match=message) as error:
        ready(make(), images)
    assert error.value.code == 2
    assert error.value.fix


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_refused(images: Images) -> None:
    with pytest.raises(UserError, match="TorchScript"):
        ready(torch.jit.script(net()), images)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64])
def test_a_model_stays_as_it_is(images: Images, dtype: torch.dtype) -> None:
    model = net().to(dtype).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(0)
    random = torch.get_rng_state()
    made = ready(model, images, train=True)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert model.training
    assert next(made.parameters()).dtype == torch.float32
    assert (next(made.parameters()) is model[0].weight) == (dtype == torch.float32)


def test_more_outputs_than_labels_are_fine(images: Images) -> None:
    ready(net(outputs=9), images)


@pytest.mark.parametrize(("channels", "size"), [(2, 8), (5, 11)])
def test_any_channels_and_size(images: Images, channels: int, size: int) -> None:
    x = torch.zeros(len(images), size, size, channels, dtype=torch.uint8)
    ready(net(channels), replace(images, x=x, mean=(), std=()))


def test_a_fresh_model_has_to_be_of_the_same_architecture(images: Images) -> None:
    original = ready(net(), images)
    assert like(original, net(), images).state_dict().keys() == original.state_dict().keys()
    with pytest.raises(UserError, match=r"2 tensors differ \(first: 6.weight, \(4, 4\) instead of"):
        like(original, net(outputs=4), images)
    with pytest.raises(UserError, match="gave a int"):
        like(original, 3, images)  # type: ignore[arg-type]


def test_what_stands_around_a_model_is_put_back() -> None:
    inner, changed = net(), net()
    for given in (nn.DataParallel(inner), torch.compile(inner, backend="eager"),
                  torch.compile(nn.DataParallel(inner), backend="eager")):  # fmt: skip
        assert core(given) is inner
        again = put_back(given, changed)
        assert type(again) is type(given)
        assert core(again) is changed
        assert core(given) is inner
        assert again.state_dict().keys() == given.state_dict().keys()
        assert torch.equal(again.eval()(torch.ones(2, 1, 8, 8)),
                           changed.eval()(torch.ones(2, 1, 8, 8)))  # fmt: skip


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (BoundaryExpand(epochs=1), "'boundary-expand' edits the rows of a linear head; `cls`"),
        (MaskClass(), r"'mask-class' edits .* `cls` is a Conv2d \(4 to 3\)"),
        (CFk(epochs=1, k=1), "The head `cls` is not among the last 1 layers"),
        (Fisher(samples=2), ""),
    ],
)
def test_methods_know_what_a_convolutional_head_is(
    images: Images, method: Method, message: str
) -> None:
    from untrain.data.splits import forget, make_split
    from untrain.engine.loop import Loop

    task = Task.of(images, forget(make_split(images), "class:1", images))
    if not message:
        notes = Loop(method, task, Convolutional()).run().notes
        assert notes[-1] == "The head's rows of class1 start anew."
        return
    with pytest.raises(UserError, match=message):
        Loop(method, task, Convolutional())
