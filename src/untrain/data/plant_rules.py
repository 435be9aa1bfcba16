"""What `--plant` takes, understood: how many images are changed, and of which classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from untrain.errors import Problems, UserError, unknown

GRAMMAR = "Use flips:SHARE, flips:SHARE:A>B, confusion:A,B:NUMBER or patch:SHARE:CLASS."


@dataclass(frozen=True)
class Plant:
    """What is planted, understood.

    amount: a share, or a number of images. share: which of the two it is.
    classes: the classes A and B, or the target of the patch; () for flips of all classes.
    """

    kind: str
    amount: float
    share: bool
    classes: tuple[int, ...] = ()

    def eligible(self, labels: np.ndarray, train: np.ndarray) -> np.ndarray:
        """The training positions of which some are changed."""
        if self.kind == "patch":
            return np.asarray(train[labels[train] != self.classes[0]])
        if self.classes:
            return np.asarray(train[labels[train] == self.classes[0]])
        return train

    def count(self, of: int) -> int:
        return round(self.amount * of) if self.share else int(self.amount)


def parse(spec: str, classes: list[str]) -> Plant:
    """A spec understood; classes: the names of the data set's. Raises UserError with all that is
    wrong with it."""
    kind, _, rest = spec.partition(":")
    problems = Problems()
    if kind == "confusion":
        named, _, amount = rest.rpartition(":")
        words = named.split(",") if named else []
    else:
        amount, _, named = rest.partition(":")
        words = named.split(">") if kind == "flips" and named else [named] if named else []
    wanted = {"flips": (0, 2), "confusion": (2,), "patch": (1,)}.get(kind, ())
    if len(words) not in wanted or spec.endswith(":"):
        raise UserError(f"'{spec}' is not understood.", "--plant", GRAMMAR)
    number = problems.attempt(_amount, amount, kind, spec)
    found = [problems.attempt(_class, word.strip(), classes, spec) for word in words]
    known = tuple(one for one in found if one is not None)
    if len(set(known)) < len(known):
        fix = "Name two classes."
        problems.add(UserError(f"'{spec}' names one class twice.", f"--plant {spec}", fix))
    problems.raise_all()
    return Plant(kind, *problems.settled(number), known)


def _amount(text: str, kind: str, spec: str) -> tuple[float, bool]:
    """A share with a point, or a number of images."""
    where, share = f"--plant {spec}", "." in text or "e" in text.lower()
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if kind == "confusion":
        if share or not (amount >= 2 and amount % 2 == 0):
            what = f"'{text}' is no even number of images."
            raise UserError(what, where, "Write confusion:3,9:100 for 50 images of each class.")
    elif not (0 < amount < 1 if share else amount >= 1 and amount.is_integer()):
        what = f"'{text}' is neither a share between 0 and 1 nor a whole number of images."
        raise UserError(what, where, f"Write {kind}:0.1 for a tenth, or {kind}:500 for 500 images.")
    return amount, share


def _class(word: str, classes: list[str], spec: str) -> int:
    """The number of a class from its name or number; names win."""
    if word in classes:
        return classes.index(word)
    if word.isdecimal() and int(word) < len(classes):
        return int(word)
    problem = unknown("class", word, classes)
    raise UserError(problem.what, f"--plant {spec}", problem.fix)
