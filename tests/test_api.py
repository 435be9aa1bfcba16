"""The ten lines of the README with arrays and a model of one's own."""

from __future__ import annotations

import copy
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import untrain
from untrain.engine.device import Device
from untrain.methods import FT, Contrastive, CoUn, Retrain
from untrain.methods.contract import State, Step

Pair = tuple[np.ndarray, np.ndarray]


class Plain(nn.Module):
    """A network that knows nothing of untrain and returns logits."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.classifier = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.body(x).mean((2, 3)))


def fresh(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return Plain()


def pair(count: int, seed: int) -> Pair:
    """Images (N, 3, 8, 8) of three brightnesses, and their labels."""
    chance = np.random.default_rng(seed)
    y = np.arange(count) % 3
    x = chance.integers(0, 120, (count, 3, 8, 8), dtype=np.uint8) + (60 * y)[:, None, None, None]
    return x.astype(np.uint8), y


@pytest.fixture
def task() -> untrain.Task:
    return untrain.Task(
        train=pair(60, 0),
        forget=[3, 17, 20],
        test=pair(30, 1),
        unseen=pair(30, 2),
        make_model=fresh,
    )


def test_a_model_of_ones_own_is_unlearned_and_audited(
    task: untrain.Task, same: Callable[..., bool]
) -> None:
    model = fresh(0)
    result = untrain.unlearn(model, task, CoUn(lam=1.0, tau=0.1, epochs=2, batch=16))
    assert same(model, fresh(0))
    assert isinstance(result.model, Plain)
    assert result.model.state_dict().keys() == model.state_dict().keys()
    assert not torch.equal(result.model.classifier.weight, model.classifier.weight)
    other = untrain.unlearn(model, task, Retrain(epochs=3, batch=16, lr=0.1), progress=False)
    table = str(untrain.audit(result.model, task, retrained=other, original=model))
    for word in ("original", "retrain", "unlearned", "RA", "gap"):
        assert word in table


def test_several_models_are_rows_of_one_table(task: untrain.Task) -> None:
    model = fresh(0)
    many = {
        "ft": untrain.unlearn(model, task, FT(epochs=1), progress=False),
        "ft with a term": untrain.unlearn(model, task, FT(epochs=1), add=[Contrastive()]),
    }
    audit = untrain.audit(many, task, retrained=[fresh(1), fresh(2)])
    assert [row.label for row in audit.rows] == ["retrain", *many]
    assert audit.row("ft").values["flops"][0] > 0


def test_a_second_request_goes_on_from_the_first(task: untrain.Task) -> None:
    first = untrain.unlearn(fresh(0), task, FT(epochs=1), progress=False)
    second = untrain.Task(
        train=pair(60, 0),
        forget=[5, 6],
        erased=[3, 17, 20],
        test=pair(30, 1),
        unseen=pair(30, 2),
        make_model=fresh,
    )
    result = untrain.unlearn(first.model, second, FT(epochs=1), progress=False)
    table = str(untrain.audit(result, second, retrained=fresh(1)))
    assert "5 forgotten against 30 never seen" in table
    assert "UA 1" in table
    assert "UA 2" in table


def test_erased_images_are_never_looked_at_again(same: Callable[..., bool]) -> None:
    def second(x: np.ndarray, y: np.ndarray) -> untrain.Task:
        return untrain.Task((x, y), forget=[5, 6], erased=[3, 17], test=pair(30, 1))

    x, y = pair(60, 0)
    spoiled = x.copy()
    spoiled[[3, 17]] = 255
    method = CoUn(epochs=2, batch=16)
    one, two = (
        untrain.unlearn(fresh(0), second(images, y), method, progress=False).model
        for images in (x, spoiled)
    )
    assert same(one, two)


def test_without_unseen_data_the_table_says_that_test_stands_in() -> None:
    task = untrain.Task(train=pair(60, 0), forget="random:0.1", test=pair(30, 1))
    assert "test set stands in" in str(untrain.audit(fresh(0), task))


ASKED: list[int] = []
"""When the method below asks to be stopped: once, in the second epoch."""


@dataclass(frozen=True, kw_only=True)
class Interrupted(FT):
    """Fine-tuning at which somebody presses Ctrl-C."""

    name = "interrupted"

    def after_step(self, step: Step, state: State) -> None:
        if step.epoch == 1 and not ASKED:
            ASKED.append(1)
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def kept(task: untrain.Task, tmp_path: Path) -> Path:
    """The resume file of a run that was interrupted in its second epoch."""
    ASKED.clear()
    path = tmp_path / "state.safetensors"
    with pytest.raises(KeyboardInterrupt):
        untrain.unlearn(fresh(0), task, Interrupted(epochs=3), resume=path, progress=False)
    assert path.exists()
    return path


def test_an_interrupted_run_is_kept_and_goes_on(
    kept: Path,
    task: untrain.Task,
    same: Callable[..., bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = untrain.unlearn(fresh(0), task, Interrupted(epochs=3), resume=kept)
    assert "pass 1/3" not in capsys.readouterr().err
    assert not kept.exists()
    whole = untrain.unlearn(fresh(0), task, Interrupted(epochs=3), progress=False)
    assert same(whole.model, result.model)


def brighter(task: untrain.Task) -> None:
    task.images.x[0] += 1


def relabelled(task: untrain.Task) -> None:
    task.images.y[0] = 2 - task.images.y[0]


def mirrored(task: untrain.Task) -> None:
    task.augment = "flip"


def scaled(task: untrain.Task) -> None:
    task.images = replace(task.images, mean=(0.5,) * 3, std=(0.5,) * 3)


@pytest.mark.parametrize("change", [brighter, relabelled, mirrored, scaled])
def test_a_run_of_other_data_does_not_go_on(
    change: Callable[[untrain.Task], None], kept: Path, task: untrain.Task
) -> None:
    change(task)
    with pytest.raises(untrain.UserError, match="other settings"):
        untrain.unlearn(fresh(0), task, Interrupted(epochs=3), resume=kept, progress=False)


class Extra(Plain):
    """A module that keeps more than tensors in its state."""

    def get_extra_state(self) -> dict[str, int]:
        return {"version": 3}

    def set_extra_state(self, state: dict[str, int]) -> None:
        assert state == {"version": 3}


def test_state_that_is_no_tensor_is_kept(task: untrain.Task, tmp_path: Path) -> None:
    device = Device(save_every=0)
    path = tmp_path / "state.safetensors"
    result = untrain.unlearn(Extra(), task, FT(epochs=1), device=device, resume=path)
    assert result.model.state_dict()["_extra_state"] == {"version": 3}


def test_a_factory_that_ignores_its_seed_is_refused(task: untrain.Task) -> None:
    task.make_model = lambda seed: fresh(0)
    with pytest.raises(untrain.UserError, match="Original's own weights"):
        untrain.unlearn(fresh(0), task, Retrain(epochs=1), progress=False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"test": None}, "no test images"),
        ({"train": None}, "no train images"),
        ({"forget": []}, "forget selects 0"),
    ],
)
def test_missing_parts_of_a_task_are_told(values: dict[str, object], message: str) -> None:
    parts = {"train": pair(60, 0), "forget": [1], "test": pair(30, 1)} | values
    with pytest.raises(untrain.UserError, match=message):
        untrain.Task(**parts)


def test_a_frozen_model_is_told(task: untrain.Task) -> None:
    with pytest.raises(untrain.UserError, match="no trainable weight"):
        untrain.unlearn(fresh(0).requires_grad_(False), task, FT())


def test_retrain_without_a_factory_says_what_to_give(task: untrain.Task) -> None:
    task.make_model = None
    with pytest.raises(untrain.UserError, match="make_model"):
        untrain.unlearn(fresh(0), task, Retrain())


class Residual(nn.Module):
    """A plain residual network with group norm, and a projection head registered after `fc`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.block = nn.Sequential(nn.GroupNorm(2, 8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1))
        self.fc = nn.Linear(8, 3)
        self.projection = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.fc((x + self.block(x)).amax((2, 3)))


class Answer:
    """The output object of a transformers classifier."""

    def __init__(self, logits: Tensor, hidden_states: Tensor) -> None:
        self.logits, self.hidden_states = logits, hidden_states


class Transformers(Plain):
    def forward(self, x: Tensor) -> Answer:
        z = self.body(x)
        return Answer(self.classifier(z.mean((2, 3))), z)


def chain() -> nn.Module:
    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(8, 3))


def half() -> nn.Module:
    """Half precision but for its batch norm, and weights that are used twice."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 3)
    ).half()  # fmt: skip
    model[1].float()
    model[6].weight = model[4].weight
    return model


def frozen() -> nn.Module:
    model = Plain().to(memory_format=torch.channels_last)
    model.body.requires_grad_(False)
    return model


class Looks(Plain):
    """Its forward looks at the values, and makes a tensor on a device of its own choice."""

    def forward(self, x: Tensor) -> Tensor:
        assert float(x.abs().max()) < 1e6
        return super().forward(x + torch.zeros(len(x), 1, 1, 1))


PEOPLE_HAVE: dict[str, Callable[[], nn.Module]] = {
    "residual": Residual,
    "sequential": chain,
    "transformers": Transformers,
    "half precision, tied weights": half,
    "frozen parts, channels last": frozen,
    "looks at its images": Looks,
    "data parallel": lambda: nn.DataParallel(Plain()),
    "compiled": lambda: torch.compile(Plain(), backend="eager"),
}


@pytest.mark.parametrize("name", PEOPLE_HAVE)
def test_models_that_people_have_are_unlearned_and_audited(
    name: str, task: untrain.Task, same: Callable[..., bool]
) -> None:
    torch.manual_seed(0)
    model = PEOPLE_HAVE[name]()
    before = copy.deepcopy(model)
    result = untrain.unlearn(model, task, CoUn(epochs=1, batch=16), progress=False)
    after, given = result.model.state_dict(), model.state_dict()
    assert same(model, before)
    assert type(result.model) is type(model)
    assert list(after) == list(given)
    assert [t.dtype for t in after.values()] == [t.dtype for t in given.values()]
    fixed = {n for n, weight in model.named_parameters() if not weight.requires_grad}
    moved = {n for n in after if not torch.equal(after[n], given[n])}
    assert not fixed & moved
    unused = {"projection.weight", "projection.bias"}
    assert moved >= {n for n, w in model.named_parameters() if w.requires_grad} - unused
    assert len(list(result.model.parameters())) == len(list(model.parameters()))  # ties stay
    assert result.cost.flops > 0
    assert "unlearned" in str(untrain.audit(result.model, task, original=model))
    verdict = untrain.examine(result, task, original=model, healing=1, batch=16)
    assert verdict.word in str(verdict)
    assert verdict.word != "PASS"


def test_a_head_that_is_not_clear_can_be_named(task: untrain.Task) -> None:
    class Both(Residual):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            z = self.stem(x).amax((2, 3))
            return self.projection(z), self.fc(z)

    method = FT(epochs=1, batch=16)
    with pytest.raises(untrain.UserError, match=r"may be projection \(8 to 3\), fc \(8 to 3\)"):
        untrain.unlearn(Both(), task, method, progress=False)
    torch.manual_seed(0)
    model = Both()
    result = untrain.unlearn(untrain.wrap(model, head="fc"), task, method, progress=False)
    assert isinstance(result.model, Both)
    assert torch.equal(result.model.projection.weight, model.projection.weight)
    assert not torch.equal(result.model.fc.weight, model.fc.weight)


def test_labels_beyond_the_outputs_are_told_before_training(task: untrain.Task) -> None:
    with pytest.raises(untrain.UserError, match="has 2 outputs, but the labels go from 0 to 2"):
        untrain.unlearn(nn.Sequential(nn.Flatten(), nn.Linear(192, 2)), task, FT(epochs=1))
    with pytest.raises(untrain.UserError, match="has 2 outputs"):
        untrain.audit(nn.Sequential(nn.Flatten(), nn.Linear(192, 2)), task)
