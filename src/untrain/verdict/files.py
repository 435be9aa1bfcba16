"""What an audit leaves in the folder of the run: verdict.json and verdict.md."""

from __future__ import annotations

from pathlib import Path

from untrain.errors import UserError
from untrain.files import atomic, file_hash, write_json
from untrain.progress import say
from untrain.verdict.examine import Verdict
from untrain.verdict.folders import PLACE
from untrain.verdict.page import markdown


def keep(verdict: Verdict, run: Path) -> None:
    """Write both files. Where the folder cannot be written that is told, and the page is shown all
    the same."""
    place = run / PLACE
    try:
        evidence = run / "evidence.npz"
        content = verdict.values()
        content["evidence"] = file_hash(evidence) if evidence.is_file() else None
        write_json(place / "verdict.json", content)
        with atomic(place / "verdict.md") as draft:
            draft.write_text(markdown(verdict))
    except UserError as error:
        say(f"{error.what} The page is not kept.")
        return
    say(f"written to {place}/verdict.md and verdict.json")
