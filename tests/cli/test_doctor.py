"""`untrain doctor`: what it prints, as JSON too, and its exit code."""

from __future__ import annotations

import json
import os
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import torch

from untrain.cli.main import main


def without(*names: str) -> Any:
    """importlib.metadata.version in an environment that lacks some packages."""
    version = metadata.version

    def look(name: str) -> str:
        if name in names:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    return look


def test_it_tells_in_plain_lines_what_is_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for start in ("processor", "cores", "memory", "precision", "threads", "decoded images"):
        assert any(line.startswith(f"  {start} ") for line in lines), start
    assert f"  torch              {torch.__version__:<15}everything" in lines
    assert os.environ["UNTRAIN_CACHE"] in "\n".join(lines)
    assert lines[-1] in ("Everything is there.", "untrain works here, but for what is to mend.")
    assert "\x1b" not in "".join(lines)


def test_json_is_the_same_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["works"] is True
    assert found["computing"]["threads"] == torch.get_num_threads() == 1
    assert found["machine"]["cores"]["usable"] >= 1
    assert found["here"]["path"] == str(Path.cwd())
    assert {one["name"] for one in found["packages"] if not one["version"]}.isdisjoint({"torch"})


@pytest.mark.parametrize(
    ("names", "code", "told"),
    [
        (("altair",), 0, "Missing: altair, for: pictures, reports.\n    to do: pip install"),
        (("timm",), 0, "timm               not installed"),
        (("pyarrow",), 3, "Missing: pyarrow, for: parquet files."),
        (("torch", "pillow"), 3, "Missing: torch, pillow, for: everything; decoding images."),
    ],
)
def test_a_missing_package_is_told_with_what_it_is_for(
    names: tuple[str, ...],
    code: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metadata, "version", without(*names))
    assert main(["doctor"]) == code
    out = capsys.readouterr().out
    assert told in out
    last = out.splitlines()[-1]
    assert last.startswith("untrain does not work here" if code else ("untrain works", "Every"))


def test_a_cache_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("UNTRAIN_CACHE", str(tmp_path / "file" / "cache"))
    assert main(["doctor"]) == 3
    out = capsys.readouterr().out
    assert "cannot be written: for all data but digits" in out
    assert "Set UNTRAIN_CACHE" in out


def test_an_unknown_flag_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--jsn"]) == 2
    assert "Did you mean '--json'?" in capsys.readouterr().err
