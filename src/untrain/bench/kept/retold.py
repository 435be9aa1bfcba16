"""Recorded commands as they may be passed around: no place of one machine, nobody's name."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath

from untrain.data.sets.hidden import hidden

ROOTS = {"--data-root": "DATA", "--store": "STORE", "--take-from": "RUNS"}
"""Flags whose value is a place on one machine, and what stands for it."""
RULE = re.compile(r"(where|ids|indices):")


def retold(command: str) -> str:
    """The command with DATA, STORE and RUNS for those places, file names for other paths, and
    pseudonyms in its rules; "" for one that cannot be taken apart."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    told, flag = list[str](), ""
    for word in words:
        if (word.startswith("-") and word[1:2].isalpha()) or word.startswith("--"):
            flag, equals, value = word.partition("=")
            told.append(f"{flag}={_value(flag, value)}" if equals else word)
            flag = "" if equals else flag
        else:
            told.append(_value(flag, word))
            flag = "" if flag in ROOTS else flag  # rules may follow each other
    return shlex.join(told)


def _value(flag: str, word: str) -> str:
    if flag in ROOTS:
        return ROOTS[flag]
    if RULE.match(word):
        kind, _, what = word.partition(":")
        return hidden(word if kind == "where" else f"{kind}:{PurePath(what).name}")
    return hidden(word) if flag == "--forget" else placeless(word)


def placeless(text: str) -> str:
    """A path, or a source as `folder:PATH`, by its name alone where it is of one machine: from the
    root, a home, or above the working folder. Other texts as they are."""
    kind, colon, path = text.partition(":") if re.match(r"[\w-]+:(?!//)", text) else ("", "", text)
    steps = path.split("/")
    far = path.startswith(("/", "~")) or ".." in steps
    return f"{kind}{colon}{PurePath(path).name}" if far else text
