"""From a study to its runs: each at its place in the table, equal ones as equal jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

from untrain.bench.asking.study import Entry, Study
from untrain.bench.job import Block, Cell, Job
from untrain.config import DataConfig, ModelConfig


@dataclass(frozen=True, kw_only=True)
class Place:
    """A block's settings at one training seed."""

    study: Study
    block: Block
    data: DataConfig
    model: ModelConfig
    rules: tuple[str, ...]
    seed: int

    def original(self) -> Job:
        method = self.study.train
        return Job(data=self.data, model=self.model, method=method, seed=self.seed)

    def retrain(self) -> Job:
        return replace(self.original(), rules=self.rules)

    def unlearned(self, row: Entry, seed: int, rules: tuple[str, ...]) -> Job:
        """The run of a row after these requests: it starts from the one before, if there is."""
        fresh = row.method.name == "retrain"
        before = self.unlearned(row, seed, rules[:-1]) if len(rules) > 1 else self.original()
        oracle = row.select == "oracle"
        return Job(
            data=self.data,
            model=self.model,
            method=row.method,
            terms=row.terms,
            seed=seed,
            rules=rules,
            parent=None if fresh else before,
            available=row.available,
            forget_data=row.forget_data,
            select=row.select,
            retrain=replace(self.original(), rules=rules) if oracle else None,
        )

    def cell(self, label: str, job: Job, **more: Any) -> Cell:
        given: dict[str, Any] = {"train_seed": self.seed, "unlearn_seed": self.seed, **more}
        given["split_seed"] = self.data.split_seed
        return Cell(block=self.block, label=label, job=job, rules=self.rules, **given)


def cells(study: Study, data_root: str = "") -> list[Cell]:
    """All runs of a study. data_root: folder with local data, over the study's own.

    Block by block: Originals and Retrains of all seeds first, then the methods seed by seed.
    """
    found: list[Cell] = []
    for data, split_seed, model, rules in product(
        study.data, study.split_seeds, study.model, stages(study.forget)
    ):
        told = Block(
            data=_named(data, study.data, data.data),
            model=_named(model, study.model, model.model),
            forget=called(rules),
        )
        at = replace(data, split_seed=split_seed, data_root=data_root or data.data_root)
        found += _block(
            [
                Place(study=study, block=told, data=at, model=model, rules=rules, seed=seed)
                for seed in study.seeds
            ]
        )
    return found


def stages(requests: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rules after each request of each sequence, each once."""
    every = (rules[: length + 1] for rules in requests for length in range(len(rules)))
    return list(dict.fromkeys(every))


def called(rules: Sequence[str]) -> str:
    """How requests are named: random:0.1, random:0.1 x3, class:1 + random:0.1."""
    if len(rules) > 1 and len(set(rules)) == 1:
        return f"{rules[0]} x{len(rules)}"
    return " + ".join(rules)


def _block(places: Sequence[Place]) -> Iterator[Cell]:
    for place in places:
        yield place.cell("original", place.original())
    for place in places:
        yield place.cell("retrain", place.retrain())
    for place in places:
        seeds = place.study.unlearn_seeds or (place.seed,)
        for seed, row in product(seeds, place.study.methods):
            job = place.unlearned(row, seed, place.rules)
            yield place.cell(row.label, job, unlearn_seed=seed, settings=row.settings)


def _named(config: Any, others: Sequence[Any], name: str) -> str:
    """What a point of a grid is called: its name, and what else sets it apart from the others."""
    names = [f.name for f in fields(config) if f.name not in ("data", "model")]
    wide = [n for n in names if len({getattr(other, n) for other in others}) > 1]
    return ", ".join(filter(None, [name, *(f"{n} {getattr(config, n)}" for n in wide)]))
