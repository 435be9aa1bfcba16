"""A model is made ready: what stands in the way is told, and nothing of it is moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock

import pytest
import torch
from torch import Tensor, nn

from untrain.data.images import Images
from untrain.data.sets.splits import forget, make_split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import FT, BoundaryExpand, CFk, Fisher, MaskClass, SalUn
from untrain.methods.contract import Method
from untrain.models.given import copied, core, put_back
from untrain.models.output import frozen_copy, wrap
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


def with_a_lock() -> nn.Module:
    model = net()
    model.lock = Lock()
    return model


def through_the_given_one() -> nn.Module:
    model = net()
    model.register_forward_pre_hook(lambda module, x: model[:1] and (x[0] + model[6].bias.sum(),))
    return model


class NeverCopied(nn.Sequential):
    def __deepcopy__(self, memo: dict[int, object]) -> nn.Module:
        return self


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
    "no copy": (with_a_lock, r"cannot be copied \(TypeError"),
    "lambda": (
        through_the_given_one,
        "a function that holds the model",
    ),
    "same": (lambda: NeverCopied(*net()), r"shares 9 weights with it \(first: inner.0.weight"),
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


class Versioned(nn.Sequential):
    """A module that keeps more than tensors in its state."""

    def get_extra_state(self) -> int:
        return 3

    def set_extra_state(self, state: int) -> None:
        assert state == 3


def test_state_that_is_no_tensor_has_no_shape_to_compare(images: Images) -> None:
    like(ready(Versioned(*net()), images), Versioned(*net()), images)


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
    task = class_gone(images)
    if not message:
        notes = Loop(method, task, Convolutional()).run().notes
        assert notes[-1] == "The head's rows of class1 start anew."
        return
    with pytest.raises(UserError, match=message):
        Loop(method, task, Convolutional())


def test_a_computed_tensor_in_an_attribute_is_copied_without_its_graph() -> None:
    model = net()
    model.seen = {"last": [model(torch.ones(2, 1, 8, 8))]}
    made = copied(model)
    assert torch.equal(made.seen["last"][0], model.seen["last"][0])
    assert made.seen["last"][0].grad_fn is None
    assert model.seen["last"][0].grad_fn is not None
    assert not any(weight.requires_grad for weight in frozen_copy(model).parameters())


@pytest.mark.parametrize("end", [nn.Softmax(1), nn.Sigmoid()])
def test_probabilities_are_measured_but_not_trained(images: Images, end: nn.Module) -> None:
    model = nn.Sequential(net(), end)
    ready(model, images)
    with pytest.raises(UserError, match="returns probabilities, not logits"):
        ready(model, images, train=True)


def test_log_probabilities_are_trained(images: Images) -> None:
    ready(nn.Sequential(net(), nn.LogSoftmax(1)), images, train=True)


def test_data_parallel_around_a_result_on_the_cpu_runs() -> None:
    given = nn.DataParallel(net())
    given.device_ids = [0]  # as it is where there is a GPU
    again = put_back(given, net().eval())
    assert again(torch.ones(2, 1, 8, 8)).shape == (2, 3)
    assert given.device_ids == [0]


def parametrized() -> nn.Module:
    model = net()
    nn.utils.parametrizations.weight_norm(model[6])
    nn.utils.parametrizations.spectral_norm(model[0])
    return model


def test_a_head_whose_weight_is_computed_has_no_rows_to_edit(images: Images) -> None:
    task = class_gone(images)
    with pytest.raises(UserError, match=r"the weight of `6` is computed"):
        Loop(MaskClass(), task, parametrized())


class Keeps(nn.Module):
    """A model that keeps the features of its last forward."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.fc = net()[:5], nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.features = self.body(x)
        return self.fc(self.features)


@pytest.mark.parametrize("make", [parametrized, Keeps])
@pytest.mark.parametrize("method", [SalUn(epochs=2, batch=16), FT(epochs=2, batch=16)])
def test_odd_models_are_trained_and_measured(
    task: Task, make: Callable[[], nn.Module], method: Method
) -> None:
    model = make()
    model(torch.ones(2, 1, 8, 8))
    loop = Loop(method, task, model)
    loop.run()
    loop.model.train()(torch.ones(2, 1, 8, 8))
    assert 0 <= loop.accuracy("test") <= 1


def class_gone(images: Images) -> Task:
    return Task.of(images, forget(make_split(images), "class:1", images))
