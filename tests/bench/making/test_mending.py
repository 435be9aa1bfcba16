"""What was damaged or lost is told and made again, and nothing else is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.bench.conftest import make, trained
from tests.bench.making.test_work import contents, order_of

from untrain.bench.kept.store import State, Store
from untrain.errors import UserError


def test_a_damaged_record_is_told_and_made_again(study: Path, copied: Store) -> None:
    before = contents(copied)
    order = order_of(study, copied)
    address = order.standing()[3].results[-1].address
    (copied.folder(address) / "run.json").write_text('{"schema": 1, "ke')
    assert order.standing()[3].of(State.DAMAGED)
    make(order)
    assert trained(copied)[10:] == [address]
    assert contents(copied) == before


def test_measures_are_made_again_without_training(study: Path, copied: Store) -> None:
    before = contents(copied)
    order = order_of(study, copied)
    address = order.standing()[3].results[-1].address
    (copied.folder(address) / "measures" / "accuracy.json").write_text("{")
    make(order)
    assert len(trained(copied)) == 10
    assert contents(copied) == before


def test_weights_that_are_needed_are_made_again(study: Path, copied: Store, finished: Path) -> None:
    order = order_of(study, copied)
    found = order.standing()[3]
    original = next(r for r in found.results if r.cell.label == "original")
    method = next(r for r in found.results if r.cell.job.parent == original.cell.job)
    (copied.folder(original.address) / "model.safetensors").unlink()
    (copied.folder(original.address) / "evidence.npz").unlink()
    shutil.rmtree(copied.folder(method.address))
    make(order)
    assert sorted(trained(copied)[10:]) == sorted([original.address, method.address])
    assert contents(copied) == contents(Store(finished))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", '{"schema": 1, "key": "", "label": ""}'),
        ("tries.json", "[]"),
        ("measures/accuracy.json", '{"schema": 1, "weights": "?", "values": {}}'),
    ],
)
def test_files_of_another_shape_are_mended(
    study: Path, copied: Store, name: str, content: str
) -> None:
    before = contents(copied)
    order = order_of(study, copied)
    address = order.standing()[3].results[-1].address
    if name == "tries.json":
        copied.clear(address)
    (copied.folder(address) / name).write_text(content)
    make(order)
    assert contents(copied) == before


def test_a_record_that_lacks_a_part_is_damaged(study: Path, copied: Store) -> None:
    order = order_of(study, copied)
    address = order.standing()[3].results[-1].address
    path = copied.folder(address) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cost": []}))
    assert len(order.standing()[3].of(State.DAMAGED)) == 1


def test_a_failure_that_cannot_be_read_is_tried_again(study: Path, copied: Store) -> None:
    order = order_of(study, copied)
    address = order.standing()[3].results[-1].address
    copied.clear(address)
    (copied.folder(address) / "failed.json").write_text("[]")
    assert order.standing()[3].reasons == {address: "no reason is noted"}
    assert copied.forgive(address)
    make(order)
    assert not order.standing()[3].others


def test_a_record_of_another_schema_is_told_and_kept(study: Path, copied: Store) -> None:
    order = order_of(study, copied)
    address = order.standing()[3].results[-1].address
    path = copied.folder(address) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 2}))
    with pytest.raises(UserError, match="schema 2; this version reads 1"):
        order.standing()
    with pytest.raises(UserError, match="schema 2; this version reads 1"):
        make(order)
    assert (copied.folder(address) / "model.safetensors").is_file()


@pytest.mark.parametrize("content", [b"half of a file", b""])
def test_a_saved_state_that_is_damaged_is_left_and_the_run_starts_anew(
    study: Path, copied: Store, content: bytes
) -> None:
    before = contents(copied)
    order = order_of(study, copied)
    address = order.standing()[3].results[-1].address
    copied.clear(address)
    (copied.folder(address) / "resume.safetensors").write_bytes(content)
    make(order)
    assert contents(copied) == before
    assert "damaged" in [event["event"] for event in copied.events() if event["run"] == address]
