"""Layers: the sentence names the layer of the smallest CKA, and what is missing is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from untrain.bench.job import Block
from untrain.bench.numbers.statistics import Row, Table
from untrain.report.content import Answer, Figure, Missing
from untrain.report.data import Report
from untrain.report.sections.layers import SECTION

BLOCK = Block(data="digits", model="small", forget="random:0.1")
NAMES = ["stem", "one", "two"]


def compared(retrain: list[float | None] | None, original: list[float | None] | None) -> Any:
    def parts(values: list[float | None] | None) -> Any:
        return values and {"forget": values, "retain": [1.0, 0.9, 0.8], "unseen": [1.0, None, 0.7]}

    return {"names": NAMES, "retrain": parts(retrain), "original": parts(original)}


def answered(rows: list[str], layers: dict[str, Any]) -> Answer:
    table = Table(BLOCK, tuple(Row(row, ()) for row in rows))
    joint = {BLOCK: {"layers": layers}} if layers else {}
    told = SECTION.answer(Report(title="t", command="untrain report R", joint=joint), table)
    assert told is not None
    return told


ORIGINAL = compared([0.9, 0.8, 0.75], None)
RETRAIN = compared(None, [0.9, 0.8, 0.75])


def test_the_least_alike_layer_is_named() -> None:
    layers = {"original": ORIGINAL, "retrain": RETRAIN}
    layers["ft"] = compared([0.9, 0.31, 0.7], [0.9, 0.9, 0.9])
    layers["ga"] = compared([0.9, None, 0.12], [0.9, 0.9, 0.9])
    told = answered([*layers, "scrub"], layers)
    assert "GA departs most from Retrain, at two (CKA 0.12; Original 0.75)" in told.sentence
    assert "FT least (0.31 at one)" in told.sentence
    found, missing = told.parts
    assert isinstance(found, Figure)
    assert isinstance(missing, Missing)
    assert "SCRUB" in missing.what
    assert list(found.controls[0].options) == ["ft", "ga", "original", "retrain"]
    lines = {tuple(row[:2]): row[2:] for row in found.table.rows}
    assert lines["FT", "one"] == ["0.31", "0.90", "-", "0.90", "0.90", "-"]
    assert lines["Original", "one"][3:] == ["-", "-", "-"]


def test_of_many_methods_the_two_ends_are_named() -> None:
    layers = {"retrain": RETRAIN}
    layers |= {f"m{k}": compared([0.9, 0.9 - k / 10, 0.95], None) for k in range(1, 6)}
    told = answered(list(layers), layers)
    assert "m5 departs most from Retrain, at one (CKA 0.40)" in told.sentence
    assert "m1 least (0.80 at one)" in told.sentence


def test_without_a_retrain_it_is_set_beside_original() -> None:
    layers = {"original": compared(None, None), "ft": compared(None, [1.0, 0.5, 0.6])}
    told = answered(list(layers), layers)
    assert "FT is least like Original at one (CKA 0.50)" in told.sentence
    (found,) = told.parts
    assert isinstance(found, Figure)
    assert len(found.specs) == 1


def test_nothing_measured() -> None:
    told = answered(["original", "ft"], {})
    (missing,) = told.parts
    assert isinstance(missing, Missing)
    assert missing.command == "untrain report R --measure all"
    layers = {"original": ORIGINAL, "ft": compared([None, None, None], None)}
    assert "FT" not in answered(list(layers), layers).sentence


def test_a_point_is_drawn_for_each_value() -> None:
    convert = pytest.importorskip("vl_convert")
    layers = {"original": ORIGINAL, "retrain": RETRAIN}
    layers["ft"] = compared([0.9, 0.31, 0.7], [0.9, None, 0.9])
    (found,) = answered(list(layers), layers).parts
    assert isinstance(found, Figure)
    for spec, own in zip(found.specs, (8, 7), strict=True):
        whole = {**spec, "width": 300, "datasets": dict(found.datasets)}
        svg = convert.vegalite_to_svg(json.dumps(whole))
        assert svg.count("model: ft") == own
        assert svg.count("set: forgotten; layer: stem") == 2  # the model's, and the one beside it
