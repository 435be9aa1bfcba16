"""Files that are whole or absent, and folders that one process has for itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from untrain.errors import UserError
from untrain.files import DRAFT, atomic, check_space, lock, write_json


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(UnicodeEncodeError), atomic(path) as draft:
        draft.write_text("half \ud800")
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, small_files: Callable[[int], AbstractContextManager[None]]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with (
        small_files(100),
        pytest.raises(UserError, match=r"Could not write a\.txt: File too large") as told,
        atomic(path) as draft,
    ):
        draft.write_text("x" * 1000)
    assert told.value.code == 3
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
from pathlib import Path
from untrain.files import atomic, lock
with lock(Path(sys.argv[1])), atomic(Path(sys.argv[1]) / "a.txt") as draft:
    draft.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_neither_a_file_nor_a_lock(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "a.txt").exists()
    assert len(list(tmp_path.glob(f"{DRAFT}*"))) == 1
    with lock(tmp_path):
        assert not list(tmp_path.glob(f"{DRAFT}*"))


def test_a_second_lock_is_refused_or_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entered = threading.Event()

    def second() -> None:
        with lock(tmp_path, wait="waiting"):
            entered.set()

    with lock(tmp_path):
        with pytest.raises(UserError, match="Another process is working in"), lock(tmp_path):
            pass
        other = threading.Thread(target=second)
        other.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    other.join()
    assert capsys.readouterr().err == "waiting\n"


def test_too_little_space_is_told_with_both_sizes(tmp_path: Path) -> None:
    check_space(tmp_path, 1)
    with pytest.raises(UserError, match=r"MB free, and 1,000,000,000,000 MB may be needed") as told:
        check_space(tmp_path, 10**18)
    assert told.value.code == 3
