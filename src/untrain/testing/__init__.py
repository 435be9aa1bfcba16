"""The contract that every method keeps, as checks for yours: `check_method(MyMethod)`."""

from __future__ import annotations

from untrain.methods.contract import Method
from untrain.testing.checks import CHECKS, check_field, every_hyper_parameter_moves_the_result
from untrain.testing.toy import Subject, same, toy_images, toy_task


def check_method(method: type[Method] | Method) -> None:
    """Hold a method to the contract.

    method: the class, or an instance whose settings all checks take.
    Raises AssertionError naming every check that failed, with its reason.
    """
    cls = method if isinstance(method, type) else type(method)
    given = {} if isinstance(method, type) else vars(method)
    subject = Subject(cls, **given)
    failed = []
    for check in CHECKS:
        try:
            check(subject)
        except AssertionError as error:
            failed.append(f"{check.__name__}: {error}")
    assert not failed, f"{cls.__name__} breaks the contract:\n  " + "\n  ".join(failed)


__all__ = ["CHECKS", "Subject", "check_field", "check_method"]
__all__ += ["every_hyper_parameter_moves_the_result", "same", "toy_images", "toy_task"]
