"""The contract that every method keeps, as checks for yours: `check_method(MyMethod)`."""

from __future__ import annotations

from collections.abc import Callable

from untrain.config import changed
from untrain.methods.contract import Method
from untrain.testing.checks import CHECKS, check_field, every_hyper_parameter_moves_the_result
from untrain.testing.toy import Subject, same, toy_images, toy_task


def check_method(method: type[Method] | Method) -> None:
    """Hold a method to the contract.

    method: the class, or an instance whose settings (those that differ from the defaults) all
    checks take.
    Raises AssertionError naming every check that failed, with its reason.
    """
    cls = method if isinstance(method, type) else type(method)
    subject = Subject(cls, **({} if isinstance(method, type) else changed(method)))
    failed = "\n  ".join(filter(None, (reason(check, subject) for check in CHECKS)))
    assert not failed, f"{cls.__name__} breaks the contract:\n  {failed}"


def reason(check: Callable[[Subject], None], subject: Subject) -> str:
    """Why a check fails, "" if it does not; an error of any kind is a failure."""
    try:
        check(subject)
    except AssertionError as error:
        return f"{check.__name__}: {error}"
    except Exception as error:  # noqa: BLE001  whatever a method raises is the answer
        return f"{check.__name__}: it raised {type(error).__name__}: {error}"
    return ""


__all__ = ["CHECKS", "Subject", "check_field", "check_method"]
__all__ += ["every_hyper_parameter_moves_the_result", "same", "toy_images", "toy_task"]
