"""`wrap`: any module with a head returns `Output`, and stays itself."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from untrain.errors import UserError
from untrain.models.build import ModelSpec
from untrain.models.output import Output, head_of, linear_head, unwrap, wrap


class Plain(nn.Module):
    """A user's model: a hidden linear layer, and a head under a name of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(12, 5)
        self.classifier = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(torch.relu(self.hidden(x.flatten(1))))
        return logits


@pytest.fixture
def plain() -> Plain:
    torch.manual_seed(0)
    return Plain()


@pytest.fixture
def x() -> Tensor:
    return torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))


def test_logits_are_those_of_the_model(plain: Plain, x: Tensor) -> None:
    assert torch.equal(wrap(plain)(x).logits, plain(x))


def test_features_are_the_input_of_the_last_linear(plain: Plain, x: Tensor) -> None:
    out = wrap(plain)(x)
    assert torch.equal(out.features, torch.relu(plain.hidden(x.flatten(1))))
    assert torch.equal(plain.classifier(out.features), out.logits)


def test_features_carry_a_gradient_to_the_body_and_not_to_the_head(plain: Plain, x: Tensor) -> None:
    wrap(plain)(x).features.sum().backward()
    assert plain.hidden.weight.grad is not None
    assert plain.classifier.weight.grad is None


def test_the_inner_model_keeps_its_state_dict(plain: Plain) -> None:
    before = list(plain.state_dict())
    wrapped = wrap(plain)
    assert unwrap(wrapped) is plain
    assert list(unwrap(wrapped).state_dict()) == before


def test_no_weight_is_registered_twice(plain: Plain) -> None:
    assert len(wrap(plain).state_dict()) == len(plain.state_dict())


def test_no_hook_stays_behind(plain: Plain, x: Tensor) -> None:
    wrap(plain)(x)
    assert not plain.classifier._forward_pre_hooks
    assert not plain.classifier._forward_hooks


def test_a_deep_copy_is_independent(plain: Plain, x: Tensor) -> None:
    wrapped = wrap(plain)
    copied = copy.deepcopy(wrapped)
    before = copied(x)
    with torch.no_grad():
        for weight in plain.parameters():
            weight.zero_()
    after = copied(x)
    assert torch.equal(after.logits, before.logits)
    assert torch.equal(after.features, before.features)
    assert not wrapped(x).logits.any()


def test_a_deep_copy_stays_in_its_mode(plain: Plain) -> None:
    copied = copy.deepcopy(wrap(plain).eval())
    assert not any(module.training for module in copied.modules())


def test_wrapping_twice_is_wrapping_once(plain: Plain) -> None:
    wrapped = wrap(plain)
    assert wrap(wrapped) is wrapped


def test_a_model_that_returns_output_is_given_back() -> None:
    model = ModelSpec("small", classes=3, channels=1).make(0)
    assert wrap(model) is model
    assert unwrap(model) is model


def test_an_unknown_head_is_told_at_once_with_the_nearest_name(plain: Plain) -> None:
    with pytest.raises(UserError, match="Did you mean 'classifier'") as error:
        wrap(plain, head="clasifier")
    assert "hidden (12 to 5), classifier (5 to 3)" in error.value.fix


def test_a_head_can_be_named_of_a_model_that_returns_output(x: Tensor) -> None:
    model = ModelSpec("small", classes=4, channels=3, width=4).make(0).eval()
    out = wrap(model, head="head")(x)
    assert torch.equal(out.features, model(x).features)
    assert head_of(model) is model.head


def test_the_head_of_a_wrapped_model_is_known_after_its_first_forward(
    plain: Plain, x: Tensor
) -> None:
    wrapped = wrap(plain)
    with pytest.raises(ValueError, match="first forward"):
        head_of(wrapped)
    wrapped(x)
    assert head_of(wrapped) is plain.classifier
    assert linear_head(wrapped, "any") is plain.classifier


def test_output_unpacks_to_logits_and_features() -> None:
    logits, features = Output(torch.zeros(2, 3), torch.ones(2, 5))
    assert (logits.shape, features.shape) == ((2, 3), (2, 5))
