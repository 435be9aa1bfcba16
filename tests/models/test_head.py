"""The head is found by what the logits come from, wherever and under whatever name it is."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from untrain.errors import UserError
from untrain.models.output import Output, Wrapped, head_name, linear_head, wrap

X = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))


class Two(nn.Module):
    """A body of 5 features, two heads of 3 classes, and whatever `end` makes of them."""

    def __init__(self, end: Any = None) -> None:
        super().__init__()
        self.main = nn.Linear(5, 3)
        self.body = nn.Linear(12, 5)
        self.other = nn.Linear(5, 3)
        self.end = end

    def forward(self, x: Tensor) -> Any:
        z = torch.relu(self.body(x.flatten(1)))
        return self.end(self, z)


@dataclass
class Answer:
    """What transformers' image classifiers return: an object with `.logits`."""

    logits: Tensor
    hidden: Tensor


def flat(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), *layers)


class Normed(nn.Module):
    """A head that is no nn.Linear."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 5))

    def forward(self, z: Tensor) -> Tensor:
        return linear(z, self.weight / self.weight.norm(dim=1, keepdim=True))


class Functional(nn.Module):
    """A head in no layer, behind a layer of as many outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(12, 3)
        self.matrix = nn.Parameter(torch.randn(3, 3))
        self.scale = nn.Parameter(torch.ones(1, 3))

    def forward(self, x: Tensor) -> Tensor:
        return linear(torch.relu(self.body(x.flatten(1))), self.matrix) * self.scale


class LowRank(nn.Module):
    """A linear layer, and an update of low rank beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.base, self.down, self.up = nn.Linear(5, 3), nn.Linear(5, 2), nn.Linear(2, 3)

    def forward(self, z: Tensor) -> Tensor:
        return self.base(z) + self.up(self.down(z))


class Timm(Two):
    """timm's convention, here with a list for what has two heads."""

    def __init__(self, gives: str) -> None:
        super().__init__(lambda m, z: (m.main(z) + m.other(z)) / 2)
        self.gives = gives

    def get_classifier(self) -> Any:
        both = self.main, self.other
        return {"one": self.main, "both": both, "identity": nn.Identity()}[self.gives]


def train_only(model: Two, z: Tensor) -> Any:
    """An auxiliary head stands beside the main one in training only."""
    return (model.main(z), model.other(z)) if model.training else model.main(z)


FOUND = {
    "in a Sequential": (flat(nn.Linear(5, 3)), "3"),
    "under dropout": (flat(nn.Linear(5, 3), nn.Dropout(0.5)), "3"),
    "nested under dropout": (
        nn.Sequential(OrderedDict(body=flat(), cls=nn.Sequential(nn.Dropout(), nn.Linear(5, 3)))),
        "cls.1",
    ),
    "before a softmax": (flat(nn.Linear(5, 3), nn.LogSoftmax(1)), "3"),
    "registered first": (Two(lambda m, z: m.main(z)), "main"),
    "registered last": (Two(lambda m, z: m.other(z)), "other"),
    "other one runs later": (Two(lambda m, z: [m.main(z), m.other(z)][0]), "main"),
    "1x1 convolution": (nn.Sequential(nn.Conv2d(3, 5, 1), nn.ReLU(), nn.Conv2d(5, 3, 1),
                                      nn.AdaptiveAvgPool2d(1), nn.Flatten()), "2"),
    "with its features": (Two(lambda m, z: (m.main(z), z)), "main"),
    "with its softmax": (Two(lambda m, z: (m.main(z).softmax(1), m.main(z))), "main"),
    "called logits": (Two(lambda m, z: Answer(m.main(z), z)), "main"),
    "logits of several": (Two(lambda m, z: {"aux": m.other(z), "logits": m.main(z)}), "main"),
    "own pair": (Two(lambda m, z: Output(m.main(z), m.other(z))), "main"),
    "scaled by another layer": (Two(lambda m, z: m.main(z) * m.body(X.flatten(1))[:1, :1]), "main"),
    "another head in training": (Two(train_only), "main"),
    "timm": (Timm("one"), "main"),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
@pytest.mark.parametrize("train", [False, True])
def test_a_head_is_found_by_what_the_logits_come_from(case: str, train: bool) -> None:
    model, name = FOUND[case]
    wrapped = wrap(model.train(train)).train(train)
    torch.manual_seed(0)
    out = wrapped(X)
    assert head_name(wrapped) == name
    assert out.logits.shape == (4, 3)
    assert out.features.shape == (4, 5)


def test_logits_are_the_heads_own_beside_their_softmax() -> None:
    model, _ = FOUND["with its softmax"]
    out = wrap(model)(X)
    assert torch.equal(out.logits, model.main(out.features))


def test_features_of_a_convolutional_head_are_pooled() -> None:
    model, _ = FOUND["1x1 convolution"]
    out = wrap(model)(X)
    weight = model[2].weight.flatten(1)
    assert torch.allclose(out.logits, linear(out.features, weight, model[2].bias), atol=1e-6)
    with pytest.raises(UserError, match=r"'boundary-expand' edits .* `2` is a Conv2d \(5 to 3\)"):
        linear_head(wrap_run(model), "boundary-expand")


def wrap_run(model: nn.Module) -> nn.Module:
    wrapped = wrap(model)
    wrapped(X)
    return wrapped


NAMED = {
    "one of several": (Two(lambda m, z: (m.main(z), m.other(z))), "other", "other"),
    "one of a dict": (Two(lambda m, z: {"a": m.main(z), "b": m.other(z)}), "other", "other"),
    "one of a mean": (Two(lambda m, z: (m.main(z) + m.other(z)) / 2), "main", "main"),
    "what holds it": (nn.Sequential(OrderedDict(body=flat(), cls=nn.Sequential(
        nn.Linear(5, 5), nn.Dropout(), nn.Linear(5, 3)))), "cls", "cls.2"),
    "no linear layer": (flat(Normed()), "3", "3"),
    "scaled": (flat(nn.Linear(5, 3), nn.Linear(3, 3)), "3", "3"),
    "with a wrapper's prefix": (flat(nn.Linear(5, 3)), "module.3", "3"),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMED)
def test_a_head_can_be_named(case: str) -> None:
    model, named, name = NAMED[case]
    wrapped = wrap(model, head=named)
    out = wrapped.eval()(X)
    assert head_name(wrapped) == name
    assert out.logits.shape == (4, 3)
    if case.startswith("one of a d") or case == "one of several":
        assert torch.equal(out.logits, model.other(out.features))


UNCLEAR = {
    "two heads": (
        Two(lambda m, z: (m.main(z), m.other(z))),
        "",
        r"not clear: it may be main \(5 to 3\), other \(5 to 3\)",
    ),
    "mean": (Two(lambda m, z: m.main(z) + m.other(z)), "", "may be main .*, other"),
    "timm's two heads": (Timm("both"), "", "may be main .*, other"),
    "timm's identity": (Timm("identity"), "", "may be main .*, other"),
    "no layer": (flat(Normed()), "", "gives its 3 logits"),
    "feature maps": (nn.Conv2d(3, 3, 1), "", r"returns shape \(2, 3, 2, 2\) for 2 images"),
    "nothing": (Two(lambda m, z: SimpleNamespace(x=z)), "", "returns a SimpleNamespace"),
    "unused": (Two(lambda m, z: m.main(z)), "other", "do not come from `other`"),
    "not last": (Two(lambda m, z: m.main(z)), "body", "do not come from `body`"),
    "in no layer": (Functional(), "", "gives its 3 logits, but `matrix`"),
    "before a head in no layer": (Functional(), "body", "gives its 3 logits, but `matrix`"),
    "low rank": (flat(LowRank()), "3", r"several layers .*: 3.base \(5 to 3\), 3.up \(2 to 3\)"),
    "no gradient": (Two(torch.no_grad()(lambda m, z: m.main(z).detach())), "", "No nn.Linear"),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_an_unclear_head_is_told_with_what_to_do(case: str) -> None:
    model, named, message = UNCLEAR[case]
    with pytest.raises(UserError, match=message) as error:
        wrap(model, head=named)(X)
    assert error.value.code == 2
    ways = ("untrain.wrap(model, head=", "returns_output", "Name one of them")
    assert any(way in error.value.fix for way in ways)


def test_looking_for_the_head_leaves_no_trace() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(),
                          nn.Linear(16, 3))  # fmt: skip
    model[0].requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(0)
    random = torch.get_rng_state()
    wrapped = wrap(model.train())
    assert isinstance(wrapped, Wrapped)
    wrapped.settle(X, train=True)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert [p.requires_grad for p in model[0].parameters()] == [False, False]
    assert model[1].training


def test_it_is_found_in_inference_mode_as_well() -> None:
    model, name = FOUND["in a Sequential"]
    wrapped = wrap(model)
    with torch.inference_mode():
        wrapped(X)
    assert head_name(wrapped) == name


def test_one_of_the_layers_of_a_head_can_be_named() -> None:
    out = wrap(flat(LowRank()), head="3.base")(X)
    assert out.features.shape == (4, 5)


def test_a_scale_may_follow_a_head() -> None:
    model = Two(lambda m, z: m.main(z) * m.scale)
    model.scale = nn.Parameter(torch.ones(1, 3))
    wrapped = wrap(model)
    wrapped(X)
    assert head_name(wrapped) == "main"


def test_a_head_may_be_called_with_a_keyword() -> None:
    out = wrap(Two(lambda m, z: m.main(input=z)))(X)
    assert out.features.shape == (4, 5)
