"""What files of models that were measured together must hold: `untrain.joint` writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from untrain.report.reading.shapes import Also, Maybe, Shape, wrong
from untrain.report.reading.values import ANY, LEMMA, OPEN, WHOLE

EACH: Shape = {"*": OPEN}
ALIKE = Maybe({"*": [OPEN]})
"""Values of layers, by set of images."""


def _embedding(content: Mapping[str, Any]) -> str:
    images = len(content["keys"])
    lists = [content["labels"], content["sets"]]
    lists += [one for part in ("x", "y", "predicted") for one in content[part].values()]
    return "" if all(len(one) == images for one in lists) else "has lists of different lengths"


def _layers(content: Mapping[str, Any]) -> str:
    lists = [one for name in ("original", "retrain") for one in (content.get(name) or {}).values()]
    known = len(content["names"])
    return "" if all(len(one) == known for one in lists) else "has another number of values"


def _rows(content: Mapping[str, Any]) -> str:
    named = [one["row"] for one in content["models"]]
    for part in ("x", "y", "predicted"):
        if lost := [row for row in named if row not in content["embedding"][part]]:
            return f"lacks {part} of {lost[0]}"
    known = len(content["classes"])
    beyond = [label for label in _labels(content["embedding"]) if label >= known]
    return f"names {known} classes, and has one of number {beyond[0]}" if beyond else ""


def _labels(embedding: Mapping[str, Any]) -> Iterator[int]:
    yield from embedding["labels"]
    for predicted in embedding["predicted"].values():
        yield from predicted


ALIGNMENT = Also(
    {
        **LEMMA.shape,
        "augment?": str,
        "sets?": {"*": {"n?": WHOLE, "alignment": OPEN, "uniformity": OPEN}},
    },
    LEMMA.check,
)
EMBEDDING = Also(
    {
        "about?": {"source?": str, "shown?": {"*": WHOLE}, "of?": {"*": WHOLE}},
        "keys": [str],
        "labels": [WHOLE],
        "sets": [frozenset({"forget", "retain", "unseen"})],
        "x": {"*": [ANY]},
        "y": {"*": [ANY]},
        "predicted": {"*": [WHOLE]},
        "purity?": Maybe({"*": {"*": OPEN}}),
        "apart?": Maybe({"*": {"*": Maybe(EACH)}}),
        "fit?": Maybe({"*": OPEN}),
    },
    _embedding,
)
JOINT = Also(
    {
        "rules": [str],
        "models": [{"row": str, "weights": str, "seed?": WHOLE}],
        "classes": [str],
        "embedding": EMBEDDING,
        "layers?": {
            "*": Also({"names": [str], "original?": ALIKE, "retrain?": ALIKE}, _layers),
        },
        "alignment?": {"*": ALIGNMENT},
    },
    _rows,
)


def wrong_in_joint(content: Mapping[str, Any]) -> str:
    """What is wrong with a file of joint measures; "" if nothing is."""
    return wrong(content, JOINT)
