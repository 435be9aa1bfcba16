"""What was asked for, as it stands in records and pages: a rule may name a person.

In place of it stand pseudonyms. Nothing is done with a rule once its run is made: what was
forgotten is read from the split.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from untrain.data.sets.hidden import hidden, personal
from untrain.data.sets.pseudonyms import pseudonym
from untrain.files import file_hash, write_json
from untrain.runs.record import rules_of
from untrain.traces.erased import Erased, requested

SHORTEST = 4
"""Letters and signs of a value that is looked for apart from its rule."""


def about(run: dict[str, Any], arrays: dict[str, np.ndarray], erased: Erased) -> list[str]:
    """The rules of a run that have named erased images."""
    numbered = enumerate(rules_of(run), 1)
    return [rule for number, rule in numbered if erased.among(requested(arrays, number)).any()]


def spoken(run: dict[str, Any], known: Iterable[str]) -> list[str]:
    """The rules that stand in a run's command, of those that are known as pseudonyms: a stage of a
    sequence was asked for together with the others."""
    after = set(known)
    try:
        words = shlex.split(str(run.get("command", "")))
    except ValueError:  # changed by hand
        words = []
    rules = [word.removeprefix("--forget=") for word in words]
    return [rule for rule in rules if hidden(rule) in after]


def replacements(rules: Iterable[str]) -> dict[str, str]:
    """Texts that may name a person, and what takes the place of each.

    These are the rules, as such and as a shell quotes them, and of their values and the names of
    their files those that look like nothing else: person-8c41, but neither 17 nor anna.
    """
    found: dict[str, str] = {}
    for rule in rules:
        after = hidden(rule)
        if after != rule:
            found |= {shlex.quote(rule): shlex.quote(after), rule: after}
            found |= {text: pseudonym(text) for text in personal(rule) if _telling(text)}
    return found


def without_rules(text: str, hides: Mapping[str, str]) -> str:
    """The text with these replacements, the longest first, where no word goes on beside them.

    A rule ends where its last value does: where:user=17 is not in where:user=17-b. A value may be a
    part of a name, as in runs/ft-person-8c41.
    """
    there = sorted((one for one in hides if one in text), key=len, reverse=True)
    if not there:
        return text
    ends = (r"(?!-)" if _is_rule(one) else "" for one in there)
    either = "|".join(re.escape(one) + end for one, end in zip(there, ends, strict=True))
    pattern = rf"(?<![^\W_])(?:{either})(?![^\W_])"
    return re.sub(pattern, lambda match: hides[match[0]], text)


def said_in(text: str, hides: Mapping[str, str]) -> str:
    """What a text says of the request, in words; "" if it names nobody."""
    if without_rules(text, hides) == text:
        return ""
    rules = [one for one in hides if one in text and _is_rule(one) and one[0] != "'"]
    return f"the request as it was asked: {', '.join(rules)}" if rules else "a value of the request"


def said(file: Path, hides: Mapping[str, str]) -> str:
    """What a run.json says of the request, in words; "" if it names nobody."""
    before = json.loads(file.read_text())
    after = _cleaned(before, hides)
    rules = [one for one in _rules(before) if one not in _rules(after)]
    if rules:
        return f"the request as it was asked: {', '.join(rules)}"
    return "" if before == after else "a command or a note that names somebody"


def clean_record(file: Path, hides: Mapping[str, str]) -> None:
    """Put pseudonyms into a run.json, atomically, and keep the hash that pages name it by."""
    before = json.loads(file.read_text())
    after = _cleaned(before, hides)
    if after != before:
        after["purged"] = [*before.get("purged", []), {"run_json": file_hash(file)}]
        write_json(file, after)


def _rules(run: dict[str, Any]) -> list[str]:
    rules = [*rules_of(run), run["config"]["forget"]]
    return list(dict.fromkeys(filter(None, rules)))


def _cleaned(run: dict[str, Any], hides: Mapping[str, str]) -> dict[str, Any]:
    """The same record; only what tells of the request is looked at, as paths are needed again."""
    rule = run["config"]["forget"]
    after = run | {"config": run["config"] | {"forget": hides.get(rule, rule)}}
    if "requests" in run:
        after["requests"] = [
            one | {"rule": hides.get(one["rule"], one["rule"])} for one in run["requests"]
        ]
    if isinstance(run.get("command"), str):
        after["command"] = without_rules(run["command"], hides)
    if isinstance(run.get("notes"), list):
        after["notes"] = [without_rules(str(one), hides) for one in run["notes"]]
    return after


def _is_rule(text: str) -> bool:
    return text.lstrip("'").partition(":")[0] in ("where", "ids", "indices")


def _telling(text: str) -> bool:
    """Whether a value is found by itself: some letters and some other sign."""
    letters = sum(map(str.isalpha, text))
    return len(text) >= SHORTEST and 1 < letters < len(text)
