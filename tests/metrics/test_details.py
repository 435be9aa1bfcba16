"""The details: models beside Retrains, the floor in Retrain's column, words and forms."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from untrain.data.images import Images
from untrain.data.sets.splits import Split, forget, make_split, with_forget
from untrain.errors import UserError
from untrain.metrics.accuracy import agreement
from untrain.metrics.audit import Subject
from untrain.metrics.details import Details, Model, details, pooled
from untrain.metrics.distance.glossary import MEASURES
from untrain.metrics.embed import embed
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import collect, view
from untrain.models.build import ModelSpec
from untrain.testing import toy_images

NAN = float("nan")
IMAGES = toy_images(240)
SPEC = ModelSpec("small", classes=3, channels=1, width=4)


def model(label: str, seed: int, split: Split, images: Images = IMAGES) -> Model:
    """An untrained model: every measure has a value, and none is special."""
    network = SPEC.make(seed)
    sets = {name: split.sets()[name] for name in ("retain", "forget", "unseen", "test")}
    return Model(
        Subject(label, collect(network, images, split), seed), embed(network, images, sets)
    )


@pytest.fixture(scope="module")
def split() -> Split:
    whole = make_split(IMAGES, holdout=0.4)
    return with_forget(whole, whole.train[:40])


@pytest.fixture(scope="module")
def models(split: Split) -> list[Model]:
    labels = ("original", "ft", "retrain", "retrain")
    return [model(label, seed, split) for seed, label in enumerate(labels)]


@pytest.fixture(scope="module")
def keys(split: Split) -> np.ndarray:
    return IMAGES.keys[split.forget]


@pytest.fixture(scope="module")
def made(models: list[Model], keys: np.ndarray) -> Details:
    return details(models[:2], models[2:], keys, IMAGES.classes, title="toy")


def test_every_measure_has_a_row_in_the_order_of_the_glossary(made: Details) -> None:
    assert made.columns == ["original", "retrain", "ft"]
    names = [row.measure.name for row in made.rows if "/" not in row.measure.name]
    assert names == [measure.name for measure in MEASURES]
    inner = [row.measure.name for row in made.rows if "/" in row.measure.name]
    assert inner == ["cka/layers.0", "cka/layers.3", "cka/layers.6"]


def test_values_against_retrain_are_means_over_the_retrains(
    made: Details, models: list[Model], keys: np.ndarray
) -> None:
    seen = [view(one.subject.evidence, keys).forget for one in models]
    cells = made.row("agreement").cells
    assert cells["ft"].value == pytest.approx(
        (agreement(seen[1], seen[2]) + agreement(seen[1], seen[3])) / 2
    )
    assert cells["retrain"].value == pytest.approx(agreement(seen[2], seen[3]))
    assert math.isnan(made.row("cka_original").cells["original"].value)
    tow = made.row("tow").cells
    assert math.isfinite(tow["ft"].error)  # of the two Retrains
    assert math.isnan(tow["retrain"].error)  # one pair shows no spread


def test_retrain_against_itself_is_at_every_end(models: list[Model], keys: np.ndarray) -> None:
    """A copy of Retrain named as a method: the identities of all measures at once."""
    copy = models[2]._replace(subject=replace(models[2].subject, label="copy"))
    made = details([copy], [models[2]], keys, IMAGES.classes)
    ends = {"agreement": 100, "tow": 1, "tow_mia": 1, "cka_forget": 1, "centroid_rank": 1}
    ends |= {"destination_p": 1, "cka/layers.0": 1, "cka_retain": 1, "cka_unseen": 1}
    ends |= dict.fromkeys(("destination_tv", "soft_tv", "js", "ad_l2", "centroid_l1"), 0)
    for name, value in ends.items():
        assert made.row(name).cells["copy"].value == pytest.approx(value, abs=1e-9), name
        assert math.isnan(made.row(name).cells["retrain"].value)
    assert "One Retrain has no floor" in " ".join(made.notes)


def test_a_model_labelled_retrain_is_one(
    made: Details, models: list[Model], keys: np.ndarray
) -> None:
    assert details(models, [], keys, IMAGES.classes, title="toy").values() == made.values()


def test_without_retrain_only_what_needs_none(models: list[Model], keys: np.ndarray) -> None:
    made = details(models[:2], [], keys, IMAGES.classes)
    names = {row.measure.name for row in made.rows}
    assert {"unseen_tv", "energy", "own_class", "lemma", "ece_test", "cka_original"} <= names
    assert not names & {"agreement", "tow", "js", "cka_forget", "centroid_l1"}
    assert "Without a Retrain" in " ".join(made.notes)
    assert any("unseen images: " in reading for reading in made.readings)


def test_seeds_of_one_label_are_one_column(models: list[Model], keys: np.ndarray) -> None:
    again = models[0]._replace(subject=replace(models[0].subject, label="ft", seed=7))
    made = details([models[1], again], models[2:], keys, IMAGES.classes)
    assert made.columns == ["retrain", "ft"]
    assert made.seeds == {"retrain": 2, "ft": 2}
    assert "ft (n=2)" in made.text(200)


def test_a_class_request_says_where_the_class_went() -> None:
    whole = make_split(IMAGES, holdout=0.4)
    split = forget(whole, "class:class1", IMAGES)
    labels = ("original", "retrain", "retrain")
    models = [model(label, seed, split) for seed, label in enumerate(labels)]
    made = details(models[:1], models[1:], IMAGES.keys[split.forget], IMAGES.classes)
    found = [one for one in made.readings if one.startswith("original: forgotten class1 images")]
    assert len(found) == 1
    assert re.search(r"go to class\d \d+ %.*; Retrain: class\d \d+ %", found[0])
    assert all(row.measure.name != "own_class" for row in made.rows)  # no centre is left
    assert list(made.tables["original"]["centroids"]["class1"]) == ["class0", "class2"]


def test_classes_that_are_numbers_are_called_classes(models: list[Model], keys: np.ndarray) -> None:
    made = details(models[:1], [], keys, ["0", "1"])  # and one without a name
    assert re.search(r"forgotten class \d images go to class \d \d+ %", made.readings[0])
    assert set(made.tables["original"]["centroids"]) == {"class 0", "class 1", "class 2"}


def test_a_pooled_value_has_the_error_of_images_and_of_models() -> None:
    found = pooled([Estimate(1, 0.3), Estimate(3, 0.4), Estimate(NAN, NAN)])
    assert found.value == 2
    assert found.error == pytest.approx(math.sqrt((0.09 + 0.16) / 2 + 2 / 2))
    assert pooled([Estimate(1, 0.3)]) == (1, 0.3)
    assert math.isnan(pooled([Estimate(1, NAN)]).error)
    assert math.isnan(pooled([]).value)
    assert pooled([Estimate(p, NAN) for p in (0.1, 0.2, 0.9)], middle=True).value == 0.2


@pytest.mark.parametrize(("width", "blocks"), [(50, 2), (70, 1)])
def test_text_fits_and_holds_every_cell(made: Details, width: int, blocks: int) -> None:
    table = made.text(width, glossary=False).split("\noriginal: ")[0]
    lines = [line for line in table.split("\n") if re.search(r"\d±", line)]
    assert sum(line.startswith("agreement") for line in lines) == blocks
    assert max(map(len, lines)) <= width
    for name in ("js", "tow", "cka/layers.3", "ece_test"):
        row = made.row(name)
        for value, error in row.cells.values():
            shown = f"{value:.{row.measure.digits}f}"
            assert (
                shown + ("" if math.isnan(error) else f"±{error:.{row.measure.digits}f}") in table
            )


def test_markdown_has_a_table_for_each_group(made: Details) -> None:
    lines = made.markdown().split("\n")
    rows = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in rows} == {len(made.columns) + 3}
    groups = list(dict.fromkeys(measure.group for measure in MEASURES))
    assert [line.strip("*") for line in lines if line.startswith("**")] == groups
    assert len(rows) == len(made.rows) + 2 * len(groups)


def test_values_are_json_and_complete(made: Details) -> None:
    found = json.loads(json.dumps(made.values(), allow_nan=False))
    assert found["columns"] == made.columns
    for row in made.rows:
        told = found["measures"][row.measure.name]
        assert told["definition"] == row.measure.definition
        assert told["values"]["ft"]["value"] == pytest.approx(row.cells["ft"].value, abs=1e-6)
    tables = found["tables"]["ft"]
    assert sum(tables["destinations"]["forget"]["class0"].values()) == pytest.approx(1, abs=1e-3)
    assert tables["misaligned"]["crop+flip"]["retain"]["eps"][0] == 0.05
    assert tables["theorem"]["vacuous"] is True


def test_definitions_and_goals_are_told(made: Details) -> None:
    told = made.text(200)
    for measure in MEASURES:
        assert measure.definition in told
    assert "Theorem 1 is vacuous for all 3 models" in told
    assert " vacuous" in next(line for line in told.split("\n") if line.startswith("Theorem 1 b"))


def test_small_p_values_are_never_zero(made: Details) -> None:
    row = replace(made.row("energy_p"), cells={"ft": Estimate(0.0001, NAN)})
    from untrain.metrics.details_table import cell

    assert cell(row, "ft") == "<0.001"
    assert cell(replace(row, cells={"ft": Estimate(NAN, NAN)}), "ft") == "-"


def test_keys_of_another_request_are_refused(models: list[Model]) -> None:
    with pytest.raises(UserError, match="None of the forgotten keys"):
        details(models[:1], models[2:], np.array(["nobody"]), IMAGES.classes)


def test_one_forgotten_image(split: Split) -> None:
    """Nothing breaks where there is next to nothing to measure."""
    one = with_forget(split, split.forget[:1])
    models = [model(label, seed, one) for seed, label in enumerate(("original", "retrain"))]
    made = details(models[:1], models[1:], IMAGES.keys[one.forget], IMAGES.classes)
    assert math.isfinite(made.row("agreement").cells["original"].value)
    assert all(row.measure.name not in ("energy", "cka_forget") for row in made.rows)
    assert made.text(100)
