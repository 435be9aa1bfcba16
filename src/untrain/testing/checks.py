"""What every method must keep, each check a function of a Subject that raises AssertionError."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args, get_origin, get_type_hints

import torch

from untrain.engine.loop import Loop
from untrain.engine.resume import Resume
from untrain.methods.contract import Trained
from untrain.methods.obstacles import obstacles
from untrain.testing.toy import IMAGES, REQUESTS, TOY, Subject, finite, same, toy_task

OTHER: dict[str, Any] = {
    "epochs": 3,
    "batch": 7,
    "lr": 0.05,
    "lr_min": 0.01,
    "schedule": "constant",
    "warmup": 0.9,
    "per_step": True,
    "optimizer": "adam",
    "momentum": 0.5,
    "weight_decay": 0.1,
    "bn": "frozen",
}
"""Another value for each field of a recipe."""


def changes_the_model(subject: Subject) -> None:
    after, before = subject.run(), TOY.make(0)
    assert finite(after), "weights are not finite"
    assert not same(after, before), "the model is as it was"
    assert after.state_dict().keys() == before.state_dict().keys(), "the model has other keys"
    shapes = {name: tensor.shape for name, tensor in before.state_dict().items()}
    assert shapes == {name: t.shape for name, t in after.state_dict().items()}, "other shapes"
    assert all(p.requires_grad for p in after.parameters()), "some weights are left frozen"


def leaves_the_given_model_untouched(subject: Subject) -> None:
    given = TOY.make(0)
    Loop(subject.make(), subject.task(), given).run()
    assert same(given, TOY.make(0)), "the given model has changed"
    assert given.training, "the given model's mode has changed"


def repeats_bit_for_bit(subject: Subject) -> None:
    assert same(subject.run(), subject.result().model), "the same seed gave other bits"
    if issubclass(subject.method, Trained):
        assert not same(subject.run(), subject.result(seed=1).model), "another seed, same bits"


def every_hyper_parameter_moves_the_result(subject: Subject) -> None:
    still = []
    for field in fields(subject.method):
        try:
            check_field(subject, field.name)
        except AssertionError as error:
            still.append(str(error))
    assert not still, "; ".join(still)


def check_field(subject: Subject, name: str) -> None:
    """Another value of one hyper-parameter gives another model."""
    trial = dict(subject.method.trials.get(name, {}))
    if name not in trial:
        trial[name] = other_value(subject, name)
    start = {key: value for key, value in trial.items() if key != name}
    before, after = subject.make(**start), subject.make(**trial)
    assert getattr(before, name) != getattr(after, name), f"{name}: the trial is the default"
    assert not same(subject.run(**start), subject.run(**trial)), f"{name} moves nothing"


def other_value(subject: Subject, name: str) -> Any:
    """A value of the field that differs from its default."""
    now, hint = getattr(subject.make(), name), get_type_hints(subject.method)[name]
    if name in OTHER and OTHER[name] != now:
        return OTHER[name]
    if get_origin(hint) is Literal:
        return next(option for option in get_args(hint) if option != now)
    if isinstance(now, bool):
        return not now
    if isinstance(now, int):
        return now + 1
    if isinstance(now, float):
        return now / 2 if now else 0.5
    raise AssertionError(f"give another value of {name} in `trials`")


def reads_only_its_sets(subject: Subject) -> None:
    """Pixels and labels of all other sets are replaced; the result stays the same."""
    allowed = {*subject.method.streams, *subject.method.reads}
    x, y = IMAGES.x.clone(), IMAGES.y.clone()
    for part, positions in subject.task().split.sets().items():
        if part not in allowed:
            x[torch.from_numpy(positions)] = 255
        if part not in allowed and part not in subject.method.counts:
            y[torch.from_numpy(positions)] = 0
    spoiled = toy_task(REQUESTS[subject.request], replace(IMAGES, x=x, y=y))
    assert same(subject.run(), subject.result(spoiled).model), f"it reads more than {allowed}"


def reads_only_what_is_at_hand(subject: Subject) -> None:
    """Pixels of retained images that are not available, and of forgotten ones where none is, are
    replaced; the result stays the same. A method that needs forgotten images says so."""
    split, blind = subject.task().split, not subject.method.sees("forget")
    here, x = split.retain[::2], IMAGES.x.clone()
    x[torch.from_numpy(split.retain[1::2])] = 255
    if blind:
        x[torch.from_numpy(split.forget)] = 255
    found = [
        subject.result(toy_task(split, images, available=here, forget_data=not blind)).model
        for images in (IMAGES, replace(IMAGES, x=x))
    ]
    assert same(*found), "it reads images that are not available"
    refused = obstacles(subject.make(), (), toy_task(split, forget_data=False))
    assert bool(refused) == (not blind), "without forgotten images it should be refused, or work"


def works_with_a_last_batch_of_one(subject: Subject) -> None:
    if "batch" in subject.values:
        for name in ("retain", "forget"):
            size = len(subject.task().split.sets()[name])
            assert finite(subject.run(batch=max(2, size - 1)))


def works_with_a_class_absent_from_a_batch(subject: Subject) -> None:
    if "batch" in subject.values:
        assert finite(subject.run(batch=2))


def works_with_a_whole_class_forgotten(subject: Subject) -> None:
    assert finite(subject.result(toy_task(REQUESTS["class"])).model)


def works_with_one_image_to_forget(subject: Subject) -> None:
    one = toy_task(REQUESTS["one"])
    if not subject.make().check(one):
        assert finite(subject.result(one).model)


def works_on_a_second_request(subject: Subject) -> None:
    """What an earlier request has erased is not read again, neither pixels nor labels."""
    split = REQUESTS["second"]
    if subject.make().check(toy_task(split)):
        return
    x, y, erased = IMAGES.x.clone(), IMAGES.y.clone(), torch.from_numpy(split.erased)
    x[erased], y[erased] = 255, 0
    spoiled = subject.result(toy_task(split, replace(IMAGES, x=x, y=y)))
    after = subject.result(toy_task(split)).model
    assert finite(after), "weights are not finite"
    assert same(after, spoiled.model), "it reads images that an earlier request has erased"


class Killed(Exception):
    """Stands for SIGKILL in the middle of a run."""


def resumes_in_the_middle(subject: Subject) -> None:
    """Killed in the second pass and started again, it gives the bits of an uninterrupted run."""
    if subject.make().length < 2:
        return

    def kill(done: float, row: dict[str, Any] | None) -> None:
        if done > 1:
            raise Killed

    with TemporaryDirectory() as folder:
        path = Path(folder) / "resume.safetensors"
        try:
            loop = Loop(subject.make(), subject.task(), TOY.make(0))
            loop.run(Resume(path, "key", every=0), kill)
            raise AssertionError("it ended before its second pass")
        except Killed:
            assert path.exists(), "nothing was kept"
        loop = Loop(subject.make(), subject.task(), TOY.make(0))
        resumed = loop.run(Resume(path, "key", every=0))
    assert same(subject.run(), resumed.model), "a resumed run gives other bits"


def says_what_it_is(subject: Subject) -> None:
    method = subject.method
    assert method.paper, "`paper` is empty"
    assert method.cost, "`cost` is empty"
    assert set(method.streams) <= {"retain", "forget"}, "`streams` are retain, forget or both"
    assert " = " in (method.__doc__ or ""), "the docstring has no formula"
    for values in method.presets.values():
        method(**values)


CHECKS: tuple[Callable[[Subject], None], ...] = (
    changes_the_model,
    leaves_the_given_model_untouched,
    repeats_bit_for_bit,
    every_hyper_parameter_moves_the_result,
    reads_only_its_sets,
    reads_only_what_is_at_hand,
    works_with_a_last_batch_of_one,
    works_with_a_class_absent_from_a_batch,
    works_with_a_whole_class_forgotten,
    works_with_one_image_to_forget,
    works_on_a_second_request,
    resumes_in_the_middle,
    says_what_it_is,
)
