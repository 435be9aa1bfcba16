"""MaskClass: forgotten classes are never answered, and that is all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import forget, make_split, with_forget
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.mask_class import MaskClass
from untrain.methods.terms import Contrastive
from untrain.task import Task


@pytest.fixture
def classes(images: Images) -> Callable[[str], Task]:
    return lambda which: Task.of(images, forget(make_split(images), f"class:{which}", images))


@pytest.mark.parametrize(("which", "kept"), [("class1", [0, 2]), ("0,2", [1])])
def test_a_forgotten_class_is_never_answered(
    which: str, kept: list[int], classes: Callable[[str], Task], model: nn.Module
) -> None:
    gone = [label for label in range(3) if label not in kept]
    with torch.no_grad():
        model.head.weight[gone] *= 50
    masked = Loop(MaskClass(), classes(which), model).run()
    x = torch.randn(200, 1, 8, 8) * 100
    before, after = model.eval()(x).logits, masked.model(x).logits
    assert torch.isin(before.argmax(1), torch.tensor(gone)).any()
    assert torch.isin(after.argmax(1), torch.tensor(kept)).all()
    torch.testing.assert_close(after[:, kept], before[:, kept], rtol=1e-4, atol=1e-5)
    assert bool((after[:, gone] == -1e4).all())
    assert f"class{gone[0]}" in masked.notes[0]


def test_only_the_rows_of_the_head_are_edited(
    classes: Callable[[str], Task], model: nn.Module
) -> None:
    masked = Loop(MaskClass(), classes("class1"), model).run().model.state_dict()
    for name, tensor in model.state_dict().items():
        if name.startswith("head"):
            assert torch.equal(masked[name][[0, 2]], tensor[[0, 2]])
            assert bool((masked[name][1] == (0 if name == "head.weight" else -1e4)).all())
        else:
            assert torch.equal(masked[name], tensor), name


def test_a_head_without_a_bias_is_told_before_anything_changes(
    classes: Callable[[str], Task], model: nn.Module
) -> None:
    model.head.bias = None
    (problem,) = MaskClass().check_model(model, classes("class1"))
    assert problem.what == "The classifier head has no bias, so class 1 cannot be masked."


def test_a_class_with_one_retained_image_is_not_masked(images: Images, model: nn.Module) -> None:
    whole = make_split(images)
    labels = images.y.numpy()[whole.train]
    chosen = whole.train[labels < 2][1:]  # class 0 or 1 keeps its first image
    task = Task.of(images, with_forget(whole, chosen))
    kept = int(labels[labels < 2][0])
    after = Loop(MaskClass(), task, model).run().model
    assert (after.head.bias == -1e4).nonzero().flatten().tolist() == [1 - kept]


def test_a_request_without_a_whole_class_is_refused(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="needs a whole class"):
        Loop(MaskClass(), task, model)


@pytest.mark.parametrize(
    ("head", "told"), [(nn.Linear(64, 3, bias=False), "no bias"), (nn.Linear(64, 1), "1 outputs")]
)
def test_a_head_that_cannot_be_masked_is_told(
    head: nn.Linear, told: str, classes: Callable[[str], Task]
) -> None:
    with pytest.raises(UserError, match=told):
        Loop(MaskClass(), classes("class1"), nn.Sequential(nn.Flatten(), head)).run()


def test_the_contrastive_term_cannot_act(classes: Callable[[str], Task], model: nn.Module) -> None:
    with pytest.raises(UserError, match="no step on retain images"):
        Loop(MaskClass(), classes("class1"), model, terms=(Contrastive(),))
