"""Errors that a user reads: what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

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


def unknown(kind: str, name: str, known: Iterable[str], fix: str = "") -> UserError:
    """The error for a name that does not exist, with the nearest one that does."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return UserError(f"Unknown {kind} '{name}'.{hint}", fix=fix or f"Known: {listed}")
