"""The folder of a search: what is ours in it."""

from __future__ import annotations

from pathlib import Path

from untrain.tune.trials import drafts


def test_only_folders_of_trials_are_ours(tmp_path: Path) -> None:
    ours = tmp_path / f"trial-{'0' * 16}"
    for folder in (ours, tmp_path / "trial-mine", tmp_path / "trial-1"):
        folder.mkdir()
    (tmp_path / f"trial-{'1' * 16}").write_text("a file of mine")
    assert drafts(tmp_path) == [ours]
