"""Progress off a terminal: silent at first, then a line now and then, or never."""

from __future__ import annotations

import pytest

from untrain import progress
from untrain.progress import silence, track


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second passes with every look at the clock."""
    now = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))


def test_a_line_after_two_seconds_then_every_ten(
    clock: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(track(range(20), "decoding", 20)) == list(range(20))
    assert capsys.readouterr().err.splitlines() == [
        "decoding: 3/20, about 17 s left",
        "decoding: 14/20, about 6 s left",
    ]


def test_silence(clock: None, capsys: pytest.CaptureFixture[str]) -> None:
    with silence():
        assert list(track(range(20), "decoding", 20)) == list(range(20))
    assert capsys.readouterr().err == ""
