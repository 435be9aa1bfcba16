"""Everything that makes a run what it is, before it starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from untrain.config import DataConfig, ModelConfig, changed
from untrain.data.images import Images
from untrain.data.sets.at_hand import share_of_retain
from untrain.data.sets.splits import Split
from untrain.methods.contract import Method, Term, settings
from untrain.runs.record import NUMERICS, read, root_of
from untrain.task import Task

if TYPE_CHECKING:
    from untrain.engine.device import Device
    from untrain.engine.watch import Watch
    from untrain.errors import UserError


class Selection(Protocol):
    """How a run's checkpoint or its hyper-parameters are chosen."""

    @property
    def by(self) -> str:
        """What chooses: early, oracle or tune; it stands behind the method's name in tables."""

    def config(self) -> dict[str, Any]:
        """Its settings, as they are recorded."""

    def key(self) -> dict[str, Any]:
        """What of them makes two runs two."""

    def check(self, plan: Plan) -> list[UserError]:
        """What stands in the way of choosing."""

    def watch(self, plan: Plan, device: Device) -> Watch | None:
        """What looks at the run; None where runs are compared when they are finished."""

    def choice(self, plan: Plan, watch: Watch | None) -> dict[str, Any]:
        """What was chosen, how, and what was looked at, for run.json."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that makes a run what it is, before it starts."""

    images: Images
    split: Split
    data: DataConfig
    model: ModelConfig
    method: Method
    terms: tuple[Term, ...] = ()
    seed: int = 0
    forget: str = ""
    """The forget rule, as it was given."""
    earlier: tuple[str, ...] = ()
    """The rules of earlier requests, as they were given."""
    original: Path | None = None
    """Folder of the model that is given to the method; None trains from scratch."""
    select: Selection | None = None
    """How a checkpoint is chosen; None takes the last one."""
    available: float = 1.0
    """Share of the retained images that is available to the method."""
    forget_data: bool = True
    """Whether forgotten images are available to it."""

    def __post_init__(self) -> None:
        if len(self.rules) != len(self.split.requests):
            raise ValueError(f"{len(self.split.requests)} requests, but rules {self.rules}")

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule of each request, the earlier ones first."""
        return (*self.earlier, self.forget) if self.forget else self.earlier

    @property
    def label(self) -> str:
        """The row of tables it belongs to: original, retrain, coun, ft+contrastive, ..."""
        if self.method.name == "retrain" and not self.rules:
            return "original"
        name = "+".join([self.method.name, *(term.name for term in self.terms)])
        more = [self.select.by] if self.select else []
        more += [f"{100 * self.available:g} % of retain"] if self.available < 1 else []
        return f"{name} ({', '.join(more)})" if more else name

    def given(self) -> str:
        """Hash of the weights that the method is given."""
        return read(self.original)["checkpoints"]["child"] if self.original else ""

    def ancestry(self) -> dict[str, str]:
        """parent: hash of the weights that the run starts from; root: of the first model of the
        chain, which is what the Original was. Both are "" where the weights are fresh."""
        if self.original is None or self.method.starts == "fresh":
            return {"parent": "", "root": ""}
        return {"parent": self.given(), "root": root_of(self.original)}

    def task(self) -> Task:
        """What the method works on."""
        augment = "" if self.data.augment == "auto" else self.data.augment
        make = self.model.spec(self.images).make
        part = self.available < 1
        return Task.of(
            self.images,
            self.split,
            augment=augment,
            make_model=make,
            available=share_of_retain(self.split, self.available, self.data.split_seed)
            if part
            else None,
            forget_data=self.forget_data,
        )

    def at_hand(self) -> dict[str, Any]:
        """What is not at hand of the training images; {} where everything is."""
        return lacking(self.available, self.forget_data)

    def config(self) -> dict[str, Any]:
        """The settings, complete, as they are recorded."""
        config = configured(
            self.data, self.model, self.method, self.terms, forget=self.forget, seed=self.seed
        )
        config |= {"at_hand": self.at_hand()} if self.at_hand() else {}
        return config | ({"select": self.select.config()} if self.select else {})

    def key(self) -> str:
        """Equal keys mean equal runs, up to device, precision and threads."""
        return key_of(
            self,
            images=self.images.hash,
            split=self.split.hashes(self.images),
            # Retrain takes nothing from a model: it is one run, whichever verb makes it
            parent="" if self.method.name == "retrain" else self.given(),
            at_hand=self.at_hand(),
            select=self.select.key() if self.select else {},
        )


def lacking(available: float, forget_data: bool) -> dict[str, Any]:
    """What is not at hand of the training images, as keys and records hold it; {}: nothing."""
    given = {"available": available, "forget_data": forget_data}
    return {name: value for name, value in given.items() if value not in (1, True)}


class Settings(Protocol):
    """What is set of a run, before its data are looked at."""

    @property
    def data(self) -> DataConfig: ...
    @property
    def model(self) -> ModelConfig: ...
    @property
    def method(self) -> Method: ...
    @property
    def terms(self) -> tuple[Term, ...]: ...
    @property
    def seed(self) -> int: ...


def key_of(
    run: Settings,
    *,
    images: str,
    split: dict[str, str],
    parent: str,
    at_hand: dict[str, Any],
    select: dict[str, Any],
) -> str:
    """The key of a run: of its settings, its images and sets by their hashes, and its parent."""
    content = {
        "model": run.model.identity(),
        "augment": run.data.augment,
        "method": [run.method.name, changed(run.method)],
        "terms": [[term.name, changed(term)] for term in run.terms],
        "seed": run.seed,
        "images": images,
        "split": split,
        "parent": parent,
        "numerics": NUMERICS,
    }
    content |= {"stream": run.data.stream} if run.data.stream else {}
    content |= {"at_hand": at_hand} if at_hand else {}
    content |= {"select": select} if select else {}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def configured(
    data: DataConfig | None,
    model: ModelConfig | None,
    method: Method | None,
    terms: Sequence[Term],
    *,
    forget: str,
    seed: int,
) -> dict[str, Any]:
    """Settings as they are recorded; of a part that is not known, as it is wrong, nothing."""
    known = {"name": method.name, **settings(method)} if method else {}
    return {
        "data": asdict(data) if data else {},
        "model": asdict(model) if model else {},
        "method": known,
        "terms": [{"name": term.name, **settings(term)} for term in terms],
        "forget": forget,
        "seed": seed,
    }
