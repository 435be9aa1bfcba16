"""What a section says of a block, or that it cannot be said: one strange file costs one answer.

Results are checked as they are read. What slips through, or is our own mistake, is told in place of
the answer, by its kind and where it came up; with UNTRAIN_STRICT=1 it is raised.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from untrain.bench.numbers.statistics import Table
from untrain.progress import say
from untrain.report.content import Answer, Figure, Missing, Part, Section
from untrain.report.data import Report

STRANGE = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)
"""What comes of values that are of another kind than they should be."""
STRICT = "UNTRAIN_STRICT"
"""Set in the environment, as in tests, it lets errors through."""


def answered(section: Section, report: Report, table: Table) -> Answer | None:
    """The section's answer, whole: what it draws can be written as JSON."""
    try:
        answer = section.answer(report, table)
        if answer is not None:
            drawable(answer.parts)
        return answer
    except STRANGE as error:
        if os.environ.get(STRICT):
            raise
        told = f"{type(error).__name__}: {error} ({_place(error)})"
        _once(f"warning: '{section.question}' is not answered: {told}")
        return failed(told)


def drawable(parts: Sequence[Part]) -> None:
    """Raises ValueError or TypeError where a chart holds what is no JSON, as infinite numbers."""
    for part in parts:
        if isinstance(part, Figure):
            json.dumps([part.specs, part.datasets], allow_nan=False, default=dict)


def failed(told: str) -> Answer:
    what = "These results hold something that this version of untrain does not understand."
    why = f"It stopped at {told}. All else on this page does not depend on it."
    return Answer(
        sentence="This could not be answered from the files that are there.",
        parts=[Missing(what=what, why=why)],
    )


@cache
def _once(text: str) -> None:
    """Tell it, however often the section is asked."""
    say(text)


def _place(error: Exception) -> str:
    """File and line in which it came up, the last one of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "untrain" in Path(frame.filename).parts]
    last = ours[-1] if ours else frames[-1]
    return f"{Path(last.filename).name}, line {last.lineno}"
