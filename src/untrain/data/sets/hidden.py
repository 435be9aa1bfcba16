"""Forget rules with pseudonyms in place of what may name a person.

    where:user=17               where:user=sha256:4523...
    where:class=cat,user=17|18  where:class=cat,user=sha256:4523...|sha256:4ec9...
    ids:lists/user-17.txt       ids:lists/sha256:b0a1....txt

Values of columns are such, and the names of list files. Names of classes are none: the model's
outputs have them. Nor is a share, or a number of images.
"""

from __future__ import annotations

from collections.abc import Iterator

from untrain.data.sets.pseudonyms import PREFIX, pseudonym
from untrain.data.sets.where import bare, pieces
from untrain.errors import UserError

CLASSES = ("class", "label", "subclass")
"""Columns whose values are names of classes."""


def hidden(rule: str) -> str:
    """The rule as it may stand in a file for good; of such a rule, itself."""
    return "".join(pseudonym(text) if may else text for text, may in _pieces(rule))


def personal(rule: str) -> list[str]:
    """What of a rule may name a person and is no pseudonym yet, without quotes."""
    return [text for text, may in _pieces(rule) if may and not text.startswith(PREFIX)]


def _pieces(rule: str) -> Iterator[tuple[str, bool]]:
    """The rule in pieces, in order, and whether each may name a person; quotes around one of these
    are left out."""
    kind, colon, value = rule.partition(":")
    yield kind + colon, False
    if kind in ("ids", "indices"):
        folder, slash, name = value.rpartition("/")
        stem, dot, suffix = name.rpartition(".") if "." in name[1:] else (name, "", "")
        yield from ((folder + slash, False), (stem, bool(stem)), (dot + suffix, False))
    elif kind == "where":
        yield from _conditions(value)
    else:
        yield value, False


def _conditions(text: str) -> Iterator[tuple[str, bool]]:
    """The same of the conditions of a where rule; what cannot be read may be anything."""
    try:
        conditions = pieces(text, ",", "")
    except UserError:
        at = text.find("=") + 1
        yield text[:at], False
        yield text[at:].strip(), True
        return
    for number, condition in enumerate(conditions):
        yield "," * bool(number), False
        name, *rest = pieces(condition, "=", "")
        value = "=".join(rest)
        if rest:
            yield f"{name}=" + "=" * value.startswith("="), False
            yield from _values(value.removeprefix("="), bare(name).lower() not in CLASSES)
        else:
            yield condition.strip(), bool(condition.strip())


def _values(text: str, may: bool) -> Iterator[tuple[str, bool]]:
    """The same of the values of a condition; may: whether they may name a person."""
    for number, value in enumerate(pieces(text, "|", "")):
        yield "|" * bool(number), False
        yield (bare(value), True) if may and bare(value) else (value, False)
