"""A small report of our own with each kind of part, and a class whose name is markup."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

from untrain.bench.job import Block, Cell, Result
from untrain.bench.numbers.statistics import GAP, tables
from untrain.bench.tables.grid import Grid
from untrain.report.content import (
    Answer,
    Control,
    Facts,
    Figure,
    Mark,
    Missing,
    Section,
    Sheet,
    Verdicts,
    Word,
)
from untrain.report.data import Report

EVIL = "<img src=x onerror=alert(1)></script>\"'&"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
FOURS = {
    "original": (99.8, 0.4, 93.2, 0.9),
    "retrain": (99.7, 5.2, 93.0, 11.2),
    "coun": (99.5, 4.8, 92.6, 10.1),
    "ft": (99.9, 1.0, 93.1, 2.4),
    "ga": (92.1, 9.0, 86.0, 13.0),
}


def report(blocks: int = 1, **more: Any) -> Report:
    """Five rows of three seeds, in one block or more."""
    runs = [
        _run(label, [value + 0.1 * seed for value in four], seed, f"random:0.{block + 1}")
        for block in range(blocks)
        for label, four in FOURS.items()
        for seed in range(3)
    ]
    given = {
        "title": f"Forgetting {EVIL}",
        "about": "A tenth of CIFAR-10, chosen at random, is forgotten.",
        "source": "runs/bench",
        "command": "untrain report coun-table2 --out report.html",
        "make": "untrain bench run coun-table2",
        "ended": "2026-11-20T10:00:00Z",
        "warnings": ("1 run of ga has failed: its loss was no number.", EVIL),
    }
    return Report(tables=tuple(tables(runs, list(FOURS))), **(given | more))


def _run(label: str, four: list[float], seed: int, forget: str) -> Result:
    block = Block(data="cifar10", model="resnet18", forget=forget)
    job: Any = SimpleNamespace(select="none")
    cell = Cell(block=block, label=label, job=job, rules=(forget,), train_seed=seed)
    environment = {"device": "cpu", "untrain": "0.1.0", "commit": "0" * 40}
    about = {"environment": environment, "time": {"ended": "2026-11-20T10:00:00Z"}}
    return Result(
        cell=cell,
        address=f"{label}-{forget}-{seed}",
        values=dict(zip(GAP, four, strict=True)),
        cost={"seconds": 100.0 / (1 + len(label))},
        about=about,
    )


def sections() -> list[Section]:
    """One of each kind: a sorted table, figures of each shape, facts, verdicts, and what lacks."""
    return [
        _section("closest", "Who is closest to Retrain?", "CoUn is closest: 0.9 points.", _sheet()),
        _section("cost", "What does closeness cost?", "CoUn costs 0.31 of Retrain.", _dots()),
        _section("gone", "Is it really gone?", "CoUn holds; GA leaks.", _verdicts(), _missing()),
        _section("embedding", "Where do the images lie?", "Retrain lies apart.", _linked()),
        _section("setup", "How was it made?", "3 seeds.", _facts(False), _facts(True)),
        Section(key="requests", question="And later?", reading="-", answer=lambda *_: None),
    ]


def _section(key: str, question: str, sentence: str, *parts: Any) -> Section:
    answer = Answer(sentence=sentence, parts=parts)
    reading = "Smaller is closer.\nThe floor is what two Retrains differ by."
    return Section(key=key, question=question, reading=reading, answer=lambda *_: answer)


def _sheet() -> Sheet:
    def marks(name: str, gap: float | None, seconds: float, style: Any = "") -> list[Mark]:
        text = "-" if gap is None else f"{gap:.2f}"
        shade = None if gap is None else min(1.0, gap / 5)
        cell = Mark(text, sort=gap, style=style, shade=shade, hint=f"{text} points from Retrain")
        return [Mark(name), cell, Mark(f"{seconds:.0f} s", sort=seconds)]

    rows = [
        marks("Original", 3.9, 100, "muted"),
        marks("Retrain", None, 90),
        marks("FT", 3.35, 33, "second"),
        marks(EVIL, 10.2, 4),
        marks("CoUn", 0.62, 21, "best"),
    ]
    return Sheet(
        key="main",
        title="Distance to Retrain, and cost",
        head=["model", "average gap", "time"],
        hints=["", "mean distance of four measures, in points", "seconds on this machine"],
        rows=rows,
        first=2,
        opened={2: [marks("seed 0", 3.3, 33), marks("seed 1", 3.4, 32)]},
        notes=["Three seeds each."],
    )


def _spec(points: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "data": {"values": points},
        "width": "container",
        "height": 200,
        "mark": {"type": "point", "tooltip": {"content": "data"}},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
        **more,
    }


def _dots() -> Figure:
    points = [{"x": x, "y": x * x, "name": EVIL} for x in range(5)]
    return Figure(
        key="cost-dots",
        title="Cost against gap",
        description=f"Cost from 0 to 4, gap from 0 to 16, of {EVIL}.",
        specs=[_spec(points)],
        table=Grid("Cost", ["name", "x"], [[EVIL, str(row["x"])] for row in points], ["A note."]),
        static=True,
    )


def _linked() -> Figure:
    points = [
        {
            "key": f"i{n}",
            "order": n,
            "x": n % 5,
            "y": n // 5,
            "set": "forget" if n % 2 else "retain",
        }
        for n in range(20)
    ]
    spec = _spec(
        [],
        params=[{"name": "focus", "value": None}, {"name": "show", "value": "all"}],
        transform=[{"filter": "show == 'all' || datum.set == show"}],
    ) | {"data": {"name": "points"}}
    spec["encoding"]["size"] = {
        "condition": {"test": "datum.key == focus", "value": 300},
        "value": 60,
    }
    return Figure(
        key="map",
        title="The same images in two models",
        description="Twenty images on a grid, the same in both.",
        specs=[spec, spec],
        captions=["Retrain", f"{EVIL}, {{show}}"],
        controls=[
            Control("show", "Show", {"all": "all", "forget": "forgotten", "retain": "kept"}),
            Control("colour", "Colour", {"set": "by set", "class": "by class"}, "list"),
        ],
        table=Grid("Map", ["image", "x"], [[row["key"], str(row["x"])] for row in points]),
        datasets={"points": points},
        canvas=True,
    )


def _facts(folded: bool) -> Facts:
    pairs = [("again", "untrain bench run coun-table2"), ("markup", EVIL)]
    return Facts(key="facts", title="Settings", pairs=pairs, code=not folded, folded=folded)


def _verdicts() -> Verdicts:
    words = [
        Word("CoUn", "not told from Retrain", "good", ["AUC 0.51, interval 0.49 to 0.53"]),
        Word("GA", "remembers", "bad", ["AUC 0.71", EVIL]),
        Word("FT", "not measured", "open"),
    ]
    return Verdicts(key="words", words=words)


def _missing() -> Missing:
    command = "untrain report coun-table2 --measure all"
    return Missing("Layers were not compared.", "Their embeddings were not collected.", command)
