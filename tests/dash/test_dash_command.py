"""`untrain dash` as it is typed."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from untrain.cli.dash import graphical
from untrain.cli.main import main


def test_it_tells_its_address_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "untrain", "dash", str(tmp_path), "--no-open"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{url}api/runs", timeout=20) as reply:
            assert b'"runs": []' in reply.read()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Stopped." in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["nowhere"], 2, "nowhere is no folder."),
        (["file.txt"], 2, "file.txt is a file, not a folder."),
        ([".", "--port", "70000"], 2, "--port 70000 is no port."),
        ([".", "--port", "taken"], 2, "cannot be used"),
        ([], 2, "No folder of results is named."),
        ([".", "--host", "0.0.0.0"], 2, "--host"),
    ],
)
def test_bad_input(
    args: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        args = [str(other.getsockname()[1]) if word == "taken" else word for word in args]
        assert main(["dash", *args]) == code
    assert told.lower() in capsys.readouterr().err.lower()


def test_what_is_missing_is_told_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("untrain.cli.page_file.NEEDED", ("altair", "no_such_library"))
    assert main(["dash", str(tmp_path)]) == 3
    told = capsys.readouterr().err
    assert "no_such_library" in told
    assert "pip install -c constraints.txt '.[report]'" in told


def test_no_browser_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not graphical()
    monkeypatch.setenv("DISPLAY", ":0")
    assert graphical()
