"""Errors that a user reads: what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

BAD_INPUT = 2
MISSING = 3
GATE = 4
INTERRUPTED = 130
CLOSED = 141


class UserError(Exception):
    """Something that the user can mend.

    what: one sentence that says what is wrong.
    where: the flag, file or key it concerns ("" if `what` says it).
    fix: what to do next.
    code: exit code of the command line: 2 bad input, 3 a missing or refused resource,
        4 finished but a gate was not met.
    """

    def __init__(self, what: str, where: str = "", fix: str = "", code: int = BAD_INPUT) -> None:
        super().__init__(what, where, fix, code)
        self.what, self.where, self.fix, self.code = what, where, fix, code

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  to do: {self.fix}")
        return "\n".join(lines)


class DiskError(UserError):
    """A disk that is full or cannot be written: whatever comes next would fail as well."""

    def __init__(self, what: str, where: str = "", fix: str = "", code: int = MISSING) -> None:
        super().__init__(what, where, fix, code)


class UserErrors(UserError):
    """Several problems told at once; the exit code is the highest of theirs."""

    def __init__(self, problems: Iterable[UserError]) -> None:
        self.problems = list(problems)
        text = "\n".join(str(problem) for problem in self.problems)
        super().__init__(text, code=max(problem.code for problem in self.problems))

    def __reduce__(self) -> tuple[type[UserErrors], tuple[list[UserError]]]:
        return UserErrors, (self.problems,)


def raise_all(problems: list[UserError]) -> None:
    """Raise nothing, the one problem, or all of them together."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise UserErrors(problems)


class Problems:
    """What is wrong with an input, gathered step by step and told all at once.

    problems = Problems()
    images = problems.attempt(load, name)
    split = problems.attempt(divide, images)  # skipped without images
    problems.raise_all()
    """

    def __init__(self) -> None:
        self.found: list[UserError] = []

    def add(self, *problems: UserError) -> None:
        """Add problems that are not among those found yet."""
        for problem in problems:
            if isinstance(problem, UserErrors):
                self.add(*problem.problems)
            elif str(problem) not in map(str, self.found):
                self.found.append(problem)

    def attempt(self, step: Callable[..., T], *parts: Any) -> T | None:
        """step(*parts); None where it raises UserError, which is added, or where a part is None,
        as an earlier step has failed and said so."""
        if any(part is None for part in parts):
            return None
        try:
            return step(*parts)
        except UserError as problem:
            self.add(problem)
            return None

    def raise_all(self) -> None:
        """Raise nothing, the one problem, or all of them together."""
        raise_all(self.found)

    def settled(self, value: T | None) -> T:
        """The value of an attempt. Raises all problems found until now if it has failed."""
        if value is None:
            self.raise_all()
        assert value is not None, "an attempt gives a value or a problem"
        return value


def problems_of(step: Callable[..., Any], *parts: Any) -> list[UserError]:
    """What a step raises, as a list; its value is dropped."""
    problems = Problems()
    problems.attempt(step, *parts)
    return problems.found


def unknown(kind: str, name: str, known: Iterable[str], fix: str = "") -> UserError:
    """The error for a name that does not exist, with the nearest one that does."""
    names = list(known)
    lower = {other.lower(): other for other in names}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    hint = f" Did you mean '{lower[near[0]]}'?" if near else ""
    listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return UserError(f"Unknown {kind} '{name}'.{hint}", fix=fix or f"Known: {listed}")
