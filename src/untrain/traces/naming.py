"""Erased keys in texts: found, and replaced by their digests.

In JSON a text that is a key, in other texts a word. A key that is a mere number or a mere word
looks like any other: it is taken for one only below a name of LISTS, as in {"keys": ["17"]}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from untrain.data.sets.pseudonyms import pseudonym
from untrain.files import TORN, atomic
from untrain.traces.asked import without_rules
from untrain.traces.erased import Erased

LISTS = {"key", "keys", "listed", "ranks"}
"""What JSON of ours calls a list of keys, or a table by key."""
NONE: Mapping[str, str] = {}


def names_any(file: Path, erased: Erased, hides: Mapping[str, str] = NONE) -> bool:
    """Whether a text file names an erased image in plain; a number in a text is no name.

    hides: texts that are to go as well, and what takes the place of each.
    """
    try:
        text = file.read_text()
    except TORN:
        return False
    return without(text, file.suffix, erased, hides) != text


def rewrite(file: Path, erased: Erased, hides: Mapping[str, str] = NONE) -> None:
    """Put digests in the place of the keys, atomically."""
    changed = without(file.read_text(), file.suffix, erased, hides)
    with suppress(ValueError):
        if file.suffix == ".json":
            changed = json.dumps(json.loads(changed), indent=2, ensure_ascii=False) + "\n"
    with atomic(file) as draft:
        draft.write_text(changed)


def without(text: str, suffix: str, erased: Erased, hides: Mapping[str, str] = NONE) -> str:
    """The text with digests in the place of keys; the very same text if there are none."""
    if suffix == ".json":
        try:
            content = json.loads(text)
        except ValueError:
            return words(without_rules(text, hides), erased)
        replaced = _replaced(_each_text(content, hides), erased, listed=False)
        return text if replaced == content else json.dumps(replaced, ensure_ascii=False)
    if suffix == ".jsonl":
        return "\n".join(without(line, ".json", erased, hides) for line in text.split("\n"))
    return words(without_rules(text, hides), erased)


def words(text: str, erased: Erased) -> str:
    """The same for a text of words: a key is one where no other sign of a name is beside it."""
    found = [key for key in erased.plain if not _common(key) and key in text]
    if not found:
        return text
    either = "|".join(map(re.escape, found))
    pattern = rf"(?<![\w\-])(?<!\w\.)(?:{either})(?![\w/\-]|\.\w)"
    return re.sub(pattern, lambda match: pseudonym(match[0]), text)


def _common(key: str) -> bool:
    return key.isdecimal() or key.isalpha()


def _each_text(value: Any, hides: Mapping[str, str]) -> Any:
    """The same plain values; what is to go is replaced in each text."""
    if isinstance(value, dict):
        return {name: _each_text(inner, hides) for name, inner in value.items()}
    if isinstance(value, list):
        return [_each_text(inner, hides) for inner in value]
    return without_rules(value, hides) if isinstance(value, str) else value


def _replaced(value: Any, erased: Erased, listed: bool) -> Any:
    """listed: whether the value stands below a name of LISTS."""
    if isinstance(value, dict):
        return {
            _replaced(name, erased, listed): _replaced(inner, erased, listed or name in LISTS)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_replaced(inner, erased, listed) for inner in value]
    if not isinstance(value, str) or (_common(value) and not listed):
        return value
    digest = pseudonym(value)
    if digest in erased.known:
        return digest
    return words(value, erased) if " " in value else value
