"""The next values to try, by Optuna's TPE from those that were tried: the same at every start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from untrain.errors import MISSING, UserError
from untrain.rng import derive
from untrain.tune.space import Range

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

STARTUP = 6
"""Trials drawn at random before those tried before say anything."""


def check_optuna() -> None:
    """Raise UserError if Optuna is not installed."""
    if find_spec("optuna") is None:
        raise UserError(
            "Searching needs Optuna, which is not installed.",
            where="untrain tune",
            fix="pip install 'untrain[tune]'",
            code=MISSING,
        )


def propose(
    ranges: Sequence[Range],
    before: Sequence[tuple[Mapping[str, Any], float]],
    usual: Mapping[str, float],
    seed: int,
) -> dict[str, Any]:
    """Values by field. before: those tried, with their scores; usual: those of the first trial.

    A search that goes on proposes what it would have proposed without a stop: nothing but its
    arguments decides.
    """
    if not before:
        return {one.name: one.near(usual[one.name]) for one in ranges}
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    spaces = {one.name: distribution(one) for one in ranges}
    sampler = optuna.samplers.TPESampler(
        seed=derive(seed, "tune", len(before)) % 2**32, n_startup_trials=STARTUP
    )
    study = optuna.create_study(sampler=sampler)
    for values, score in before:
        made = optuna.trial.create_trial(params=dict(values), distributions=spaces, value=score)
        study.add_trial(made)
    drawn = study.ask(spaces).params
    return {one.name: one.near(drawn[one.name]) for one in ranges}


def distribution(one: Range) -> BaseDistribution:
    from optuna.distributions import FloatDistribution, IntDistribution

    if one.whole:
        return IntDistribution(round(one.low), round(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)
