"""Words that the tables of mistakes share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Refused = Callable[..., str]
"""refused(args, code, *messages) -> what was told"""
SMALL = ["--epochs", "1", "--width", "4", "--threads", "1"]
"""A run of a fifth of a second."""


def filled(args: list[str], **places: Path) -> list[str]:
    """The same arguments with folders in place of {tmp} and {made}."""
    return [arg.format(**places) for arg in args]


def edit(run: Path, **changes: Any) -> None:
    """Other values in a run.json; a dict changes a part: edit(run, config={"seed": 3})."""
    content = json.loads((run / "run.json").read_text())
    for name, value in changes.items():
        content[name] = content[name] | value if isinstance(value, dict) else value
    (run / "run.json").write_text(json.dumps(content))
