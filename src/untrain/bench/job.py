"""The runs of a study, before their data are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from untrain.config import DataConfig, ModelConfig

if TYPE_CHECKING:
    from untrain.methods.contract import Method, Term


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run that a study asks for: settings, and the run that it starts from.

    rules: the forget rules of all requests until now, earlier ones first; () is the Original.
    parent: the run whose model it starts from; None trains from fresh weights.
    select, retrain: how its checkpoint is chosen; an oracle looks at this Retrain.
    """

    data: DataConfig
    model: ModelConfig
    method: Method
    terms: tuple[Term, ...] = ()
    seed: int = 0
    rules: tuple[str, ...] = ()
    parent: Job | None = None
    available: float = 1.0
    forget_data: bool = True
    select: str = "none"
    retrain: Job | None = None

    @property
    def needs(self) -> tuple[Job, ...]:
        """The runs that must be finished, weights included, before this one starts."""
        return tuple(one for one in (self.parent, self.retrain) if one is not None)


@dataclass(frozen=True, kw_only=True)
class Block:
    """What is compared with each other: one data set, one network, one request, as it is named."""

    data: str
    model: str
    forget: str

    def __str__(self) -> str:
        return " / ".join(part for part in (self.data, self.model, self.forget) if part)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A run at its place in the table: which rows it belongs to, and which seeds it has.

    rules: the requests that it is measured against: the Original has forgotten none, and stands
    beside the models of each request. settings: what sets it apart from others of its label where
    a grid was asked for.
    """

    block: Block
    label: str
    job: Job
    rules: tuple[str, ...] = ()
    split_seed: int = 0
    train_seed: int = 0
    unlearn_seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def row(self) -> str:
        """The name of its row: the label, with what sets it apart."""
        told = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return f"{self.label} ({told})" if told else self.label


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished run as tables take it: plain values alone, no arrays and no weights.

    values: of the audit `accuracy`: retain_accuracy, unlearn_accuracy, test_accuracy,
        mia_efficacy (all in percent), membership_auc, ... cost: seconds, flops, samples, ...
    audits: what else was measured of it, by name of the audit. about: its run.json.
    """

    cell: Cell
    address: str
    values: Mapping[str, float]
    cost: Mapping[str, float]
    audits: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
