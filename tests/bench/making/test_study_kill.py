"""A study that is killed at any moment, parent and workers, ends in the table of one that was not.

The processes are real and die by SIGKILL, all at once, as in a power cut.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from tests.bench.conftest import make, trained
from tests.bench.making.test_work import contents

from untrain.bench.kept.store import Store
from untrain.bench.making.order import Order
from untrain.cli.main import main

KILLS = [1, pytest.param(10, marks=pytest.mark.slow)]


def words(study: Path, store: Path, *more: str) -> list[str]:
    return ["bench", "run", str(study), "--store", str(store), *more]


def carry_out(study: Path, store: Path, log: Path) -> None:
    """In a process, and a group, of its own: the command as a user gives it."""
    os.setsid()
    with log.open("a") as file, redirect_stderr(file), redirect_stdout(file):
        flags = ("--workers", "2", "--threads", "1", "--save-every", "0")
        sys.exit(main(words(study, store, *flags)))


def start(study: Path, store: Path, log: Path) -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["untrain.bench.making.work", "untrain.runs.execute"])
    process = context.Process(target=carry_out, args=(study, store, log))
    process.start()
    return process


def kill(process: ForkServerProcess, store: Path, after: float) -> bool:
    """Kill the whole group so long after the first run has been started; False if it has ended."""
    deadline = time.monotonic() + 60
    before = len(Store(store).events())
    while process.is_alive() and len(Store(store).events()) == before:
        assert time.monotonic() < deadline, "nothing has been started"
        time.sleep(0.02)
    time.sleep(after)
    if not process.is_alive():
        return False
    assert process.pid
    os.killpg(process.pid, signal.SIGKILL)
    while alive(process.pid):
        time.sleep(0.02)
    return True


@pytest.fixture(scope="module")
def quick(study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A study of one seed, and its store, made without a break."""
    folder = tmp_path_factory.mktemp("quick")
    path = folder / "quick.toml"
    path.write_text(study.read_text().replace("seeds = 2", "seeds = 1"))
    make(Order(study=str(path), store=folder / "store"))
    return path, folder / "store"


@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_study_has_the_table_of_one_that_was_not(
    quick: tuple[Path, Path], tmp_path: Path, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    study, finished = quick
    chance = random.Random(kills)
    store, log = tmp_path / "store", tmp_path / "log.txt"
    hits = 0
    for _ in range(kills):
        hits += kill(start(study, store, log), store, chance.uniform(0, 1.2))
    assert hits
    last = start(study, store, log)
    last.join(240)
    assert last.exitcode == 0, log.read_text()[-3000:]
    assert contents(Store(store)) == contents(Store(finished))
    tables = []
    for place in (store, finished):
        main(["bench", "table", str(study), "--store", str(place), "--json"])
        (table,) = json.loads(capsys.readouterr().out)
        tables.append(timeless(table["rows"]))
    assert tables[0] == tables[1]
    finished_runs: set[str] = set()
    for event in Store(store).events():
        if event["event"] == "start":
            assert event["run"] not in finished_runs, "a finished run is never trained again"
        elif event["event"] == "made":  # killed before that line, a run is made all the same
            finished_runs.add(event["run"])
    assert finished_runs <= set(trained(Store(store)))


def timeless(part: object) -> object:
    """A part of a table without what two moments on a machine differ in."""
    if isinstance(part, dict):
        kept = {key: value for key, value in part.items() if key != "peak_memory"}
        return {key: timeless(value) for key, value in kept.items() if "seconds" not in key}
    return [timeless(one) for one in part] if isinstance(part, list) else part


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_parent(study: Path, tmp_path: Path, how: signal.Signals) -> None:
    long = tmp_path / "long.toml"
    long.write_text(study.read_text().replace("epochs = 2", "epochs = 2000"))
    store, log = tmp_path / "store", tmp_path / "log.txt"
    process = start(long, store, log)
    assert process.pid
    deadline = time.monotonic() + 120
    while not list(store.glob("workers/*.json")):
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.1)
    os.kill(process.pid, how)  # the parent alone
    deadline = time.monotonic() + 30
    while alive(process.pid):
        assert time.monotonic() < deadline, "processes are left behind"
        time.sleep(0.1)
    process.join(60)
    if how != signal.SIGKILL:
        assert process.exitcode == 130
        assert list(store.glob("runs/*/resume.safetensors")), "what was under way is saved"


def alive(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
