"""Results whose every number is known, as reading leaves them: plain values, no method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.bench.job import Block, Cell, Job, Result
from untrain.bench.numbers.statistics import Table, tables
from untrain.config import DataConfig, ModelConfig
from untrain.report.content import Answer, Figure, Missing, Section, Sheet
from untrain.report.data import Report
from untrain.report.reading.standins import standin

BLOCK = Block(data="cifar10", model="resnet18", forget="random:0.1")
MEASURES = ("retain_accuracy", "unlearn_accuracy", "test_accuracy", "mia_efficacy")
RETRAINS = ((100.0, 5.0, 94.0, 11.0), (99.9, 5.4, 94.4, 12.0), (99.8, 4.6, 94.2, 11.5))
NOISE = (0.0, 0.1, -0.1)
"""What seeds differ by, beside their Retrain."""


def run(
    label: str,
    values: Sequence[float],
    seed: int = 0,
    *,
    cost: Mapping[str, float] | None = None,
    audits: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
    rules: tuple[str, ...] = ("random:0.1",),
    block: Block = BLOCK,
    measures: Sequence[str] = MEASURES,
) -> Result:
    """A finished run with RA, UA, TA and MIA."""
    settings = {"name": label, "lr": 0.1}
    job = Job(
        data=DataConfig(data=block.data),
        model=ModelConfig(model=block.model),
        method=standin(settings),
        seed=seed,
        rules=() if label == "original" else rules,
    )
    place = {"device": "cpu", "commit": "0" * 40, "threads": 1, "untrain": "0.1.0"}
    return Result(
        cell=Cell(block=block, label=label, job=job, rules=rules, train_seed=seed),
        address=f"{label}-{block.forget}-{seed}",
        values=dict(zip(measures, values, strict=True)),
        cost=dict(cost or {"seconds": 10.0, "flops": 1e10, "samples": 100.0}),
        audits=dict(audits or {}),
        about={"schema": 1, "environment": place, "config": {"method": settings, "terms": []}}
        | dict(about or {}),
    )


def row(label: str, by: float, seeds: int = 3, **more: Any) -> list[Result]:
    """A run a seed: its Retrain with all measures moved by so many points, and a little noise."""
    return [
        run(label, [value + by + NOISE[seed] for value in RETRAINS[seed]], seed, **more)
        for seed in range(seeds)
    ]


def retrains(seeds: int = 3, **more: Any) -> list[Result]:
    return [run("retrain", RETRAINS[seed], seed, **more) for seed in range(seeds)]


def table(*rows: Sequence[Result], **more: Any) -> Table:
    """The only block of these runs."""
    (only,) = tables([run for one in rows for run in one], **more)
    return only


def asked(section: Section, of: Table, *before: Table) -> Answer | None:
    """What a section says of a table, which stands behind others."""
    report = Report(
        title="By hand",
        command="untrain report it",
        make="untrain bench run it",
        tables=(*before, of),
    )
    return section.answer(report, of)


def answered(section: Section, of: Table, *before: Table) -> Answer:
    found = asked(section, of, *before)
    assert found is not None
    return found


def sheet(answer: Answer) -> Sheet:
    return next(part for part in answer.parts if isinstance(part, Sheet))


def figure(answer: Answer) -> Figure:
    return next(part for part in answer.parts if isinstance(part, Figure))


def missing(answer: Answer) -> list[Missing]:
    return [part for part in answer.parts if isinstance(part, Missing)]


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """The rows that the first chart draws."""
    values: list[dict[str, Any]] = figure(answer).specs[0]["data"]["values"]
    return values
