"""Keys in texts: found where they are names, and left alone where they only look like some."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from untrain.data.sets.pseudonyms import pseudonym
from untrain.traces.erased import Erased
from untrain.traces.naming import names_any, rewrite, without

KEYS = ["cat/1.png", "cat/12.png", "17", "a b.png", "level"]
ERASED = Erased(np.asarray(KEYS), "", "", {})
HIDDEN = {key: pseudonym(key) for key in KEYS}

TEXTS = [
    (".md", "| cat/1.png | 0.3 |", "| {cat/1.png} | 0.3 |"),
    (".md", "worst: cat/12.png.", "worst: {cat/12.png}."),
    (".txt", "/photos/cat/1.png,a b.png", "/photos/{cat/1.png},{a b.png}"),
    (".json", '{"keys": ["17", "18"]}', '{"keys": ["{17}", "18"]}'),
    (".json", '{"key": "cat/1.png"}', '{"key": "{cat/1.png}"}'),
    (".json", '{"note": "see cat/1.png"}', '{"note": "see {cat/1.png}"}'),
    (".json", '{"scores": {"cat/1.png": 1}}', '{"scores": {"{cat/1.png}": 1}}'),
    (".json", '{"keys": {"17": 0.5}}', '{"keys": {"{17}": 0.5}}'),
    (".json", '{"more": {"listed": ["17"]}}', '{"more": {"listed": ["{17}"]}}'),
    (".json", '{"listed": ["level"]}', '{"listed": ["{level}"]}'),
    (".json", '{"ranks": {"17": 0.01}}', '{"ranks": {"{17}": 0.01}}'),
    (".jsonl", '{"keys": ["17"]}\n[1]\n', '{"keys": ["{17}"]}\n[1]\n'),
    (".json", "cat/1.png: not JSON", "{cat/1.png}: not JSON"),
]
"""Suffix, text, and the text afterwards with digests in place of {keys}."""
INNOCENT = [
    (".md", "cat/13.png, cat/1.pngs, bobcat-cat/1.png.bak"),
    (".md", "17 of 20 records"),
    (".json", '{"classes": {"17": 3}, "seed": "17", "count": 17}'),
    (".json", '{"keys": [17]}'),
    (".json", '{"key": 1, "level": "level", "note": "the level"}'),
    (".md", "the level"),
]


@pytest.mark.parametrize(("suffix", "text", "after"), TEXTS)
def test_keys_give_way_to_digests(suffix: str, text: str, after: str, tmp_path: Path) -> None:
    for key, digest in HIDDEN.items():
        after = after.replace("{" + key + "}", digest)
    assert without(text, suffix, ERASED) == after
    file = tmp_path / f"page{suffix}"
    file.write_text(text)
    assert names_any(file, ERASED)
    rewrite(file, ERASED)
    assert not names_any(file, ERASED)
    if suffix == ".json" and text[0] == "{":
        assert json.loads(file.read_text()) == json.loads(after)
    else:
        assert file.read_text() == after


@pytest.mark.parametrize(("suffix", "text"), INNOCENT)
def test_what_only_looks_like_a_key_stays(suffix: str, text: str) -> None:
    assert without(text, suffix, ERASED) == text
