"""What the values of each audit must hold, and how they must agree with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.reading.shapes import Also, Maybe, Number, Shape

ANY, COUNT, SHARE = Number(), Number(0), Number(0, 1)
WHOLE, OPEN = Number(0, whole=True), Number(none=True)
"""Whole numbers from 0; numbers that may be null."""
SETS = ("retain", "forget", "unseen", "test")
REFERENCE = frozenset({"unseen", "test"})


def even(*names: str) -> Any:
    """A check that lists of an object are as long as each other."""

    def check(content: Mapping[str, Any]) -> str:
        known = [content[name] for name in names if content.get(name) is not None]
        uneven = len({len(one) for one in known}) > 1
        return f"has lists of different lengths ({', '.join(names)})" if uneven else ""

    return check


def _histogram(content: Mapping[str, Any]) -> str:
    ranged = content["low"] < content["high"]
    return str(even(*SETS)(content["counts"])) if ranged else "has no range"


def _pair(content: Sequence[int]) -> str:
    fits = len(content) == 2 and content[0] <= content[1]
    return "" if fits else "has something that is no pair of right answers and images"


def _classes(*parts: str) -> Any:
    """A check that numbers of classes have a name. parts: objects by class, lists of classes."""

    def check(content: Mapping[str, Any]) -> str:
        known, numbers = len(content["classes"]), list[Any]()
        for part in parts:
            found = content[part]
            numbers += [*found, *(n for one in _inner(found) for n in one)]
        beyond = [n for n in numbers if str(n).isdecimal() and int(n) >= known]
        return f"names {known} classes, and has one of number {beyond[0]}" if beyond else ""

    return check


def _inner(found: Any) -> list[Mapping[str, Any]]:
    values = found.values() if isinstance(found, Mapping) else ()
    return [one for one in values if isinstance(one, Mapping)]


def _distances(content: Mapping[str, Any]) -> str:
    known = len(content["retained"])
    rows = [*content["forget"].values(), *content["unseen"].values()]
    rows += [content["radius"]] if "radius" in content else []
    return "" if all(len(row) == known for row in rows) else "has a distance too many or too few"


def _centroids(content: Mapping[str, Any]) -> str:
    return _classes("gone", "retained", "forget", "unseen")(content) or _distances(content)


def finite(content: Mapping[str, Any]) -> str:
    """A check that those values that are numbers are finite."""
    odd = [name for name, one in content.items() if isinstance(one, float) and not ANY.fits(one)]
    return f"has no finite number for {odd[0]}" if odd else ""


def _lemma(content: Mapping[str, Any]) -> str:
    lists = [content["eps"]]
    for sets in content["curves"].values():
        lists += [one[part] for one in sets.values() for part in ("share", "low", "high")]
    return "" if len({*map(len, lists)}) == 1 else "has curves of different lengths"


COUNTED: Shape = {"#": {"#": WHOLE}}
CURVE: Shape = {"n": WHOLE, "share": [OPEN], "low": [OPEN], "high": [OPEN]}
THEOREM = ("sigma", "rho_max", "bound", "error")
LEMMA = Also(
    {
        "eps": [ANY],
        "curves": {"*": {"*": CURVE}},
        "sigma?": Maybe(Also({"delta": [OPEN], "sigma": [OPEN]}, even("delta", "sigma"))),
        "theorem?": Maybe(
            {"vacuous": bool, "pairs": ANY, **dict.fromkeys(THEOREM, OPEN), "*": OPEN}
        ),
    },
    _lemma,
)
ROC = Also(
    {
        "signal?": str,
        "auc": OPEN,
        "error?": OPEN,
        "area?": OPEN,
        "least?": OPEN,
        "fpr": [SHARE],
        "tpr": [SHARE],
        "tpr_at": {"*": OPEN},
    },
    even("fpr", "tpr"),
)
HISTOGRAM = Also(
    {
        "low": ANY,
        "high": ANY,
        "counts": {name: [COUNT] for name in SETS},
        "means": {f"{name}?": OPEN for name in SETS},
    },
    _histogram,
)
VALUES: Mapping[str, Any] = {
    "accuracy": Also(
        {"draws?": {"*": [OPEN]}, "about?": dict, "choosing?": Also(dict, finite)}, finite
    ),
    "answers": Also(
        {
            "classes": [str],
            "reference": REFERENCE,
            "images": dict.fromkeys(SETS, WHOLE),
            "roc": ROC,
            "histograms": {"*": HISTOGRAM},
            "accuracy": {name: {"#": Also([WHOLE], _pair)} for name in SETS},
        },
        lambda content: _classes(*SETS)({**content, **content["accuracy"]}),
    ),
    "destination": Also(
        {
            "classes": [str],
            "gone": [WHOLE],
            "reference": REFERENCE,
            "forget": COUNTED,
            "unseen": COUNTED,
        },
        _classes("gone", "forget", "unseen"),
    ),
    "centroids": Also(
        {
            "classes": [str],
            "gone": [WHOLE],
            "retained": [WHOLE],
            "radius?": [OPEN],
            "forget": {"#": [OPEN]},
            "unseen": {"#": [OPEN]},
            "own_class?": Maybe({"value?": OPEN, "error?": OPEN}),
        },
        _centroids,
    ),
    "predictions": {"images": WHOLE, "keys": str, "predicted": str},
    "lemma": LEMMA,
}
