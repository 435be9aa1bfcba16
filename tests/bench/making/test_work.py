"""A study is made once, by whoever is there; what fails is noted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.bench.conftest import DEVICE, make, place_of, trained

from untrain.bench.audits import read
from untrain.bench.kept.results import standing
from untrain.bench.kept.store import State, Store
from untrain.bench.making.order import Order, chosen
from untrain.errors import DiskError, UserError
from untrain.files import file_hash


def order_of(study: Path, store: Store, **more: Any) -> Order:
    return Order(study=str(study), store=store.root, **more)


def folders(store: Store) -> list[Path]:
    return sorted((store.root / "runs").iterdir())


def contents(store: Store) -> dict[str, dict[str, str]]:
    """Hashes of all weights and measures of a store, by run."""
    return {
        folder.name: {
            str(path.relative_to(folder)): file_hash(path)
            for path in sorted(folder.rglob("*"))
            if path.name == "model.safetensors" or path.parent.name == "measures"
        }
        for folder in folders(store)
    }


def test_originals_and_retrains_are_shared_and_nothing_is_made_twice(
    study: Path, finished: Path
) -> None:
    store = Store(finished)
    order = order_of(study, store)
    _, cells = order.read()
    assert len(cells) == 2 * 5
    assert len(trained(store)) == len(set(trained(store))) == len(folders(store)) == 2 * 5
    make(order)
    assert len(trained(store)) == 2 * 5
    found = order.standing()[3]
    assert len(found.results) == 10
    assert not found.others
    values = {r.cell.row: r.values for r in found.results}
    assert values["original"]["unlearn_accuracy"] < values["retrain"]["unlearn_accuracy"]


def test_a_later_row_trains_alone(study: Path, copied: Store, tmp_path: Path) -> None:
    more = tmp_path / "more.toml"
    more.write_text(study.read_text() + '\n[[methods]]\nname = "ga"\nepochs = 1\nbatch = 64\n')
    before = trained(copied)
    make(order_of(more, copied))
    assert len(trained(copied)) == len(before) + 2


def test_records_and_measures_alone_count(study: Path, copied: Store) -> None:
    for path in copied.root.rglob("*.npz"):
        path.unlink()
    for path in copied.root.rglob("*.safetensors"):
        path.unlink()
    order = order_of(study, copied)
    make(order)
    assert len(trained(copied)) == 10
    assert len(order.standing()[3].results) == 10


def test_a_failed_run_is_noted_and_the_others_go_on(study: Path, tmp_path: Path) -> None:
    text = study.read_text().replace("seeds = 2", "seeds = 1")
    broken = tmp_path / "broken.toml"
    broken.write_text(text + '\n[[methods]]\nname = "ga"\nepochs = 3\nbatch = 16\nlr = 1e30\n')
    store = Store(tmp_path / "store")
    order = order_of(broken, store)
    make(order)
    found = order.standing()[3]
    (cell,) = found.of(State.FAILED)
    assert cell.label == "ga"
    (reason,) = found.reasons.values()
    assert reason == store.failure(found.others[0][1])["what"] != ""
    assert store.failure(found.others[0][1])["kind"] == "refused"
    assert len(found.results) == 5
    before = len(trained(store))
    make(order)  # it stays failed, as the same settings always would
    assert len(trained(store)) == before


def test_a_run_whose_process_keeps_dying_is_given_up_and_tried_again_later(
    study: Path, copied: Store
) -> None:
    order = order_of(study, copied)
    found = order.standing()[3]
    address = found.results[-1].address
    copied.clear(address)
    work = order.work(DEVICE)
    for _ in range(3):
        work.count(address)
    with pytest.raises(UserError, match="died 3 times"):
        work.count(address)
    (copied.folder(address) / "resume.safetensors").write_bytes(b"it got on")
    work.count(address)
    assert json.loads((copied.folder(address) / "tries.json").read_text())["tries"] == 1


def test_a_full_disk_stops_the_work_and_keeps_the_rest(
    study: Path, copied: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_of(study, copied)
    address = order.standing()[3].results[-1].address
    copied.clear(address)

    class Full:
        free = 0

    with monkeypatch.context() as patch:
        patch.setattr("untrain.files.shutil.disk_usage", lambda folder: Full)
        with pytest.raises(DiskError, match="0 MB free"):
            make(order)
    assert copied.state(address) != State.FAILED
    make(order)
    assert len(order.standing()[3].results) == 10


def test_only_some_rows_bring_what_they_need(study: Path, finished: Path) -> None:
    _, cells = order_of(study, Store(finished)).read()
    rows = {cell.row for cell in chosen(cells, ["ft"])}
    assert rows == {"original", "ft"}
    assert {cell.row for cell in chosen(cells, ["retrain"])} == {"retrain"}
    with pytest.raises(UserError, match="Did you mean 'coun'"):
        chosen(cells, ["coum"])


def test_runs_made_by_hand_are_taken_over(study: Path, finished: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    make(order_of(study, store, take_from=str(finished / "runs")))
    assert trained(store) == []
    assert contents(store) == contents(Store(finished))


def test_the_same_request_in_other_words_is_the_same_run(
    study: Path, copied: Store, tmp_path: Path
) -> None:
    count = place_of(copied).store.record(trained(copied)[2])
    assert count is not None
    number = count["requests"][0]["images"]
    other = tmp_path / "other.toml"
    other.write_text(study.read_text().replace("random:0.1", f"random:{number}"))
    make(order_of(other, copied))
    assert len(trained(copied)) == 10


def test_a_store_of_another_schema_is_told(study: Path, copied: Store) -> None:
    (copied.root / "store.json").write_text('{"schema": 99}')
    with pytest.raises(UserError, match="schema 99; this version reads 1"):
        order_of(study, copied).standing()


@pytest.mark.parametrize("content", ["file", "folder"])
def test_what_is_no_store_is_refused(tmp_path: Path, content: str) -> None:
    place = tmp_path / "thing"
    if content == "file":
        place.write_text("no store")
    else:
        place.mkdir()
        (place / "holiday.jpg").write_text("no store")
    with pytest.raises(UserError, match="no store of runs"):
        Store(place).open()


def test_measures_of_the_original_are_those_of_each_request(study: Path, finished: Path) -> None:
    found = order_of(study, Store(finished)).standing()[3]
    original = next(r for r in found.results if r.cell.label == "original")
    folder = Store(finished).folder(original.address)
    assert read(folder, "accuracy", original.cell.rules) is not None
    assert read(folder, "accuracy", ("class:3",)) is None
    again = replace(original.cell, rules=("class:3",))
    assert not standing([again], ["accuracy"], place_of(Store(finished))).results


def test_a_folder_that_another_process_is_making_a_store_of_is_one(tmp_path: Path) -> None:
    (tmp_path / ".draft-7-ab12-store.json").write_text("{")
    assert Store(tmp_path).open().root == tmp_path


def test_studies_of_other_evaluation_seeds_have_measures_of_their_own(
    study: Path, copied: Store, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text("evaluate_seeds = [3, 4]\n" + study.read_text())
    before = contents(copied)
    order = order_of(other, copied)
    assert not order.standing()[3].results
    make(order)
    assert len(trained(copied)) == 10
    assert len(order.standing()[3].results) == 10
    assert len(order_of(study, copied).standing()[3].results) == 10
    assert all(before[run].items() <= files.items() for run, files in contents(copied).items())
