"""Where a search looks: a range of values for some of a method's hyper-parameters.

By default the learning rate, from a tenth to ten times what it is, and every field whose text says
in which range it is tuned, as in "tuned in [0.1, 6]": what a method's file says is all there is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from untrain.errors import Problems, UserError, problems_of, unknown
from untrain.fields import field_texts
from untrain.methods.contract import Method, Term, Trained, settings

TUNED = re.compile(r"tune[sd](?: it)? in ([\[(])([-+.\de]+), ([-+.\de]+)\]")
AROUND = 10.0
"""The learning rate is searched from a tenth to ten times its value."""
FIX = "Write it as --search lr=0.001:0.1,lam=0.1:6."


@dataclass(frozen=True)
class Range:
    """Values of a field, both ends included; `contrastive.lam` is a field of a term."""

    name: str
    low: float
    high: float
    whole: bool = False

    @property
    def log(self) -> bool:
        """Whether equal ratios count alike: where the ends differ tenfold."""
        return self.low > 0 and self.high >= 10 * self.low

    def near(self, value: float) -> float | int:
        """The value, within the range, as it is shown: three digits."""
        inside = min(max(float(f"{value:.3g}"), self.low), self.high)
        return round(inside) if self.whole else inside

    def __str__(self) -> str:
        return f"{self.name} {self.low:g} to {self.high:g}"


def numbers(method: Method, terms: Sequence[Term]) -> dict[str, float]:
    """What can be searched: the fields that are numbers, those of terms with their prefix."""
    every = settings(method)
    for term in terms:
        every |= {f"{term.name}.{name}": value for name, value in settings(term).items()}
    return {
        name: value
        for name, value in every.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def usual(method: Method, terms: Sequence[Term]) -> list[Range]:
    """The ranges that are searched if none are named; empty if there is nothing to search."""
    values = numbers(method, terms)
    texts = field_texts(type(method))
    for term in terms:
        texts |= {f"{term.name}.{name}": text for name, text in field_texts(type(term)).items()}
    found = []
    if isinstance(method, Trained):
        found.append(Range("lr", max(method.lr / AROUND, method.lr_min), method.lr * AROUND))
    for name, value in values.items():
        told = TUNED.search(texts[name])
        if told and name != "lr":
            found.append(published(name, value, told))
    return found


def published(name: str, value: float, told: re.Match[str]) -> Range:
    """The range that a field's text names, widened to the value that it has."""
    low, high = float(told[2]), float(told[3])
    if told[1] == "(":  # its end is not in it
        low = low or high / 100
    return Range(name, min(low, value), max(high, value), isinstance(value, int))


def named(words: Sequence[str], method: Method, terms: Sequence[Term]) -> list[Range]:
    """The ranges that --search names. Raises UserError with all that is wrong with them."""
    problems = Problems()
    values = numbers(method, terms)
    found: dict[str, Range] = {}
    for word in ",".join(words).split(","):
        made = problems.attempt(one, word.strip(), values, method, terms)
        if made is not None and made.name in found:
            problems.add(refused(f"--search names {made.name} twice.", FIX))
        elif made is not None:
            found[made.name] = made
    problems.raise_all()
    return list(found.values())


def one(word: str, values: Mapping[str, float], method: Method, terms: Sequence[Term]) -> Range:
    """A range from name=low:high. Raises UserError."""
    name, equals, ends = word.partition("=")
    name = name.strip().replace("-", "_")
    low, colon, high = ends.partition(":")
    if not (name and equals and colon):
        raise refused(f"--search {word or '(empty)'} is no range.", FIX)
    if name not in values:
        every = {*settings(method), *(f"{t.name}.{n}" for t in terms for n in settings(t))}
        if name in every:
            raise refused(f"{name} is no number, so it has no range.", "Search other fields.")
        raise unknown("field", name, values, f"Fields that can be searched: {', '.join(values)}")
    try:
        made = Range(name, float(low), float(high), isinstance(values[name], int))
    except ValueError:
        raise refused(f"{name}={ends} is no range of numbers.", FIX) from None
    if not (math.isfinite(made.low) and math.isfinite(made.high)):
        raise refused(f"{name}={ends} has no end.", "Name two numbers.")
    if made.low >= made.high:
        empty = "is empty" if made.low == made.high else "has its lower end above its upper one"
        raise refused(f"The range {name}={ends} {empty}.", "Name the lower end first.")
    if made.whole and not (made.low.is_integer() and made.high.is_integer()):
        raise refused(f"{name} is a whole number, and {ends} is not.", "Name whole numbers.")
    problems = Problems()
    for end in (made.low, made.high):
        problems.add(*problems_of(applied, method, terms, {name: made.near(end)}))
    problems.raise_all()
    return made


def applied(
    method: Method, terms: Sequence[Term], values: Mapping[str, Any]
) -> tuple[Method, tuple[Term, ...]]:
    """The method and its terms with these values. Raises UserError for any that they refuse."""
    own = {name: value for name, value in values.items() if "." not in name}
    changed = []
    for term in terms:
        prefix = f"{term.name}."
        theirs = {n.removeprefix(prefix): v for n, v in values.items() if n.startswith(prefix)}
        changed.append(replace(term, **theirs))
    return replace(method, **own), tuple(changed)


def refused(what: str, fix: str) -> UserError:
    return UserError(what, "--search", fix)
