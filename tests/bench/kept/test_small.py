"""Small result files: no weights, no places of a machine, and a study goes on from them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.bench.conftest import make, trained
from tests.bench.making.test_work import order_of

from untrain.bench.kept.small import export, portable, take_all
from untrain.bench.kept.store import Store
from untrain.errors import UserError


@pytest.fixture
def small(finished: Path, study: Path, tmp_path: Path) -> Store:
    store = Store(finished)
    results = order_of(study, store).standing()[3].results
    assert export(store, (result.address for result in results), tmp_path / "small") == 10
    return Store(tmp_path / "small")


def test_tables_need_nothing_else(small: Store, study: Path, finished: Path) -> None:
    ours, theirs = (order_of(study, store).standing()[3] for store in (small, Store(finished)))
    assert not ours.others
    assert [r.values for r in ours.results] == [r.values for r in theirs.results]
    assert [r.cost for r in ours.results] == [r.cost for r in theirs.results]


def test_no_weights_and_no_places_are_written(small: Store, finished: Path) -> None:
    files = [path for path in small.root.rglob("*") if path.is_file()]
    assert {path.suffix for path in files if not path.name.startswith(".")} == {".json"}
    text = "".join(path.read_text() for path in files)
    assert str(finished.parent) not in text
    assert "data_root" in text


def test_a_study_goes_on_from_them(small: Store, study: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store").open()
    assert take_all(small, store) == 10
    assert take_all(small, store) == 0
    order = order_of(study, store)
    assert len(order.standing()[3].results) == 10
    make(order)
    assert trained(store) == []


def test_a_later_run_makes_the_weights_it_needs_again(
    small: Store, study: Path, tmp_path: Path
) -> None:
    longer = tmp_path / "longer.toml"
    text = study.read_text().replace("seeds = 2", "seeds = 1")
    longer.write_text(text + '\n[[methods]]\nname = "ga"\nepochs = 1\nbatch = 64\n')
    order = order_of(longer, small)
    make(order)
    labels = [e["label"] for e in small.events() if e["event"] == "start"]
    assert labels == ["original", "ga"]
    assert len(order.standing()[3].results) == 6


def test_a_record_keeps_all_but_places(finished: Path) -> None:
    path = next((finished / "runs").glob("*/run.json"))
    run = json.loads(path.read_text())
    run["config"]["data"]["data_root"] = "/mnt/images"
    run["command"] = "untrain train --data-root /mnt/images --lr 0.1"
    told = portable(run)
    assert told["command"] == "untrain train --data-root DATA --lr 0.1"
    assert told["config"]["data"]["data_root"] == ""
    assert {k: v for k, v in told.items() if k not in ("command", "config")} == {
        k: v for k, v in run.items() if k not in ("command", "config")
    }
    run["config"]["forget"] = "where:user=17"
    run["requests"] = [{"rule": "where:user=17", "images": 3}]
    assert "user=17" not in json.dumps(portable(run))
    run["config"] |= {"forget": "ids:/home/ada/bob.txt"}
    run["config"]["data"]["unseen"] = "folder:/home/ada/others"
    told = json.dumps(portable(run))
    assert not any(word in told for word in ("bob.txt", "/home"))


def test_drafts_and_torn_measures_are_left_out(copied: Store, study: Path, tmp_path: Path) -> None:
    results = order_of(study, copied).standing()[3].results
    measures = copied.folder(results[0].address) / "measures"
    (measures / ".draft-7-accuracy.json").write_text("{")
    (measures / "lemma.json").write_text("{")
    (copied.sets / ".draft-7-x.json").write_text("{")
    assert export(copied, (result.address for result in results), tmp_path / "small") == 10
    assert not list((tmp_path / "small").rglob(".draft*"))
    assert not list((tmp_path / "small").rglob("lemma.json"))


def test_a_store_is_not_exported_into_itself(copied: Store) -> None:
    with pytest.raises(UserError, match="is the store itself"):
        export(copied, [], copied.root)


def test_an_empty_store_gives_nothing(tmp_path: Path) -> None:
    source, store = (Store(tmp_path / name).open() for name in ("source", "store"))
    assert take_all(source, store) == 0
