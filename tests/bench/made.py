"""Made-up results: rows whose every number is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.bench.job import Block, Cell, Job, Result
from untrain.config import DataConfig, ModelConfig
from untrain.methods.coun import CoUn
from untrain.methods.ft import FT
from untrain.methods.neggrad_plus import NegGradPlus
from untrain.methods.not_ import NoT
from untrain.methods.retrain import Retrain

BLOCK = Block(data="cifar10", model="resnet18", forget="random:0.1")
METHODS = {
    "original": Retrain,
    "retrain": Retrain,
    "ft": FT,
    "coun": CoUn,
    "not": NoT,
    "neggrad-plus": NegGradPlus,
}
MEASURES = ("retain_accuracy", "unlearn_accuracy", "test_accuracy", "mia_efficacy")
PLACE = {"device": "cpu", "commit": "0" * 40, "precision": "32-true", "threads": 1}


def run(
    label: str,
    four: Sequence[float],
    *,
    train: int = 0,
    split: int = 0,
    unlearn: int = 0,
    block: Block = BLOCK,
    settings: Mapping[str, Any] | None = None,
    select: str = "none",
    seconds: float = 10.0,
    environment: Mapping[str, Any] | None = None,
    more: Mapping[str, float] | None = None,
) -> Result:
    """A finished run with RA, UA, TA and MIA."""
    name = label.partition("+")[0]
    settings = dict(settings or {})
    rules = () if name == "original" else (block.forget,)
    job = Job(
        data=DataConfig(data=block.data, split_seed=split),
        model=ModelConfig(model=block.model),
        method=METHODS[name](**settings),
        seed=unlearn or train,
        rules=rules,
        select=select,
    )
    cell = Cell(
        block=block,
        label=label,
        job=job,
        rules=(block.forget,),
        split_seed=split,
        train_seed=train,
        unlearn_seed=unlearn,
        settings=settings,
    )
    return Result(
        cell=cell,
        address=f"{label}-{block}-{split}-{train}-{unlearn}-{select}-{settings}",
        values=dict(zip(MEASURES, four, strict=True)) | dict(more or {}),
        cost={"seconds": seconds, "flops": seconds * 1e9},
        about={"schema": 1, "environment": PLACE | dict(environment or {})},
    )


def row(label: str, fours: Sequence[Sequence[float]], **more: Any) -> list[Result]:
    """A run per training seed."""
    return [run(label, four, train=seed, **more) for seed, four in enumerate(fours)]


def shifted(
    label: str, retrains: Sequence[Sequence[float]], by: float, **more: Any
) -> list[Result]:
    """Each seed's Retrain, all measures moved by so many points."""
    return row(label, [[value + by for value in four] for four in retrains], **more)


RETRAINS = ((100.0, 5.0, 94.0, 11.0), (99.9, 5.4, 94.4, 12.0), (99.8, 4.6, 94.2, 11.5))
