"""What result files must hold to be read: kinds of values by their place, checked before use.

A file that another version has written, or somebody has changed, is told and left out: nothing
that stands on a page is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shape = Mapping[str, Any]
"""Key -> its kind, or the shape of what it holds; `key?` may be absent, `*` is every other key."""
NUMBER = (int, float)
TABLE: Shape = {"*": {"*": int}}
"""Class -> predicted class -> images."""
FOUR: Shape = {"retain": list, "forget": list, "unseen": list, "test": list}

RUN: Shape = {
    "label": str,
    "config": {
        "data": {"split_seed?": int},
        "model": dict,
        "method": {"name": str},
        "terms": list,
        "forget": str,
        "seed": int,
        "select?": dict,
    },
    "images": {"hash": str, "classes?": list, "size?": list},
    "split": {"*": {"images": int, "keys": str}},
    "requests?": [{"rule": str, "images": int}],
    "checkpoints": {"child": str, "parent?": str, "root?": str},
    "cost": dict,
    "curve?": [{"epoch?": NUMBER}],
    "fields?": {"*": dict},
    "environment?": dict,
    "notes?": [str],
    "time?": {"started?": str, "ended?": str},
    "command?": str,
}
MEASURE: Shape = {
    "audit": str,
    "weights": str,
    "rules": [str],
    "seeds?": [int],
    "values": dict,
}
VALUES: Mapping[str, Shape] = {
    "answers": {
        "classes": [str],
        "reference": str,
        "images": {"retain": int, "forget": int, "unseen": int, "test": int},
        "roc": {"auc": NUMBER, "fpr": list, "tpr": list, "tpr_at": dict},
        "histograms": {"*": {"low": NUMBER, "high": NUMBER, "counts": FOUR}},
        "accuracy": {"*": {"*": [int]}},
    },
    "destination": {
        "classes": [str],
        "gone": [int],
        "reference": str,
        "forget": TABLE,
        "unseen": TABLE,
    },
    "centroids": {
        "classes": [str],
        "gone": [int],
        "retained": [int],
        "forget": {"*": list},
        "unseen": {"*": list},
        "own_class?": dict,
    },
    "predictions": {"images": int, "keys": str, "predicted": str},
}
VERDICT: Shape = {
    "verdict": str,
    "reasons": [str],
    "request": {"title": str},
    "terms": dict,
    "conditions": [{"key": str, "title": str, "sentence": str}],
    "findings": [{"key": str, "title": str, "sentence": str, "state": str, "more": dict}],
    "utility": [{"name": str}],
    "log": {"checkpoints": dict},
}
"""As `untrain audit RUN` writes it."""


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


def wrong(content: Any, shape: Any, where: str = "") -> str:
    """The first value that is not of its shape, in words; "" if there is none."""
    if isinstance(shape, Mapping):
        if not isinstance(content, Mapping):
            return _told(where, "no object")
        told = {name.rstrip("?") for name in shape}
        rest = [(key, shape["*"]) for key in content if key not in told] if "*" in shape else []
        for key, inner in [*shape.items(), *rest]:
            name = key.rstrip("?")
            if key == "*" or (key.endswith("?") and name not in content):
                continue
            if name not in content:
                return f"lacks {where}{name}"
            if problem := wrong(content[name], inner, f"{where}{name}."):
                return problem
        return ""
    if isinstance(shape, list):
        if not isinstance(content, list):
            return _told(where, "no list")
        return next(filter(None, (wrong(each, shape[0], where) for each in content)), "")
    fits = isinstance(content, shape) and not (isinstance(content, bool) and shape is not bool)
    return "" if fits else _told(where, "of another kind")


def _told(where: str, what: str) -> str:
    return f"has something that is {what} at {where.rstrip('.')}"
