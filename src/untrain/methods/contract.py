"""The contract between methods, which hold mathematics, and the engine, which holds the loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeVar

import torch
from torch import Tensor, nn

from untrain.errors import UserError, raise_all
from untrain.fields import Ranges, misfits, out_of_range, settings
from untrain.methods.step import Draw, Pass, Step
from untrain.registry import methods, terms
from untrain.task import Task

State = dict[str, Any]
"""What `prepare` returns: tensors, modules, dicts of tensors, and numbers, by name."""
Passes = Generator[Pass, float, None]
"""A method's passes; sending back the mean loss of each."""


class Run(Protocol):
    """What the engine offers to a method.

    Measurements, kept weights and restored ones are journaled: a resumed run replays the code
    between its passes without doing them again.
    """

    model: nn.Module
    """The model being changed; its parameters are the ones that are returned."""
    original: nn.Module
    """The model as it was given, untouched."""
    task: Task
    seed: int
    device: torch.device

    def fresh_model(self) -> nn.Module:
        """The same network with fresh weights, another initialisation than the Original's."""

    def rng(self, purpose: str, *counters: int | str) -> torch.Generator:
        """A fresh CPU generator for one of the method's own draws."""

    def batches(self, name: str, size: int, augment: str = "none") -> Iterator[Draw]:
        """A set once, shuffled, for importances and targets; its plan moves no stream."""

    def add_stream(
        self, name: str, positions: Tensor | None = None, x: Tensor | None = None, y: Any = None
    ) -> None:
        """A stream of the method's own, to be named in a Pass.

        Either positions (n,) in the data set, or x float32 (n, H, W, C), normalised already and
        never augmented, with labels y (n,).
        """

    def accuracy(self, name: str, classes: Sequence[int] = ()) -> float:
        """Accuracy in [0, 1] on a set of the split (of these classes only), in eval mode.

        NaN where the set has no such image.
        """

    def keep(self, place: str) -> None:
        """Remember the model's weights and buffers under a name."""

    def restore(self, place: str) -> None:
        """Put remembered weights and buffers back."""

    def note(self, text: str) -> None:
        """A sentence for the user and the log: why it stopped, what was chosen."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """Hyper-parameters and up to six verbs. A subclass lives in a file named like the method."""

    name: ClassVar[str] = ""
    paper: ClassVar[str] = ""
    streams: ClassVar[tuple[str, ...]] = ()
    """Sets that the method trains on; it reads nothing else but `reads`."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Sets that the method measures (accuracy)."""
    counts: ClassVar[tuple[str, ...]] = ()
    """Sets of which the method takes the labels alone, and looks at no image."""
    holds: ClassVar[tuple[str, ...]] = ()
    """Terms that are part of the method's own loss, so that they are not added twice."""
    cost: ClassVar[str] = ""
    """Per epoch, or in all for a one-shot method: FB is an image forward and backward, F a
    forward; n_r and n_f are the sizes of retain and forget."""
    starts: ClassVar[str] = "original"
    """What it starts from: original or fresh weights."""
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Values of the fields by name of the preset."""
    search: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    """What a tuning study tries beside the preset: field -> values, in every combination; as many
    for each method that has any."""
    trials: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """For tests: field -> settings under which another value of it (given there) shows."""

    def __post_init__(self) -> None:
        raise_all(out_of_range(self))

    def ranges(self) -> Ranges:
        """What the hyper-parameters must be; all that are not are told at once."""
        return iter(())

    @property
    def moves_features(self) -> bool:
        """Whether anything below the classifier head may change; a term on features needs it."""
        return True

    @property
    def length(self) -> int:
        """How many passes are planned, for progress; a stop rule may end it before."""
        return 1

    @classmethod
    def sees(cls, name: str) -> bool:
        """Whether the method looks at images of a set."""
        return name in (*cls.streams, *cls.reads)

    def prepares(self, task: Task) -> int:
        """Images that `prepare` sends through the network; 0 where they are few. For forecasts."""
        return 0

    def check(self, task: Task) -> list[UserError]:
        """What stands in the way of running on this task."""
        return []

    def check_model(self, model: nn.Module, task: Task) -> list[UserError]:
        """What stands in the way of changing this model on this task; the model stays as it is."""
        return []

    def prepare(self, run: Run) -> State:
        """Edit the model or build teachers before the first pass; deterministic."""
        return {}

    def finish(self, run: Run, state: State) -> None:
        """The last edits, after the last pass."""
        return None


Schedule = Literal["cosine", "linear", "step", "constant"]


@dataclass(frozen=True, kw_only=True)
class Trained(Method, ABC):
    """A method with gradient steps: an optimiser and a schedule, SGD as in both papers."""

    epochs: int = 50
    """Passes over what the method trains on, at least 1."""
    batch: int = 256
    """Images per step and set, at least 1."""
    lr: float = 0.01
    """Highest learning rate, > 0; the CoUn paper tunes it in [0.01, 0.1]."""
    lr_min: float = 1e-4
    """Learning rate at the end of a cosine or linear schedule, in [0, lr]."""
    schedule: Schedule = "cosine"
    """Decay from lr: cosine or linear to lr_min, step (x 0.1 at 50 % and 75 %), or constant."""
    warmup: float = 0.0
    """Share of the schedule with a linear warm-up, in [0, 1)."""
    per_step: bool = False
    """Move the learning rate at every step instead of every epoch."""
    optimizer: Literal["sgd", "adam"] = "sgd"
    """Optimiser: sgd with momentum, or adam."""
    momentum: float = 0.9
    """Momentum of SGD, or Adam's first beta, in [0, 1)."""
    weight_decay: float = 5e-4
    """L2 weight decay on all parameters, >= 0."""
    bn: Literal["train", "frozen"] = "train"
    """Batch norm: train with batch statistics, or frozen running statistics."""

    def ranges(self) -> Ranges:
        rated = 0 < self.lr < float("inf")
        yield self.epochs >= 1, "epochs", "at least 1"
        yield self.batch >= 1, "batch", "at least 1"
        yield rated, "lr", "a positive number"
        between = 0 <= self.lr_min <= self.lr or not rated
        yield between, "lr_min", f"in [0, lr], and lr is {self.lr:g}"
        yield 0 <= self.warmup < 1, "warmup", "in [0, 1)"
        yield 0 <= self.momentum < 1, "momentum", "in [0, 1)"
        yield 0 <= self.weight_decay < float("inf"), "weight_decay", "at least 0"

    @property
    def length(self) -> int:
        return self.epochs

    def passes(self, run: Run, state: State) -> Passes:
        """`epochs` passes over the streams; may measure and stop in plain Python.

        Each yield gives back the mean loss of the pass.
        """
        for epoch in range(self.epochs):
            yield Pass(self.streams, self.streams[0], epoch)

    @abstractmethod
    def loss(self, step: Step, state: State) -> Tensor:
        """The scalar that a step descends on."""

    def after_step(self, step: Step, state: State) -> None:
        """Whatever follows the optimiser's step."""
        return None


@dataclass(frozen=True, kw_only=True)
class Term(ABC):
    """A loss that can be added to any step with a retain draw."""

    name: ClassVar[str] = ""
    prefix: ClassVar[str] = ""
    """What stands before the names of its flags."""

    def __post_init__(self) -> None:
        raise_all(out_of_range(self, self.prefix))

    def ranges(self) -> Ranges:
        """What the hyper-parameters must be; all that are not are told at once."""
        return iter(())

    def check(self, method: Method, task: Task) -> list[UserError]:
        """What stands in the way of adding the term to this method on this task."""
        return []

    @abstractmethod
    def __call__(self, step: Step) -> Tensor | None:
        """The weighted loss, or None where the term does not act."""


M = TypeVar("M", bound=type[Method])
T = TypeVar("T", bound=type[Term])


def register(cls: M) -> M:
    """Make a method known under the name of its file, or under its own `name`."""
    if "name" not in vars(cls):
        cls.name = cls.__module__.rpartition(".")[2].rstrip("_").replace("_", "-")
    return methods.add(cls.name, cls)


def register_term(cls: T) -> T:
    """Make a term known under its class name in lower case, or under its own `name`."""
    if "name" not in vars(cls):
        cls.name = cls.__name__.lower()
    return terms.add(cls.name, cls)


__all__ = ["Draw", "Method", "Pass", "Passes", "Ranges", "Run", "Schedule", "State", "Step"]
__all__ += ["Term", "Trained", "misfits", "register", "register_term", "settings"]
