"""What result files must hold to be read: the record of a run, its measures and its verdict.

A file that another version has written, or somebody has changed, is told and left out: nothing
that stands on a page is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from untrain.report.reading.shapes import Also, Maybe, Number, Shape, wrong
from untrain.report.reading.values import ANY, OPEN, VALUES, WHOLE, finite

RUN: Shape = {
    "label": str,
    "config": {
        "data": {"split_seed?": Number(whole=True)},
        "model": dict,
        "method": {"name": str, "epochs?": ANY},
        "terms": [{"name": str}],
        "forget": str,
        "seed": Number(whole=True),
        "select?": dict,
    },
    "images": {
        "hash": str,
        "name?": str,
        "classes?": [str],
        "size?": [WHOLE],
    },
    "split": {"*": {"images": WHOLE, "keys": str}},
    "requests?": [{"rule": str, "images": WHOLE}],
    "checkpoints": {"child": str, "parent?": Maybe(str), "root?": Maybe(str)},
    "cost": Also({"seconds": Number(0), "*": object}, finite),
    "curve?": [{"epoch?": ANY, "role?": str}],
    "fields?": {"*": {"text?": str}},
    "environment?": {"numerics?": Maybe({"*": object})},
    "notes?": [str],
    "time?": {"started?": str, "ended?": str},
    "command?": str,
    "choice?": Maybe(dict),
    "paper?": str,
}
MEASURE: Shape = {"audit": str, "weights": str, "rules": [str], "seeds?": [WHOLE], "values": dict}

NUMBERS = ("value", "low", "high", "target", "margin", "p", "sees")
VERDICT: Shape = {
    "verdict": str,
    "reasons": [str],
    "request": {"title": str},
    "terms": dict,
    "conditions": [{"key": str, "title": str, "sentence": str, "more?": Maybe(dict)}],
    "findings": [
        {
            "key": str,
            "title": str,
            "sentence": str,
            "state": frozenset({"pass", "fail", "open", "off"}),
            **{f"{name}?": OPEN for name in NUMBERS},
            "beside?": {"*": OPEN},
            "more": {"before?": OPEN, "curve?": [{"*": OPEN}], "levels?": Maybe([OPEN])},
        }
    ],
    "utility": [{"name": str, "*": OPEN}],
    "log": {"checkpoints": dict},
}
"""As `untrain audit RUN` writes it."""


def _placed(content: Mapping[str, Any]) -> str:
    known = len(content["blocks"])
    lost = any(cell["block"] >= known for cell in content["cells"])
    return "has a run of a block that it does not list" if lost else ""


LISTING = Also(
    {
        "study": str,
        "size": str,
        "title": str,
        "about?": str,
        "command": str,
        "choosing?": Maybe(bool),
        "evaluate_seeds?": [WHOLE],
        "blocks": [{"data": str, "model": str, "forget": str}],
        "order": [str],
        "cells": [
            {
                "block": WHOLE,
                "label": str,
                "address": str,
                "rules": [str],
                "seeds": dict.fromkeys(("split", "train", "unlearn"), WHOLE),
                "settings": dict,
                "select?": str,
                "twin?": str,
            }
        ],
    },
    _placed,
)
"""Of a study, as its store keeps it."""


def wrong_in_listing(content: Mapping[str, Any]) -> str:
    return wrong(content, LISTING)


def wrong_in_run(run: Mapping[str, Any]) -> str:
    """What is wrong with a run.json; "" if nothing is."""
    return wrong(run, RUN)


def wrong_in(content: Mapping[str, Any]) -> str:
    """The same of a file of measures, with its values; an Original without requests has none."""
    problem = wrong(content, MEASURE)
    if problem or not content["values"]:
        return problem
    return wrong(content["values"], VALUES.get(content["audit"], {}), "values.")


def wrong_in_verdict(content: Mapping[str, Any]) -> str:
    return wrong(content, VERDICT)
