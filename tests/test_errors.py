"""Problems are gathered, each once, and raised together."""

from __future__ import annotations

import pytest

from untrain.errors import MISSING, Problems, UserError, UserErrors, problems_of, unknown


def half(number: int) -> int:
    if number % 2:
        raise UserError(f"{number} is odd.", "number", "Give an even one.")
    return number // 2


def absent(number: int) -> int:
    raise UserErrors([UserError("No file."), UserError(f"No folder {number}.", code=MISSING)])


def test_an_attempt_gives_the_value_or_keeps_the_problem() -> None:
    problems = Problems()
    assert problems.attempt(half, 4) == 2
    assert problems.attempt(half, 3) is None
    assert problems.attempt(half, None) is None  # it needs what has failed
    assert [problem.what for problem in problems.found] == ["3 is odd."]


def test_all_are_raised_with_the_highest_code_and_each_once() -> None:
    problems = Problems()
    for step in (half, absent, half):
        problems.attempt(step, 3)
    with pytest.raises(UserErrors) as told:
        problems.raise_all()
    assert told.value.code == MISSING
    whats = [problem.what for problem in told.value.problems]
    assert whats == ["3 is odd.", "No file.", "No folder 3."]


def test_one_problem_is_raised_as_it_is_and_none_not_at_all() -> None:
    problems = Problems()
    problems.raise_all()
    nothing, two = problems.attempt(half, 3), problems.attempt(half, 4)
    assert problems.settled(two) == 2
    with pytest.raises(UserError, match="3 is odd") as told:
        problems.settled(nothing)
    assert not isinstance(told.value, UserErrors)
    assert str(told.value).splitlines()[1:] == ["  where: number", "  to do: Give an even one."]


def test_problems_of_a_step_are_a_list() -> None:
    assert problems_of(half, 4) == []
    assert len(problems_of(absent, 4)) == 2


def test_the_nearest_name_does_not_depend_on_its_case() -> None:
    assert "Did you mean 'CoUn'?" in unknown("method", "COUN", ["FT", "CoUn"]).what
    assert "Did you mean" not in unknown("method", "zzz", ["FT", "CoUn"]).what
