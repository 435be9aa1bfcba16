"""What abbreviations mean, told where they stand: `RA` in a sentence is an `abbr` with a title."""

from __future__ import annotations

import re
from functools import cache

from markupsafe import Markup

FLOOR = "what Retrains that differ in their seed alone differ by; no smaller gap says anything"
ABBR = Markup('<abbr title="{}">{}</abbr>')


UNIT = re.compile(r"(?<=\d) (?=%)")
"""A number and its sign of percent stand in one line."""


def glossed(text: str) -> Markup:
    """The text as markup; each abbreviation is explained where it comes first."""
    told, met = terms(), set[str]()

    def explained(match: re.Match[str]) -> str:
        word = match[0]
        if word in met:
            return word
        met.add(word)
        return str(ABBR.format(told[word], word))

    words = "|".join(re.escape(word) for word in sorted(told, key=len, reverse=True))
    plain = UNIT.sub("\u00a0", str(Markup.escape(text)))
    return Markup(re.sub(rf"(?<![\w-])({words})(?![\w-])", explained, plain))


@cache
def terms() -> dict[str, str]:
    """Abbreviation -> its meaning, of the audit's measures and of the floor."""
    from untrain.metrics.audit import GONE, METRICS

    short = {one.short: one.definition for one in (*METRICS, GONE) if not one.short.islower()}
    return {**short, "floor": FLOOR}
