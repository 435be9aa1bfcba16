"""What stands in the way of a method on a task: what is not at hand, and what its checks find."""

from __future__ import annotations

from collections.abc import Sequence

from untrain.errors import UserError
from untrain.methods.contract import Method, Term
from untrain.registry import methods
from untrain.task import Task


def obstacles(method: Method, terms: Sequence[Term], task: Task) -> list[UserError]:
    """What stands in the way of a method and its terms on a task: what is not at hand, and what
    their own checks find."""
    missing = [] if task.forget_data or not method.sees("forget") else [no_forget_data(method)]
    own = [] if missing else method.check(task)
    return [*missing, *own, *(found for term in terms for found in term.check(method, task))]


def no_forget_data(method: Method) -> UserError:
    """The error for a method that looks at forgotten images where there are none."""
    how = "trains on" if "forget" in method.streams else "measures its accuracy on"
    able = [name for name in methods.modules if not methods.get(name).sees("forget")]
    return UserError(
        f"'{method.name}' {how} forgotten images, and none are available.",
        where="--no-forget-data",
        fix=f"Take a method that reads none of them: {', '.join(able)}.",
    )
