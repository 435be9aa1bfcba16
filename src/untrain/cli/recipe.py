"""Settings in a file: flat values of TOML, named like the flags."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from untrain.errors import MISSING, UserError


def read_recipe(path: Path) -> dict[str, Any]:
    """Flat values of a TOML file, named like the flags (`weight_decay = 5e-4`)."""
    if path.is_dir():
        raise UserError(f"{path} is a folder.", "--recipe", "Name a TOML file.")
    if not path.is_file():
        raise UserError(f"No file {path}.", "--recipe", "Check the path.", MISSING)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.", "--recipe", "Mend it.") from error
    return {name.replace("-", "_"): value for name, value in values.items()}
