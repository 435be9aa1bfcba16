"""The flags that choose a checkpoint: --select, --margin, --max-utility-loss, --retrain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from untrain.config import path_of
from untrain.errors import UserError

if TYPE_CHECKING:
    from untrain.cli.unlearn import UnlearnOptions
    from untrain.runs.load import Origin
    from untrain.tune.selection import Checkpoint


def selection_problems(options: UnlearnOptions) -> list[UserError]:
    """What is wrong with --select and the flags that belong to it."""
    problems = list(margin_problems(options.margin, options.max_utility_loss))
    problems += oracle_problems(options.select, options.retrain, "--select early")
    if options.select == "oracle" and len(options.forget) > 1:
        what = f"--select oracle takes one request, and --forget names {len(options.forget)}."
        fix = "Carry them out one by one, each with its own Retrain."
        problems.append(UserError(what, "--forget", fix))
    return problems


def selection(options: UnlearnOptions, before: Origin) -> Checkpoint | None:
    """How a checkpoint is chosen; None takes the last one."""
    from untrain.tune.selection import Checkpoint, healing_rate

    if options.select == "none":
        return None
    lr, batch = healing_rate(before.run)
    retrain = path_of(options.retrain) if options.retrain else None
    return Checkpoint(
        by=options.select,
        margin=options.margin,
        loss=options.max_utility_loss,
        retrain=retrain,
        lr=lr,
        batch=batch,
    )


def oracle_problems(select: str, retrain: str, instead: str) -> Iterator[UserError]:
    """What is wrong with --retrain beside --select; instead: what needs no Retrain."""
    if select == "oracle" and not retrain.strip():
        what = "--select oracle needs a Retrain to compare with."
        fix = f"Name its folder: --retrain RUN; or {instead}, which needs none."
        yield UserError(what, "--retrain", fix)
    if select != "oracle" and retrain.strip():
        fix = "Give --select oracle as well, or leave it out."
        yield UserError("--retrain acts with --select oracle alone.", "--retrain", fix)


def margin_problems(margin: float, loss: float) -> Iterator[UserError]:
    """What is wrong with the two numbers that say what may be chosen."""
    if not 0 < margin < 0.5:
        what = f"--margin {margin:g} is out of range."
        yield UserError(what, "--margin", "It must be in (0, 0.5).")
    if not 0 <= loss <= 100:
        what = f"--max-utility-loss {loss:g} is out of range."
        yield UserError(what, "--max-utility-loss", "It must be in [0, 100].")
