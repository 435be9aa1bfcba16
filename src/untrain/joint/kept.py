"""Where joint values are kept, one JSON file a set of models; read without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from untrain.files import TORN, atomic, matching

FILES = "joint-*.json"
"""In measures/ of a run."""
SCHEMA = 1
"""Of the files; raised when a value changes its meaning, so that all are measured anew."""
BY_ROW = ("layers", "alignment")
POINTS = ("x", "y", "predicted")
FURTHER = ("purity", "apart")
"""Parts of the embedding that have a value for each row; the second ones may be absent."""


def place(home: Path, rules: Sequence[str], weights: Iterable[str]) -> Path:
    """home: the folder of the Retrain, or of the Original where there is none. weights: the hashes
    of all models, in any order."""
    told = json.dumps([list(rules), sorted(weights)])
    return home / "measures" / f"joint-{hashlib.sha256(told.encode()).hexdigest()[:12]}.json"


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Raises UserError if it cannot be written."""
    with atomic(path) as draft:
        text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        draft.write_text(text + "\n")


def load(path: Path) -> dict[str, Any] | None:
    """What a file holds; None if there is none, it is damaged, or of another schema."""
    try:
        content = json.loads(path.read_text())
        whole = content["schema"] == SCHEMA and isinstance(content["rules"], list)
        models = [(str(one["row"]), str(one["weights"])) for one in content["models"]]
        embedding = content["embedding"]
        count = len(embedding["keys"])
        lists = [embedding[part][row] for part in POINTS for row, _ in models]
        lists += [embedding["labels"], embedding["sets"]]
        whole = whole and bool(models) and all(len(one) == count for one in lists)
        return content if whole else None
    except TORN:
        return None


def read(home: Path, rules: Sequence[str], rows: Mapping[str, str]) -> dict[str, Any] | None:
    """The values of most of these models under these rules; None where there are none.

    rows: the name of the row of each model, by the hash of its weights. Other models of the file
    are left out, and rows have the names given here.
    """
    contents = map(load, matching(home / "measures", FILES))
    return best([one for one in contents if one is not None], rules, rows)


def best(
    contents: Iterable[dict[str, Any]], rules: Sequence[str], rows: Mapping[str, str]
) -> dict[str, Any] | None:
    """The same of files that were loaded already; of equals the last."""
    found: list[tuple[int, int, dict[str, Any]]] = []
    for content in contents:
        known = [one for one in content["models"] if one["weights"] in rows]
        if known and content["rules"] == list(rules):
            deep = sum(bool(content.get(name)) for name in BY_ROW)
            found.append((len(known), deep, content))
    return named(max(reversed(found), key=lambda one: one[:2])[2], rows) if found else None


def named(content: dict[str, Any], rows: Mapping[str, str]) -> dict[str, Any]:
    """The models whose weights are among `rows`, by the names given there."""
    models = [one for one in content["models"] if one["weights"] in rows]
    names = {one["row"]: rows[one["weights"]] for one in models}

    def of(part: Mapping[str, Any]) -> dict[str, Any]:
        return {names[row]: value for row, value in part.items() if row in names}

    embedding, parts = content["embedding"], (*POINTS, *FURTHER)
    return {
        **content,
        "models": [{**one, "row": names[one["row"]]} for one in models],
        "embedding": {**embedding, **{part: of(embedding.get(part) or {}) for part in parts}},
        **{name: of(content.get(name) or {}) for name in BY_ROW},
    }
