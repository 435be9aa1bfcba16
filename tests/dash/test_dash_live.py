"""What the list says while runs are made, stop and break."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path

import pytest
from served import Site

from untrain.dash import live
from untrain.dash.seen import saved
from untrain.files import write_json


def resume(path: Path, passes: int, length: int = 10) -> None:
    """The start of a resume file, as the engine writes it."""
    about = {"passes": passes, "length": length}
    head = json.dumps({"__metadata__": {"untrain": json.dumps(about)}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(head).to_bytes(8, "little") + head)


def test_a_run_that_appears_and_one_that_breaks(fresh: Site) -> None:
    from made_results import write

    page = fresh.ask("/")
    assert "There is no run yet" in page.text
    before = fresh.ask("/api/runs")
    write(fresh.root, loose=True, methods=["coun"], seeds=1, points=40)
    runs = fresh.runs()
    assert {run["label"] for run in runs.values()} == {"Original", "Retrain", "CoUn"}
    after = fresh.ask("/api/runs", If_None_Match=before.headers["ETag"])
    assert after.status == 200
    file = fresh.root / "coun-0" / "run.json"
    file.write_text(file.read_text()[:200])
    broken = next(run for run in fresh.runs().values() if run["label"] == "coun-0")
    assert broken["state"] == "unreadable"
    assert "damaged" in broken["reason"]
    report = fresh.server.pages.results.report(broken["set"])  # of the others
    assert "coun-0 cannot be read" in report.warnings[0]
    file.write_text(json.dumps({"schema": 99}))
    assert next(r for r in fresh.runs().values() if r["label"] == "coun-0")["state"] == "unreadable"


def test_a_loose_run_under_way_and_stopped(fresh: Site) -> None:
    resume(fresh.root / "mine" / "resume.safetensors", 3)
    assert fresh.runs()[".:mine"]["state"] == "stopped"
    with (fresh.root / "mine" / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = fresh.runs()[".:mine"]
    assert (found["state"], found["done"]) == ("running", 3.0)
    assert "left" not in found  # nothing says how long it is
    page = fresh.ask("/report/.")
    assert page.status == 404
    assert "not finished" in page.text or "unfinished" in page.text


def test_a_run_of_a_store_under_way(fresh: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from made_results import write

    write(fresh.root, methods=["coun"], seeds=1, missing=("coun",), points=40)
    key = next(key for key, run in fresh.runs().items() if run["state"] == "waiting")
    beat = {"run": key.split(":")[1], "label": "coun", "passes": 10, "started": time.time()}
    path = fresh.root / "workers" / f"{socket.gethostname()}-{os.getpid()}.json"
    write_json(path, beat | {"done": 2.0})
    first = fresh.runs()[key]
    assert (first["state"], first["done"], first["passes"]) == ("running", 2.0, 10)
    assert "left" not in first  # it was not seen passing yet
    began = time.monotonic()
    monkeypatch.setattr(live.time, "monotonic", lambda: began + 60)
    write_json(path, beat | {"done": 4.0})
    assert fresh.runs()[key]["left"] == pytest.approx(180, abs=5)
    path.unlink()
    assert fresh.runs()[key]["state"] == "waiting"


def test_a_listing_that_is_damaged_is_told(fresh: Site) -> None:
    from made_results import write

    write(fresh.root, methods=["coun"], seeds=1, points=40)
    (fresh.root / "studies" / "synthetic-laptop.json").write_text("{")
    content = fresh.ask("/api/runs").json()
    assert "synthetic-laptop.json" in content["notes"][0]
    assert [one["key"] for one in content["sets"]] == ["runs"]


def test_links_show_nothing_twice(fresh: Site) -> None:
    from made_results import write

    write(fresh.root / "some", methods=["coun"], seeds=1, points=20, loose=True)
    before = list(fresh.runs())
    (fresh.root / "again").symlink_to(".")
    (fresh.root / "another").symlink_to("some")
    (fresh.root / "round").symlink_to("round")
    assert list(fresh.runs()) == before
    assert fresh.ask("/report/some/").status == 200


def test_a_record_of_strange_values_costs_no_other_run(fresh: Site) -> None:
    from made_results import write

    write(fresh.root, methods=["coun"], seeds=1, points=20, loose=True)
    path = fresh.root / "coun-0" / "run.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"cost": {"seconds": float("nan")}}))
    measure = fresh.root / "retrain-0" / "measures" / "accuracy.json"
    values = json.loads(measure.read_text())
    values["values"]["test_accuracy"] = float("inf")
    measure.write_text(json.dumps(values))
    runs = {key.rpartition(":")[2]: run for key, run in fresh.runs().items()}
    assert runs["coun-0"]["state"] == "unreadable"
    assert "no finite number at cost.seconds" in runs["coun-0"]["reason"]
    assert "test_accuracy" not in runs["retrain-0"]["values"]
    assert runs["original-0"]["values"].keys() == {"test_accuracy"}


def test_pace_starts_anew_with_the_run() -> None:
    pace = live.Pace()
    assert pace.left("a", 5, 10) is None
    assert pace.left("a", 1, 10) is None  # made anew
    assert pace.first["a"][1] == 1
    pace.keep(set())
    assert not pace.first


@pytest.mark.parametrize("content", [b"", b"12345678", (1 << 60).to_bytes(8, "little") + b"{}"])
def test_a_resume_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "resume.safetensors").write_bytes(content)
    assert saved(tmp_path / "resume.safetensors") is None


def test_where_locks_are_not_told_the_last_write_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOCKS", tmp_path / "none")
    assert live.locked() is None
    resume(tmp_path / "resume.safetensors", 1)
    assert live.at_work(tmp_path, None)
    os.utime(tmp_path / "resume.safetensors", (1, 1))
    assert not live.at_work(tmp_path, None)
