"""The embedding: filters by a loop, what is drawn is what is counted, and what is said is true."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from untrain.bench.job import Block
from untrain.bench.numbers.statistics import Row, Table
from untrain.report.charts.embedding import HUES, OTHERS, named
from untrain.report.content import Answer, Figure, Missing
from untrain.report.data import Report
from untrain.report.sections import filters
from untrain.report.sections.embedding import SECTION

BLOCK = Block(data="digits", model="small", forget="random:0.1")


def joint(rows: list[str], count: int = 40, classes: int = 4) -> dict[str, Any]:
    chance = np.random.default_rng(0)
    labels = chance.integers(0, classes, count)
    sets = np.array(["forget", "forget", "retain", "unseen"])[np.arange(count) % 4]
    wrong = {row: chance.random(count) < 0.3 for row in rows}
    places = {row: chance.uniform(-99, 99, (2, count)).round(1) for row in rows}
    embedding = {
        "keys": [f"train/{k}" for k in range(count)],
        "labels": labels.tolist(),
        "sets": sets.tolist(),
        "x": {row: places[row][0].tolist() for row in rows},
        "y": {row: places[row][1].tolist() for row in rows},
        "predicted": {row: ((labels + wrong[row]) % classes).tolist() for row in rows},
        "purity": {row: {"forget": 0.5 + place / 20} for place, row in enumerate(rows)},
        "about": {"source": "evidence", "nearest": 10},
    }
    return {"classes": [f"class {k}" for k in range(classes)], "embedding": embedding}


def answered(found: dict[str, Any], rows: list[str]) -> Answer:
    table = Table(BLOCK, tuple(Row(row, ()) for row in rows))
    report = Report(title="t", command="untrain report R", joint={BLOCK: found} if found else {})
    told = SECTION.answer(report, table)
    assert told is not None
    return told


def figure(told: Answer) -> Figure:
    (found,) = [part for part in told.parts if isinstance(part, Figure)]
    return found


def test_kinds_are_those_of_a_loop() -> None:
    made = joint(["original", "retrain", "ft"], 200)["embedding"]
    labels, forgotten = np.array(made["labels"]), np.array(made["sets"]) == "forget"
    predicted = {row: np.array(said) for row, said in made["predicted"].items()}
    found = filters.kinds(labels, forgotten, predicted, "ft")
    for i, kind in enumerate(found):
        o, r, m = (made["predicted"][row][i] == made["labels"][i] for row in predicted)
        expected = "over" if r and not m else ""
        if forgotten[i] and o and not r:
            expected = "still" if m else "same"
        assert kind == expected
    assert set(found) == {"", "same", "still", "over"}
    alone = {row: said for row, said in predicted.items() if row != "retrain"}
    assert set(filters.kinds(labels, forgotten, alone, "ft")) == {""}


@pytest.mark.parametrize("show", ["all", "forgotten", "same", "still", "over"])
def test_what_is_drawn_is_what_is_counted(show: str) -> None:
    convert = pytest.importorskip("vl_convert")
    rows = ["original", "retrain", "ft", "coun"]
    told = figure(answered(joint(rows), rows))
    keys = re.compile(r"key: (train/\d+); it is: ")
    kinds = {row["key"]: row.get("k3", "") for row in told.datasets["points"]}
    sets = {row["key"]: row["set"] for row in told.datasets["points"]}
    expected = {key for key, kind in kinds.items() if show in ("all", kind)}
    if show == "forgotten":
        expected = {key for key, name in sets.items() if name == "forgotten"}
    for spec in told.specs:
        drawn = keys.findall(convert.vegalite_to_svg(chosen(told, spec, show=show, method="3")))
        assert len(drawn) == len(expected)
        assert set(drawn) == expected


def chosen(told: Figure, spec: dict[str, Any], **values: Any) -> str:
    """A spec of the figure with other values of its parameters, and its data."""
    params = [{**p, "value": values.get(p["name"], p["value"])} for p in spec["params"]]
    return json.dumps({**spec, "params": params, "width": 300, "datasets": dict(told.datasets)})


def test_a_focused_image_has_a_ring_in_each_panel() -> None:
    convert = pytest.importorskip("vl_convert")
    rows = ["original", "retrain", "ft"]
    told = figure(answered(joint(rows), rows))
    for spec in (told.specs[0], told.specs[-1]):
        assert [p["value"] for p in spec["params"] if p["name"] == "focus"] == [None]
        counts = []
        for focus in (None, "train/7", "train/none"):
            drawn = convert.vegalite_to_svg(chosen(told, spec, focus=focus))
            counts.append(drawn.count('stroke="currentColor"'))
        assert counts == [0, 1, 0]


def test_the_table_counts_what_the_points_have() -> None:
    rows = ["original", "retrain", "ft"]
    told = figure(answered(joint(rows), rows))
    line = told.table.rows[2]
    points = told.datasets["points"]
    kinds = [(row["set"], row.get("k2")) for row in points]
    over = [kinds.count((part, "over")) for part in ("forgotten", "retained", "unseen")]
    counted = [sum(kind == name for _, kind in kinds) for name in ("same", "still")]
    assert line[:7] == ["FT", line[1], *map(str, counted + over)]
    assert told.table.rows[0][2:7] == ["-"] * 5
    assert line[7] == "60"
    assert [row["set"] for row in points] == ["retained"] * 10 + ["unseen"] * 10 + [
        "forgotten"
    ] * 20


def test_the_sentence_tells_shares_of_forgotten_images() -> None:
    rows = ["original", "retrain", "ft"]
    told = answered(joint(rows), rows)
    points = [row for row in figure(told).datasets["points"] if row["set"] == "forgotten"]
    shares = [
        round(100 * sum(row.get("k2") == kind for row in points) / len(points))
        for kind in ("still", "over")
    ]
    assert [int(x) for x in re.findall(r"(\d+) %", told.sentence)] == shares
    assert "of the 20 forgotten images" in told.sentence.lower()
    assert "One seed" in told.sentence


@pytest.mark.parametrize(
    ("rows", "captions", "controls", "says"),
    [
        (["retrain", "ft"], ["Retrain", "FT"], ["show", "colour"], "FT still knows"),
        (["original", "ft"], ["Original", "FT"], ["show", "colour"], "no Retrain to compare"),
        (["original", "retrain"], ["Original", "Retrain"], ["show", "colour"], "no method"),
        (
            ["original", "retrain", "ft", "ga"],
            ["Original", "Retrain", "{method}"],
            ["method", "show", "colour"],
            "were lost though Retrain knows them",
        ),
    ],
)
def test_models_that_are_not_there(
    rows: list[str], captions: list[str], controls: list[str], says: str
) -> None:
    told = answered(joint(rows), rows)
    found = figure(told)
    assert list(found.captions) == captions
    assert len(found.specs) == len(captions)
    assert [control.signal for control in found.controls] == controls
    assert says in told.sentence
    whole = "retrain" in rows and len(rows) > 1 and rows != ["original", "retrain"]
    assert ("still" in found.controls[-2].options) == whole


def test_rows_that_were_not_measured_are_named() -> None:
    told = answered(joint(["original", "retrain", "ft"]), ["original", "retrain", "ft", "scrub"])
    (missing,) = [part for part in told.parts if isinstance(part, Missing)]
    assert "SCRUB" in missing.what
    assert missing.command == "untrain report R --measure all"
    told = answered({}, ["original", "retrain"])
    assert [type(part) for part in told.parts] == [Missing]


def test_no_forgotten_image_among_those_shown() -> None:
    found = joint(["original", "retrain", "ft"])
    found["embedding"]["sets"] = ["retain"] * 40
    assert "None of the images" in answered(found, ["original", "retrain", "ft"]).sentence


def test_of_many_classes_the_most_forgotten_have_a_colour() -> None:
    rows = ["original", "retrain", "ft"]
    found = joint(rows, 400, classes=30)
    told = figure(answered(found, rows))
    scale = told.specs[0]["layer"][0]["encoding"]["color"]["scale"]
    hued = scale["domain"][: scale["domain"].index(OTHERS)]
    assert len(hued) == len(HUES)
    labels, sets = np.array(found["embedding"]["labels"]), np.array(found["embedding"]["sets"])
    counts = np.bincount(labels[sets == "forget"], minlength=30)
    least = min(counts[int(name.split()[1])] for name in hued)
    assert sum(counts > least) < len(HUES)


def test_names_stand_where_there_is_room() -> None:
    labels = np.repeat([0, 1, 2], 5)
    x = np.repeat([0.0, 3.0, 80.0], 5)
    found = named(x, np.zeros(15), labels, ["cat", "dog", "owl"])
    assert found == {"owl": (80, 0)}


def test_a_page_of_twelve_methods_stays_small() -> None:
    rows = ["original", "retrain", *(f"m{k}" for k in range(10))]
    found = figure(answered(joint(rows, 625, 10), rows))
    size = len(json.dumps([found.datasets, list(found.specs)], separators=(",", ":")))
    assert size < 600_000
    assert len(found.datasets["points"]) == 625
